"""Customer emergencies: who has them, and what the manager on call may do about them."""

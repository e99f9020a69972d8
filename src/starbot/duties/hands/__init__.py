"""Asking for hands: a ticket that is nearly an emergency, and the engineer on call who needs the manager."""

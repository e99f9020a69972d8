"""Paging people: customer emergencies, the backup pool, the manager on call."""

"""Misplaced requests: one anonymous answer on how to file a STAR."""

"""The commands: what a person types, and how their answers look."""

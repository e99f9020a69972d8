"""The parts of the manager's job, one folder each; inside, the same file names everywhere."""

"""What is true without any system: the words of the engine, facts, hours and texts. Nothing here does I/O."""

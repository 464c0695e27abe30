"""The real program, run as people run it."""

"""The evidence pack: what leaves the house, and what never does."""

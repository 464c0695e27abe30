"""Use-cases: each file calls in order and decides nothing, with its ports on top."""

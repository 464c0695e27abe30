"""The HTTP face: over real sockets, read by real programs."""

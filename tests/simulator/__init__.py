"""The simulator and its clock, over real sockets."""

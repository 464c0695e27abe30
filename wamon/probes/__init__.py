"""One file per kind of probe: the request it makes, as plain values."""

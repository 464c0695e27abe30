"""One file per kind of probe: the request it makes and the shape of success."""

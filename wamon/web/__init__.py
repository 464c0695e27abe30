"""The HTTP face: status page, JSON, metrics and health."""

"""How much of a thing a test does: a little in the suite, the whole figure of its promise in `make soak`."""

import os

SOAK = os.environ.get("WAMON_SOAK") == "1"


def many(short: int, whole: int) -> int:
    """So many in the suite, so many in `make soak`; the test is marked ``grows``."""
    return whole if SOAK else short

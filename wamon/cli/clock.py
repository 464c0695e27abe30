"""The one place where commands look at the clock."""

import time


def now_ms() -> int:
    """The wall clock, as UTC milliseconds."""
    return time.time_ns() // 1_000_000

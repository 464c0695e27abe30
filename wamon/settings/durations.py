"""Durations as the configuration writes them (``500ms``, ``30s``, ``5m``, ``2h``) and whole milliseconds."""

import re

from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND

LONGEST_MS = 366 * DAY
"""Anything longer is a slip of the pen, and would overflow timers."""

_UNITS_MS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR}
_WRITTEN = re.compile(r"([0-9]{1,12})(ms|s|m|h)")


def parse_duration(text: str) -> int | None:
    """Milliseconds of a text such as ``30s``, zero included; None when it is no duration or over 366 days."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    length_ms = int(found[1]) * _UNITS_MS[found[2]]
    return length_ms if length_ms <= LONGEST_MS else None


def format_duration(length_ms: int) -> str:
    """The usual spelling: the largest unit that divides it, and a single minute as 60s."""
    units = ("s", "ms") if length_ms == MINUTE else ("h", "m", "s", "ms")
    unit = next(unit for unit in units if length_ms % _UNITS_MS[unit] == 0)
    return f"{length_ms // _UNITS_MS[unit]}{unit}"

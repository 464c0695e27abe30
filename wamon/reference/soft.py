"""Reading what nobody has promised: a value of any shape in, a value of ours or None out. Never raises."""

import math
import re
from codecs import BOM_UTF8
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from wamon.core.timeline import SECOND, parse_iso, to_ms

MAXIMUM_CONTAINERS = 50_000
"""JSON of more objects and arrays is not read: building them all would cost more memory than a daemon has."""

_EARLIEST_MS = parse_iso("2004-01-01")
_LATEST_MS = parse_iso("2200-01-01")
_MILLISECONDS_FROM = 100_000_000_000
"""A number from here on counts milliseconds: as seconds it would be the year 5138."""

_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def decoded(raw: bytes) -> Any:
    """JSON as parsed; None for what is none: HTML, a cut text, nested too deep, too many pieces."""
    if raw.count(b"[") + raw.count(b"{") > MAXIMUM_CONTAINERS:
        return None
    try:
        return msgspec.json.decode(raw.removeprefix(BOM_UTF8))
    except (ValueError, RecursionError):  # msgspec's own errors are values that are wrong
        return None


def text(value: Any, most: int) -> str:
    """One line of text of at most so many characters; a number becomes its digits, anything else nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return str(value)
    if not isinstance(value, str):
        return ""
    return _BLANK.sub(" ", value[: 4 * most].encode(errors="replace").decode()).strip()[:most]


def number(value: Any) -> float | None:
    """A finite number, also out of text such as ``"99.97 %"``; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value[:40].strip(" %") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def instant(value: Any) -> int | None:
    """UTC milliseconds of a number of seconds or milliseconds, of ISO text, or of a mail header's date."""
    count = number(value)
    if count is not None:
        found: int | None = round(count if abs(count) >= _MILLISECONDS_FROM else count * SECOND)
    else:
        found = _written(value[:64].strip()) if isinstance(value, str) else None
    return found if found is not None and _EARLIEST_MS <= found < _LATEST_MS else None


def _written(value: str) -> int | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
            return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None

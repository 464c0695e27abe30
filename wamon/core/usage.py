"""Meta's usage headers: how much of a quota is used, and when a throttled caller regains access."""

from functools import lru_cache
from typing import Any

import msgspec

from wamon.core.observation import Exchange
from wamon.core.timeline import MINUTE, SECOND

USAGE_PERCENTAGES = ("call_count", "total_cputime", "total_time")
USAGE_HEADERS = ("x-business-use-case-usage", "x-app-usage")


def regain_ms(exchange: Exchange) -> int:
    """The instant before which asking again only prolongs the block; 0 when nothing is said.

    ``estimated_time_to_regain_access`` is in minutes (Graph "Rate Limits", read 2026-01-24); ``retry-after`` in
    seconds, documented for one endpoint only, is honoured where it comes.
    """
    waits = [_retry_after(exchange.headers.get("retry-after", ""))]
    for name in USAGE_HEADERS:
        if name in exchange.headers:
            waits.extend(
                entry * MINUTE for entry in _numbers(exchange.headers[name], "estimated_time_to_regain_access")
            )
    wait_ms = max(waits)
    return (exchange.at_ms or 0) + wait_ms if wait_ms else 0


def usage_percent(exchange: Exchange) -> int | None:
    """The fullest of the quotas an answer names, in percent; None when it names none (usual when near zero)."""
    fullest: int | None = None
    for name in USAGE_HEADERS:
        header = exchange.headers.get(name)
        if header is not None and (percent := _fullest(header)) is not None:
            fullest = percent if fullest is None else max(fullest, percent)
    return fullest


@lru_cache(maxsize=1024)
def _fullest(header: str) -> int | None:
    """The highest percentage in a header. A caller gets the same text over and over: it is read once."""
    return max((percent for key in USAGE_PERCENTAGES for percent in _numbers(header, key)), default=None)


def _retry_after(text: str) -> int:
    return int(text) * SECOND if text.isdecimal() and len(text) < 7 else 0


def _numbers(header: str, key: str) -> list[int]:
    try:
        return list(_find(msgspec.json.decode(header), key, 0))
    except (msgspec.DecodeError, RecursionError):
        return []


def _find(node: Any, key: str, depth: int) -> list[int]:
    """The numbers under a key: the header is an object, or an object of lists of objects."""
    if depth > 3:
        return []
    if isinstance(node, list):
        return [number for one in node for number in _find(one, key, depth + 1)]
    if not isinstance(node, dict):
        return []
    own = node.get(key)
    here = [own] if isinstance(own, int) and not isinstance(own, bool) and 0 <= own < 1_000_000 else []
    return here + [number for value in node.values() for number in _find(value, key, depth + 1)]

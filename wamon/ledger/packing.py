"""Between values and cells: tenths of a millisecond, and an exchange as a small blob."""

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from wamon.core.observation import STEPS, Exchange

TENTHS = 10
LONGEST_TENTHS = 2**31 - 1
LONGEST_MS = LONGEST_TENTHS / TENTHS
"""About 60 hours; anything longer is no duration of an exchange."""

_DEEPEST = 64
_decode = msgspec.json.Decoder(Exchange).decode


def pack_durations(durations_ms: Mapping[str, float]) -> tuple[int | None, ...]:
    """The durations of `STEPS`, in tenths of a millisecond; None where a step was not taken."""
    return tuple([_tenths(durations_ms.get(step)) for step in STEPS])


def _tenths(duration_ms: float | None) -> int | None:
    if duration_ms is None or duration_ms != duration_ms:
        return None
    if 0.0 <= duration_ms < LONGEST_MS:
        return round(duration_ms * TENTHS)
    return 0 if duration_ms < 0.0 else LONGEST_TENTHS


def unpack_durations(tenths: tuple[int | None, ...]) -> dict[str, float]:
    """Milliseconds by step, of the steps that were taken."""
    return {step: count / TENTHS for step, count in zip(STEPS, tenths, strict=True) if count is not None}


def pack_exchange(exchange: Exchange) -> bytes:
    """JSON, compressed where that is shorter (zlib starts with ``x``, JSON with ``{``).

    What no JSON can carry (a number past 64 bits, half a surrogate pair) is kept as text, and what lies deeper
    than a reader's stack may reach is left out: a hostile answer must not cost the observation, nor its reading.
    """
    try:
        plain = msgspec.json.encode(_tamed(exchange) if _deeper(exchange.body, _DEEPEST) else exchange)
        _decode(plain)
    except (OverflowError, ValueError, TypeError, msgspec.MsgspecError):
        plain = msgspec.json.encode(_tamed(exchange))
    packed = zlib.compress(plain, 6)
    return packed if len(packed) < len(plain) else plain


def unpack_exchange(blob: bytes) -> Exchange:
    """The exchange that `pack_exchange` was given."""
    return _decode(blob if blob.startswith(b"{") else zlib.decompress(blob))


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, Mapping | list | tuple):
        return False
    inner = value.values() if isinstance(value, Mapping) else value
    return levels == 0 or any(_deeper(one, levels - 1) for one in inner)


def _tamed(exchange: Exchange) -> Exchange:
    fields = {name: _tame(value, 0) for name, value in msgspec.structs.asdict(exchange).items() if name != "probe"}
    finite = {step: value for step, value in exchange.durations_ms.items() if math.isfinite(value)}
    return msgspec.convert({**fields, "probe": exchange.probe, "durations_ms": finite}, Exchange, strict=False)


def _tame(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if depth == _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {_tame(str(key), depth): _tame(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_tame(inner, depth + 1) for inner in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return json.dumps(value) if value.bit_length() < 4096 else "..."
    return value

"""What of an answer is kept: few headers, the body as far as it can be read, and never a secret."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

KEPT_HEADERS = frozenset(
    b"facebook-api-version x-app-usage x-business-use-case-usage x-ad-api-version-warning www-authenticate "
    b"proxy-status retry-after date content-type content-length location server".split()
)
"""Beside everything that begins with ``x-fb-``."""

MAXIMUM_DEPTH = 64
"""A body nested deeper stays a string: whoever writes it down again must not run out of stack."""

MAXIMUM_CONTAINERS = 4096
"""A body of more objects and arrays stays a string: building them all would hold up the loop."""

_REDACTED = b"[redacted]"
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"')
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def kept_headers(headers: Iterable[tuple[bytes, bytes]], traces: tuple[bytes, ...]) -> dict[str, str]:
    """The headers that are evidence, by lower-case name; repeated ones are joined, secrets blacked out.

    Of ``location`` the query is dropped: it is where a login page puts what it was given.
    """
    kept: dict[str, str] = {}
    for name, value in headers:
        if name in KEPT_HEADERS or name.startswith(b"x-fb-"):
            shown = value.partition(b"?")[0] if name == b"location" else value
            key, text = name.decode("latin-1"), redacted(shown, traces).decode("latin-1")
            kept[key] = f"{kept[key]}, {text}" if key in kept else text
    return kept


def kept_body(raw: bytes, traces: tuple[bytes, ...]) -> Any:
    """An object or array as parsed, else a string, else None for no body; secrets blacked out. Never raises."""
    if not raw:
        return None
    raw = redacted(raw, traces)
    parsed = _parsed(raw)
    return raw.decode("utf-8", "replace") if parsed is None else parsed


def redacted(raw: bytes, traces: tuple[bytes, ...]) -> bytes:
    """The bytes without any of the secrets."""
    for trace in traces:
        if trace in raw:
            raw = raw.replace(trace, _REDACTED)
    return raw


def _parsed(raw: bytes) -> Any:
    """An object or array, or None for whatever should stay a string."""
    containers = raw.count(b"[") + raw.count(b"{")
    if raw.lstrip()[:1] not in (b"{", b"[") or containers > MAXIMUM_CONTAINERS:
        return None
    try:
        parsed = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None  # not JSON, or too broken to parse: the text itself is the evidence
    return None if containers > MAXIMUM_DEPTH and _too_deep(raw) else parsed


def _too_deep(valid: bytes) -> bool:
    """Whether JSON that was parsed is nested too deep; counted on the text, at the speed of C."""
    nest = _STRING.sub(b"", valid).translate(_ALIKE, _NO_BRACKETS)
    for _ in range(MAXIMUM_DEPTH):
        nest = nest.replace(b"[]", b"")  # the innermost level of every branch
    return bool(nest)

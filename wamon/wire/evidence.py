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

_REDACTED = b"[redacted]"
_WIDE_NUMBER = re.compile(rb"\d{19}")


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
    if raw.lstrip()[:1] in (b"{", b"["):
        try:
            parsed = msgspec.json.decode(raw)
            if _writable(raw, parsed):
                return parsed
        except (ValueError, RecursionError):
            pass  # not JSON, or too broken to parse: the text itself is the evidence
    return raw.decode("utf-8", "replace")


def redacted(raw: bytes, traces: tuple[bytes, ...]) -> bytes:
    """The bytes without any of the secrets."""
    for trace in traces:
        if trace in raw:
            raw = raw.replace(trace, _REDACTED)
    return raw


def _writable(raw: bytes, parsed: Any) -> bool:
    """Whether the ledger and an evidence bundle can write it as JSON again. Looks closely only where in doubt."""
    if raw.count(b"[") + raw.count(b"{") > MAXIMUM_DEPTH and not _shallow(parsed, MAXIMUM_DEPTH):
        return False
    if _WIDE_NUMBER.search(raw):
        try:
            msgspec.json.encode(parsed)
        except (ValueError, OverflowError):
            return False
    return True


def _shallow(parsed: Any, levels: int) -> bool:
    if isinstance(parsed, dict):
        parsed = parsed.values()
    elif not isinstance(parsed, list):
        return True
    return levels > 0 and all(_shallow(inner, levels - 1) for inner in parsed)

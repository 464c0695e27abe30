"""What of an exchange may leave the house: codes, traces, times and words; no secret, no number of a person."""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

from wamon.core.observation import Exchange
from wamon.core.reading import write_exchange

_CALLED = r"\b(?:\w*token|\w*secret\w*|appsecret_proof|password|passwd|pin|api_?key|authorization|signature)"
_SECRETS = (
    re.compile(r"EAA[0-9A-Za-z]{8,}"),
    re.compile(r"\b\d{5,}\|[\w-]{8,}"),
    re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"),
    re.compile(rf"(?i){_CALLED}(?:[\"']\s*[=:]\s*[\"']?|\s*=\s*[\"']?)[^\s&\"',;]+"),
    re.compile(rf"(?i){_CALLED}\s*:\s*(?=\S*\d|\S{{16,}})[^\s&\"',;]+"),
)
_MESSAGE_ID = re.compile(r"wamid\.[\w+/=.-]*")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_OPAQUE = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
_NUMBER = re.compile(r"\+?\(?\d(?:[\s().\-/\u00a0\u2010-\u2015]{0,2}\d){6,}")
"""Seven digits and more, however they are set apart: the shortest number a person can be called at."""

_HEADERS = frozenset({
    "facebook-api-version", "x-fb-trace-id", "x-fb-request-id", "x-fb-rev", "x-fb-debug", "x-app-usage",
    "x-business-use-case-usage", "x-ad-api-version-warning", "www-authenticate", "proxy-status", "retry-after",
    "date", "content-type", "server",
})  # fmt: skip
_TRACES = frozenset({"x-fb-trace-id", "x-fb-request-id", "x-fb-rev", "x-fb-debug", "fbtrace_id"})
_TRACE = re.compile(r"(?!\d{11,})[\w+/=-]{4,128}", re.ASCII)
_CODES = frozenset({"code", "error_code", "error_subcode", "subcode"})
_TIMES = frozenset(
    {"expires_at", "issued_at", "data_access_expires_at", "timestamp", "time", "estimated_time_to_regain_access"}
)
_PERSONAL = frozenset(
    {"profile", "text", "caption", "contacts", "biz_opaque_callback_data", "recipient_id", "wa_id", "from", "to"}
)
_LEFT_OUT = "[left out]"
_LARGEST_CODE, _LARGEST_COUNT, _LARGEST_TIME_S = 10**8, 10**6, 10**10


class Redaction:
    """Blacks out the same way all through a pack: equal things stay equal, under names of its own.

    ``ids`` (of the app, the account, the number's node) are asked for by Meta and stay; ``secrets`` never do.
    """

    def __init__(self, ids: Iterable[str] = (), secrets: Iterable[str] = ()) -> None:
        self._ids = frozenset(filter(None, ids))
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._names: dict[tuple[str, str], str] = {}

    def exchange(self, seen: Exchange) -> dict[str, Any]:
        """The exchange as one line of JSON may tell it (CONTRACT section 4)."""
        document = write_exchange(seen)
        document["headers"] = {
            name: self._header(name, value) for name, value in sorted(seen.headers.items()) if name in _HEADERS
        }
        document["body"] = self.value(seen.body)
        for key, kind in (("request_fingerprint", "request"), ("token_fingerprint", "token")):
            document[key] = self.named(kind, document[key])
        for key in ("detail", "expected_body"):
            if key in document:
                document[key] = self.text(document[key])
        if "peer" in document and not _is_address(document["peer"]):
            document["peer"] = _LEFT_OUT
        return document

    def named(self, kind: str, found: str | None) -> str | None:
        """A name of the pack's own for a fingerprint or a number: the same one each time."""
        return None if found is None else self._names.setdefault((kind, found), f"{kind}-{self._next(kind)}")

    def _next(self, kind: str) -> int:
        return 1 + sum(each == kind for each, _ in self._names)

    def _header(self, name: str, value: str) -> str:
        return value if name in _TRACES and self._is_trace(value) else self.text(value)

    def _is_trace(self, value: str) -> bool:
        return _TRACE.fullmatch(value) is not None and not any(one in value for one in self._secrets)

    def value(self, found: Any, key: str = "") -> Any:
        """A body or a part of it."""
        if key in _PERSONAL:
            return _LEFT_OUT
        if isinstance(found, Mapping):
            return {self.text(str(name)): self.value(inner, str(name)) for name, inner in found.items()}
        if isinstance(found, list | tuple):
            return [self.value(inner, key) for inner in found]
        if isinstance(found, str):
            return found if key in _TRACES and self._is_trace(found) else self.text(found)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return self._count(found, key)
        return found

    def _count(self, found: float, key: str) -> object:
        most = _LARGEST_CODE if key in _CODES else _LARGEST_TIME_S if key in _TIMES else _LARGEST_COUNT
        return found if abs(found) < most else self.text(str(found))

    def text(self, words: str) -> str:
        """Any text, with secrets, message ids, addresses and numbers of people blacked out."""
        for secret in self._secrets:
            words = words.replace(secret, "[secret]")
        for pattern in _SECRETS:
            words = pattern.sub("[secret]", words)
        words = _MAIL.sub("[mail]", _MESSAGE_ID.sub("[message id]", words))
        words = _NUMBER.sub(self._number, words)
        return _OPAQUE.sub(lambda one: f"[{self.named('opaque', one.group())}]", words)

    def _number(self, found: re.Match[str]) -> str:
        digits = found.group()
        return digits if digits in self._ids else f"[{self.named('number', digits)}]"


def _is_address(peer: str) -> bool:
    host = peer.rpartition(":")[0].strip("[]") if peer.count(":") == 1 or peer.startswith("[") else peer
    try:
        ip_address(host)
    except ValueError:
        return False
    return True

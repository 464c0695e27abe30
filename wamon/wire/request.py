"""One request a probe makes, with what must never be printed kept out of sight."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import httpx
import msgspec

METHODS = ("GET", "POST")
_SHORTEST_SECRET = 6
"""Anything shorter would black out half of an innocent body."""


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """What to send and what identifies it; built once, sent as often as wanted.

    ``bearer`` becomes the Authorization header. ``inspected`` is the token a ``debug_token`` call asks about;
    ``token_fingerprint`` is of it, else of the bearer. ``volatile`` names query parameters, headers (lower-case)
    and top-level keys of a JSON body that change, or are secret, and do not make it another request.
    ``secrets`` are further texts that no evidence may hold. ``expected_body`` is the exact answer asked for.
    Raises ValueError, with a sentence that holds no secret, for what cannot be sent.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    bearer: str = ""
    inspected: str = ""
    secrets: tuple[str, ...] = ()
    volatile: frozenset[str] = frozenset()
    expected_body: str | None = None
    address: httpx.URL = field(init=False)
    request_fingerprint: str = field(init=False)
    token_fingerprint: str | None = field(init=False)
    traces: tuple[bytes, ...] = field(init=False)
    """Every form in which a secret may be echoed, longest first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", _address(self.url))
        _sendable(self)
        token = self.inspected or self.bearer
        object.__setattr__(self, "request_fingerprint", _fingerprint(self))
        object.__setattr__(self, "token_fingerprint", token_fingerprint(token) if token else None)
        secrets = (self.bearer, self.inspected, *_credentials(self.address), *self.secrets)
        object.__setattr__(self, "traces", _traces(secrets))

    def __repr__(self) -> str:
        return f"<Request {self.method} {_place(self.address)}>"


def with_query(url: str, *pairs: tuple[str, str]) -> str:
    """The URL with these parameters behind those it has."""
    head, mark, fragment = url.partition("#")
    return f"{head}{'&' if '?' in head else '?'}{urlencode(pairs, quote_via=quote, safe=',')}{mark}{fragment}"


def token_fingerprint(token: str) -> str:
    """Sixteen hexadecimal digits that tell tokens apart and cannot be turned back into one."""
    return sha256(b"wamon token\0" + token.encode()).hexdigest()[:16]


def _fingerprint(request: Request) -> str:
    query = [
        (name, value)
        for name, value in parse_qsl(request.address.query.decode(), keep_blank_values=True)
        if name not in request.volatile
    ]
    headers = sorted((n.lower(), v) for n, v in request.headers if n.lower() not in request.volatile)
    body = _lasting(request.content, request.volatile)
    identity = msgspec.json.encode((request.method, _place(request.address), query, headers, body))
    return sha256(identity).hexdigest()[:32]


def _lasting(content: bytes, volatile: frozenset[str]) -> Any:
    """The part of a body that makes the request what it is."""
    if not volatile or not content.startswith(b"{"):
        return content
    body: dict[str, Any] = msgspec.json.decode(content)
    return sorted((name, value) for name, value in body.items() if name not in volatile)


def _traces(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    forms = set()
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            forms |= {secret, quote(secret, safe=""), msgspec.json.encode(secret)[1:-1].decode()}
    return tuple(form.encode() for form in sorted(forms, key=len, reverse=True))


def _place(address: httpx.URL) -> str:
    """Without the name, the password and the query, which may be secret."""
    port = "" if address.port is None else f":{address.port}"
    return f"{address.scheme}://{address.host}{port}{address.path}"


def _credentials(address: httpx.URL) -> tuple[str, ...]:
    """The password of an address, and the form in which httpx sends it."""
    if not address.password:
        return ()
    return address.password, b64encode(f"{address.username}:{address.password}".encode()).decode()


def _address(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
        usable = address.scheme in ("http", "https") and address.host and (address.port or 0) < 65536
    except httpx.InvalidURL:
        usable = False
    if not usable:
        shown = re.sub("//[^/]*@", "//", url.partition("?")[0])
        raise ValueError(f"{shown} is no address to probe: take https://host/path")
    return address


def _sendable(request: Request) -> None:
    if request.method not in METHODS:
        raise ValueError(f"{request.method} is no method a probe uses: take GET or POST")
    for name, value in (("Authorization", request.bearer), *request.headers):
        if not value.isascii() or not value.isprintable():
            raise ValueError(
                f"the value of {name} holds a line break or a character that no header may hold: "
                "look for a stray newline or a quotation mark in the secret"
            )

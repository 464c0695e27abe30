"""One exchange over the network, written down as facts."""

import asyncio
import logging
import socket
import ssl

import httpx
import msgspec

from wamon import __version__
from wamon.core.observation import Exchange, Failure, ProbeKind
from wamon.wire.evidence import kept_body, kept_headers
from wamon.wire.journey import Interrupted, Journey
from wamon.wire.request import Request
from wamon.wire.resolver import Resolver
from wamon.wire.transport import ProbeTransport

logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it prints whole URLs, tokens included
logging.getLogger("httpcore").setLevel(logging.WARNING)

_ALWAYS_SENT = (
    ("User-Agent", f"wamon/{__version__}"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
    ("Connection", "close"),
)
_LONGEST_DETAIL = 300


class _NoCookies(httpx.Cookies):
    """A jar with a hole: what a target sets is neither read nor sent back."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Costs a tenth of an exchange in httpx, even when there is no cookie."""


class _Client(httpx.AsyncClient):
    cookies = _NoCookies()  # type: ignore[override]


def open_client(
    trust: ssl.SSLContext,
    *,
    family: socket.AddressFamily = socket.AF_UNSPEC,
    resolver: Resolver | None = None,
) -> httpx.AsyncClient:
    """A client for ``exchange`` that keeps nothing between requests; close it with ``aclose()``.

    ``trust`` is from ``wamon.wire.trust.trust``; ``family`` AF_INET or AF_INET6 keeps to one kind of address.
    Serves one loop.
    """
    transport = ProbeTransport(trust, resolver or Resolver(), family)
    return _Client(transport=transport, trust_env=False, follow_redirects=False)


async def exchange(
    client: httpx.AsyncClient,
    request: Request,
    *,
    target: str,
    probe: ProbeKind,
    at_ms: int,
    timeout_ms: int,
    site: str = "",
) -> Exchange:
    """Send once and tell what was seen. Never raises for what it sees, never repeats, never follows.

    ``timeout_ms`` bounds the whole exchange, from the name to the last byte of the body. ``first_byte`` and
    ``total`` count from its start, ``dns``, ``connect`` and ``tls`` each from its own. ``site`` is where we are.
    """
    journey = Journey(asyncio.get_running_loop(), timeout_ms)
    body, failure, detail = await _travel(client, request, journey, timeout_ms)
    journey.took("total", journey.started)
    return Exchange(
        target=target,
        probe=probe,
        at_ms=at_ms,
        request_fingerprint=request.request_fingerprint,
        token_fingerprint=request.token_fingerprint,
        reached=journey.reached,
        failure=failure,
        http_status=journey.http_status,
        headers=kept_headers(journey.headers, request.traces),
        body=kept_body(body, request.traces),
        durations_ms=journey.durations_ms,
        expected_body=request.expected_body,
        peer=journey.peer,
        certificate_expires_ms=journey.certificate_expires_ms,
        detail=detail,
        site=site,
    )


class Document(msgspec.Struct, frozen=True):
    """An answer that is read and not judged. ``etag`` and ``modified`` are for asking again whether it changed.

    Without a failure it is whole; ``detail`` is a failure in one line for a person.
    """

    http_status: int | None
    body: bytes
    etag: str = ""
    modified: str = ""
    failure: Failure | None = None
    detail: str = ""


async def fetch(client: httpx.AsyncClient, request: Request, *, timeout_ms: int, body_bytes: int) -> Document:
    """Get a document of at most so many bytes. Never raises for what it sees, never repeats, never follows."""
    journey = Journey(asyncio.get_running_loop(), timeout_ms, body_bytes)
    body, failure, detail = await _travel(client, request, journey, timeout_ms)
    found = {name: value.decode("latin-1") for name, value in journey.headers}
    etag, modified = found.get(b"etag", ""), found.get(b"last-modified", "")
    return Document(journey.http_status, body, etag, modified, failure, detail or "")


async def _travel(
    client: httpx.AsyncClient, request: Request, journey: Journey, timeout_ms: int
) -> tuple[bytes, Failure | None, str | None]:
    """The body as far as it came, and what ended it early."""
    body = bytearray()
    try:
        async with asyncio.timeout_at(journey.deadline):
            await _send(client, request, journey, body)
    except TimeoutError:
        return bytes(body), journey.when_late, f"no end within {timeout_ms} ms: {journey.doing}"
    except Interrupted as end:
        return bytes(body), end.failure, " ".join(str(end).split())[:_LONGEST_DETAIL]
    return bytes(body), None, None


async def _send(client: httpx.AsyncClient, request: Request, journey: Journey, body: bytearray) -> None:
    response = await client.send(_for_httpx(request, journey), stream=True)
    try:
        async for piece in response.aiter_raw():
            body += piece
    finally:
        await response.aclose()


def _for_httpx(request: Request, journey: Journey) -> httpx.Request:
    headers = [*_ALWAYS_SENT, *request.headers]
    if request.bearer:
        headers.append(("Authorization", f"Bearer {request.bearer}"))
    content = request.content or None
    return httpx.Request(
        request.method, request.address, headers=headers, content=content, extensions={"journey": journey}
    )

"""Our httpx transport: every request a fresh connection and a full handshake, its steps timed apart."""

import asyncio
import socket
import ssl

import httpx

from wamon.core.observation import Failure, Phase
from wamon.wire.answer import Answer
from wamon.wire.journey import Interrupted, Journey
from wamon.wire.line import MAXIMUM_RECEIVED_BYTES, Line
from wamon.wire.resolver import Address, NameUnknownError, Resolver
from wamon.wire.trust import certificate_expiry_ms

_PORTS = {"http": 80, "https": 443}
_NOT_FOR_HTTPX = frozenset((b"location", b"set-cookie"))
"""httpx would build a next request of the one, and send the other along with it."""


class ProbeTransport(httpx.AsyncBaseTransport):
    """For requests that carry a ``Journey`` as the extension ``journey``; whoever sends one sets the deadline.

    Nothing is kept from one request to the next: no connection, no TLS session, no address, no cookie.
    Bodies of requests are bytes, methods are GET and POST. Raises Interrupted.
    """

    def __init__(self, trust: ssl.SSLContext, resolver: Resolver, family: socket.AddressFamily) -> None:
        self._trust = trust
        self._resolver = resolver
        self._family = family

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve, connect, secure, send, and wait for the head of the answer."""
        journey: Journey = request.extensions["journey"]
        host = request.url.raw_host.decode("ascii")
        line = await self._connect(host, request.url.port or _PORTS[request.url.scheme], journey)
        answer = Answer(line, journey)
        try:
            if request.url.scheme == "https":
                await self._secure(line, host, journey)
            journey.reached = Phase.SECURED
            journey.next("no byte of an answer had come", Failure.READ_TIMEOUT)
            line.write(_serialised(request))
            await answer.head()
        except BaseException:
            answer.leave()
            raise
        headers = [header for header in journey.headers if header[0] not in _NOT_FOR_HTTPX]
        return httpx.Response(journey.http_status or 0, headers=headers, stream=answer)

    async def aclose(self) -> None:
        """Let the resolver's threads go."""
        self._resolver.close()

    async def _connect(self, host: str, port: int, journey: Journey) -> Line:
        """The first address that answers; all but the last get an equal share of the time that is left."""
        addresses = await self._resolve(host, port, journey)
        began = journey.next("the connection was being opened", Failure.CONNECT_TIMEOUT)
        refusals: list[tuple[Failure, str]] = []
        for position, address in enumerate(addresses):
            try:
                line = await _dial(address, len(addresses) - position, journey)
            except OSError as refusal:
                refusals.append(_refused(address, refusal))
                continue
            journey.took("connect", began)
            journey.peer, journey.reached = str(address), Phase.CONNECTED
            return line
        raise Interrupted(refusals[0][0], "; ".join(text for _, text in refusals))

    async def _resolve(self, host: str, port: int, journey: Journey) -> list[Address]:
        try:
            addresses = await self._resolver.resolve(host, port, self._family)
        except NameUnknownError as unknown:
            raise Interrupted(Failure.DNS_ERROR, str(unknown)) from None
        journey.took("dns", journey.started)
        return addresses

    async def _secure(self, line: Line, host: str, journey: Journey) -> None:
        began = journey.next("the TLS handshake was under way", Failure.DEADLINE_EXCEEDED)
        try:
            tls = await line.secure(self._trust, host)
        except ssl.SSLCertVerificationError as refusal:
            raise Interrupted(Failure.TLS_ERROR, f"certificate refused: {refusal.verify_message}") from None
        except (ssl.SSLError, ValueError) as refusal:
            reason = getattr(refusal, "reason", None) or refusal
            raise Interrupted(Failure.TLS_ERROR, f"TLS handshake failed: {reason}") from None
        except OSError as fault:
            raise Interrupted(Failure.CONNECTION_RESET, f"{fault.strerror} during the TLS handshake") from None
        journey.took("tls", began)
        journey.certificate_expires_ms = certificate_expiry_ms(tls)


async def _dial(address: Address, addresses_left: int, journey: Journey) -> Line:
    line = Line(journey.loop, address.family, max(MAXIMUM_RECEIVED_BYTES, 2 * journey.body_bytes))
    now = journey.loop.time()
    until = None if addresses_left == 1 else now + (journey.deadline - now) / addresses_left
    try:
        async with asyncio.timeout_at(until):
            await line.connect(address)
    except BaseException:
        line.close()
        raise
    return line


def _refused(address: Address, refusal: OSError) -> tuple[Failure, str]:
    if isinstance(refusal, TimeoutError):
        return Failure.CONNECT_TIMEOUT, f"{address}: no connection in time"
    return Failure.CONNECT_REFUSED, f"{address}: {refusal.strerror or refusal}"


def _serialised(request: httpx.Request) -> bytes:
    head = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    head += [b"%s: %s" % header for header in request.headers.raw]
    return b"\r\n".join((*head, b"", request.content))

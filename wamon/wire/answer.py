"""An HTTP/1.1 answer as it arrives: bounded head, bounded body, nothing inflated, nothing followed."""

import ssl

import httptools
import httpx

from wamon.core.observation import Failure, Phase
from wamon.wire.journey import Interrupted, Journey
from wamon.wire.line import Line

MAXIMUM_HEAD_BYTES = 32 * 1024
"""Of everything before the body, informational answers included."""

_BROKEN = (httptools.HttpParserError, httptools.HttpParserUpgrade)


class Answer(httpx.AsyncByteStream):
    """The parser's callbacks, and the raw body as a stream that closes its line at the end."""

    def __init__(self, line: Line, journey: Journey) -> None:
        self._line = line
        self._journey = journey
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._head_bytes = 0
        self._room = journey.body_bytes
        self._begun = self._until_close = self._whole = False
        self._end: Interrupted | None = None

    async def head(self) -> None:
        """Wait for the final status line and its headers. Raises Interrupted."""
        while not self._begun:
            await self._more()

    def __aiter__(self) -> "Answer":
        return self

    async def __anext__(self) -> bytes:
        """The next piece of the body, as it came. Raises Interrupted, also for the first byte too many."""
        while not self._pieces:
            if self._whole:
                self._journey.reached = Phase.ANSWERED
                raise StopAsyncIteration
            await self._more()
        piece = b"".join(self._pieces)
        self._pieces.clear()
        if len(piece) > self._room:
            told = f"the body is larger than {self._journey.body_bytes} bytes"
            self._end = Interrupted(Failure.BODY_TOO_LARGE, told)
            self._whole = False
        kept = piece[: self._room]
        self._room -= len(kept)
        return kept

    async def aclose(self) -> None:
        """See ``leave``."""
        self.leave()

    def leave(self) -> None:
        """Close the line; of an answer that is not whole, note how far the request got. May be repeated."""
        journey = self._journey
        if self._line.closed:
            return
        if journey.reached is Phase.SECURED and self._line.acknowledged():
            journey.reached = Phase.SENT
        if journey.http_status is None and self._parser.get_status_code() >= 200:
            journey.http_status = self._parser.get_status_code()
        self._line.close()

    async def _more(self) -> None:
        """Hear and parse. What cannot be parsed ends the answer, once the pieces before it were given away."""
        if self._end is not None:
            raise self._end
        piece = await self._heard()
        if not piece:
            self._hung_up()
            return
        if not self._head_bytes:
            self._journey.first_byte()
        self._head_bytes += len(piece)
        try:
            self._parser.feed_data(piece)
        except _BROKEN as broken:  # read only while the answer is not whole: what follows it is nobody's business
            self._end = Interrupted(Failure.PROTOCOL_ERROR, f"not an HTTP/1.1 answer: {broken}")
        if not self._begun and self._head_bytes > MAXIMUM_HEAD_BYTES:
            raise Interrupted(Failure.PROTOCOL_ERROR, f"headers larger than {MAXIMUM_HEAD_BYTES} bytes")

    async def _heard(self) -> bytes:
        try:
            return await self._line.read()
        except ssl.SSLError as fault:
            raise Interrupted(Failure.TLS_ERROR, f"TLS failed after the handshake: {fault.reason}") from None
        except TimeoutError:
            raise Interrupted(Failure.READ_TIMEOUT, "the connection timed out in the kernel") from None
        except OSError as fault:
            raise Interrupted(Failure.CONNECTION_RESET, f"{fault.strerror} {self._where()}") from None

    def _hung_up(self) -> None:
        if not (self._begun and self._until_close):
            raise Interrupted(Failure.CONNECTION_RESET, f"closed by the peer {self._where()}")
        self._whole = True

    def _where(self) -> str:
        return "in the middle of the answer" if self._head_bytes else "before an answer"

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the head; trailers are dropped."""
        if not self._begun:
            self._journey.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """An informational head is forgotten; the first other one is the answer's."""
        if self._begun:
            return
        headers = self._journey.headers
        if (status := self._parser.get_status_code()) < 200:
            headers.clear()
            return
        self._begun = True
        self._journey.http_status = status
        self._until_close = not any(
            name == b"content-length" or (name == b"transfer-encoding" and value.lower().endswith(b"chunked"))
            for name, value in headers
        )

    def on_body(self, piece: bytes) -> None:
        """A piece of the body, without its chunking."""
        if not self._whole:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """The last byte of the answer is here; an informational one does not count."""
        self._whole = self._begun

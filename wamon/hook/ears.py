"""The hooks that a client of httpx gets: they follow each message on its way and leave its outcome at the desk."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from wamon.hook.call import FAILING, Call, Head
from wamon.hook.desk import Desk

GRAPH = "https://graph.facebook.com"

KEPT_BYTES = 16 * 1024
"""Graph's answer to a message is much smaller; of a larger one nothing is told."""

_SEND = re.compile(r"/(\d{5,20})/(?:marketing_)?messages/?$", re.ASCII)
_PORTS = {"https": 443, "http": 80}
_KEY = "wamon.call"
"""Under which a request carries its call along."""


class Ears:
    """Hears what becomes of a client's messages to one Graph host. No method raises into the application."""

    def __init__(self, desk: Desk, graph: str = GRAPH) -> None:
        place = urlsplit(graph)
        self._graph = (place.hostname, None if place.port == _PORTS.get(place.scheme) else place.port)
        self._desk = desk

    def join(self, client: Any) -> None:
        """Be the first that a client asks; once, however often it is said. Raises for what is no client."""
        hooks = client.event_hooks
        if any(isinstance(getattr(one, "__self__", None), Ears) for one in hooks["request"]):
            return
        ours = (
            (self.asked_async, self.answered_async) if hasattr(client, "aclose") else (self.asked, self.answered)
        )
        client.event_hooks = {
            "request": [*hooks["request"], ours[0]],
            "response": [ours[1], *hooks["response"]],
        }

    def asked(self, request: Any) -> None:
        """The hook for requests of a synchronous client."""
        self._ask(request, self._tracing)

    async def asked_async(self, request: Any) -> None:
        """The hook for requests of an asynchronous client."""
        self._ask(request, self._tracing_async)

    def answered(self, response: Any) -> None:
        """The hook for responses, before their body is read; it will be copied as the application reads it."""
        try:
            call = response.request.extensions.get(_KEY)
            if call is None:
                return
            call.head = Head(response.status_code, response.headers, type(response))
            if hasattr(response, "_content"):  # made in memory: its stream is never asked for
                self.read(call, [response.content], len(response.content))
            else:
                stream: Any = response.stream
                response.stream = _copying(stream.__class__)(stream, self, call)
        except Exception:
            self._desk.faults += 1

    async def answered_async(self, response: Any) -> None:
        """The same for an asynchronous client."""
        self.answered(response)

    def _ask(self, request: Any, tracing: Callable[[Call, Any], Any]) -> None:
        try:
            url = request.url
            if request.method != "POST" or (url.host, url.port) != self._graph:
                return
            if (found := _SEND.search(url.path)) is not None:
                call, theirs = Call(found[1]), request.extensions.get("trace")
                request.extensions = {**request.extensions, _KEY: call, "trace": tracing(call, theirs)}
        except Exception:
            self._desk.faults += 1

    def _tracing(self, call: Call, theirs: Any) -> Any:
        def trace(event: str, told: Mapping[str, Any]) -> Any:
            self._follow(call, event, told)
            return theirs(event, told) if theirs is not None else None

        return trace

    def _tracing_async(self, call: Call, theirs: Any) -> Any:
        async def trace(event: str, told: Mapping[str, Any]) -> None:
            self._follow(call, event, told)
            if theirs is not None:
                await theirs(event, told)

        return trace

    def _follow(self, call: Call, event: str, told: Mapping[str, Any]) -> None:
        step = event.partition(".")[2]
        try:
            if step not in FAILING:
                call.follow(step, told)
            elif type(told["exception"]).__name__ != "WriteError":  # the answer may come all the same
                self.failed(call, step, told["exception"])
        except Exception:
            self._desk.faults += 1

    def failed(self, call: Call, step: str, fault: BaseException) -> None:
        """A call ended in an exception."""
        self._end(call, lambda: call.broken(step, fault))

    def read(self, call: Call, pieces: list[bytes], size: int) -> None:
        """An answer was read to its end."""
        self._end(call, lambda: None if size > KEPT_BYTES else call.answered(b"".join(pieces)))

    def left(self, call: Call) -> None:
        """An answer was closed; unless it was read before, nobody knows what it said."""
        self._end(call, lambda: None)

    def _end(self, call: Call, made: Callable[[], Any]) -> None:
        try:
            if not call.over:
                call.over = True
                self._desk.leave(made())
        except Exception:
            self._desk.faults += 1


class _Copied:
    """The body of an answer on its way to the application; once it is read to its end, the desk has it too."""

    def __init__(self, stream: Any, ears: Ears, call: Call) -> None:
        self._stream, self._ears, self._call = stream, ears, call
        self._pieces: list[bytes] = []
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._stream:
                self._keep(piece)
                yield piece
        except Exception as fault:
            self._ears.failed(self._call, "receive_response_body.failed", fault)
            raise
        self._ears.read(self._call, self._pieces, self._size)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._stream:
                self._keep(piece)
                yield piece
        except Exception as fault:
            self._ears.failed(self._call, "receive_response_body.failed", fault)
            raise
        self._ears.read(self._call, self._pieces, self._size)

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= KEPT_BYTES:
            self._pieces.append(piece)

    def close(self) -> None:
        """Passed on."""
        self._ears.left(self._call)
        self._stream.close()

    async def aclose(self) -> None:
        """Passed on."""
        self._ears.left(self._call)
        await self._stream.aclose()


@cache
def _copying(kind: type[Any]) -> type[Any]:
    """A copied stream that httpx takes for one of its own: it asks for its abstract class by ``isinstance``."""
    own = [one for one in kind.__mro__ if one.__name__ in ("SyncByteStream", "AsyncByteStream")]
    return type("Copied", (_Copied, *own), {})

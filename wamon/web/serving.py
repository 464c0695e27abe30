"""Serves an ASGI app inside the running loop: no signals taken, no access log, gone within two seconds."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

from starlette.types import ASGIApp
from uvicorn import Config, Server

from wamon.web.connection import Connection, Crowd

STOP_WITHIN_S = 1
"""Answers under way are given so long when the server stops; then they are cut."""

CONNECTIONS = 512
"""So many clients are served at once. One more takes the place of the longest silent one; where all of them wait
for an answer it is told 503: no crowd uses up the daemon's memory.
"""


class ListenError(OSError):
    """The address cannot be listened on; the text says why and what to write instead."""


_REFUSALS = {
    errno.EADDRINUSE: "is taken; stop what listens there (another wamon?), or choose a free port such as {next}",
    errno.EACCES: "is not allowed to this user; choose a port over 1023 such as 127.0.0.1:9877",
    errno.EADDRNOTAVAIL: "is no address of this machine; choose one of its own such as 127.0.0.1:9877",
}


@asynccontextmanager
async def serve(
    app: ASGIApp, host: str, port: int, *, setting: str = "[service] listen"
) -> AsyncIterator[tuple[str, int]]:
    """Serve while the context lasts; gives the address bound, of interest where ``port`` is 0.

    ``setting`` is what the operator would change. Raises ListenError when nothing can listen there.
    """
    listening = await _listening(host, port, setting)
    bound_host, bound_port = listening.getsockname()[:2]
    async with serve_socket(app, listening):
        yield bound_host, bound_port


@asynccontextmanager
async def serve_socket(app: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    """Serve on a socket that listens already, while the context lasts."""
    server = _Embedded(
        Config(
            app,
            http=partial(Connection, crowd=Crowd(CONNECTIONS)),  # type: ignore[arg-type]  # made like the class
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=CONNECTIONS + 1,  # uvicorn refuses the one that makes this many
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]), name=f"http {listening.getsockname()}")
    try:
        yield
    finally:
        server.stop.set()
        await serving


class _Embedded(Server):
    """A server that leaves signals to the daemon and sleeps until it is told to stop, with no tick meanwhile."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.stop.wait()


async def _listening(host: str, port: int, setting: str) -> socket.socket:
    """A socket that listens already, so that trouble is told before anything else starts."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        listening = socket.create_server(address[:2], family=family, backlog=CONNECTIONS)
        # Inherited by every connection: without uvloop a body waited 40 ms for its head to be acknowledged.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except socket.gaierror as unknown:
        raise ListenError(f"{setting}: {host!r} is no address; write one such as 127.0.0.1:9877") from unknown
    except OSError as refused:
        raise ListenError(f"{setting}: {_where(host, port)} {_why(refused, host, port)}") from refused


def _where(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _why(refused: OSError, host: str, port: int) -> str:
    text = _REFUSALS.get(refused.errno or 0, "cannot be listened on ({refused}); try 127.0.0.1:9877")
    return text.format(next=_where(host, port % 65_535 + 1), refused=refused.strerror)

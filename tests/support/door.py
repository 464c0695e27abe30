"""A business's front door: passes connections on to what is behind it while it is open."""

import asyncio

from tests.running.daemon import free_port


class Door:
    """``url`` is what the world knows; ``behind`` the port of whoever answers."""

    def __init__(self) -> None:
        self.port = free_port()
        self.behind = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)

    async def shut(self) -> None:
        """From now on nobody gets in; who is in may finish."""
        if self._server is not None:
            self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self.behind)
        await asyncio.gather(_pour(reader, outer), _pour(inner, writer))


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(65_536):
            sink.write(piece)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()

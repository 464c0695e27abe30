"""A face on a real port: uvicorn on a loop of its own, in a thread beside the test."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from wamon.web.app import Face, build
from wamon.web.serving import serve


@contextmanager
def served(face: Face) -> Iterator[str]:
    """The address, such as ``127.0.0.1:40123``, under which the face is shown."""
    ready, end = threading.Event(), asyncio.Event()
    place: list[object] = []

    async def show() -> None:
        async with serve(build(face), "127.0.0.1", 0) as (host, port):
            place.extend([f"{host}:{port}", asyncio.get_running_loop()])
            ready.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(show(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(10), "nothing is served"
        yield str(place[0])
    finally:
        place[1].call_soon_threadsafe(end.set)
        thread.join(10)
        assert not thread.is_alive(), "the server does not stop"

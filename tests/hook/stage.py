"""A simulated Graph in a thread of its own, and a door for reports that may be slow, hung or absent."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from wamon.simulator.faults import Fault
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, HANDSET, PHONE_NUMBER_ID

SECRET = "a secret for reports"
TEXT = "Dear Ms Canary, your parcel 4711 is here"
MESSAGE = {
    "messaging_product": "whatsapp",
    "to": HANDSET,
    "type": "text",
    "text": {"body": TEXT},
    "biz_opaque_callback_data": "order of Canary",
}
PATH = f"/v25.0/{PHONE_NUMBER_ID}/messages"
HEADERS = {"Authorization": f"Bearer {ACCESS_TOKEN}"}


class Door:
    """Takes reports. ``answers`` are the next statuses, then 200; while ``held`` is clear nobody is answered."""

    def __init__(self) -> None:
        self.reports: list[list[dict[str, Any]]] = []
        self.raw: list[bytes] = []
        self.bearers: list[str] = []
        self.answers: list[int] = []
        self.held = threading.Event()
        self.held.set()
        self.came = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/exchanges"

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        return [one for report in self.reports for one in report]


@contextmanager
def door(port: int = 0) -> Iterator[Door]:
    """A door that is open."""
    kept = Door()

    class Asked(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            kept.came.set()
            kept.held.wait(30)
            http_status = kept.answers.pop(0) if kept.answers else 200
            kept.bearers.append(self.headers["authorization"])
            if http_status == 200:
                kept.raw.append(raw)
                kept.reports.append(json.loads(raw))
            self.send_response(http_status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        allow_reuse_address = True
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Somebody hung up: what some tests are about."""

    with Server(("127.0.0.1", port), Asked) as server:
        kept.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        serving.start()
        try:
            yield kept
        finally:
            kept.held.set()
            server.shutdown()
            serving.join(5)


class Graph:
    """The simulated Graph beside the test."""

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop) -> None:
        self.url = simulator.base_url
        self.simulator = simulator
        self._loop = loop

    def fail(self, *faults: Fault | None) -> None:
        """What the next requests meet."""

        async def set_faults() -> None:
            self.simulator.faults = list(faults)

        asyncio.run_coroutine_threadsafe(set_faults(), self._loop).result(5)


@contextmanager
def graph() -> Iterator[Graph]:
    """The simulator on a loop in a thread."""
    ready: list[Graph] = []
    there, end = threading.Event(), asyncio.Event()

    async def play() -> None:
        async with Simulator() as simulator:
            ready.append(Graph(simulator, asyncio.get_running_loop()))
            there.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(play(),), daemon=True)
    thread.start()
    assert there.wait(10)
    try:
        yield ready[0]
    finally:
        ready[0]._loop.call_soon_threadsafe(end.set)
        thread.join(10)


def send(client: httpx.Client, url: str) -> httpx.Response | None:
    """Send one message as an application does; None for an exception of httpx."""
    try:
        return client.post(url + PATH, json=MESSAGE, headers=HEADERS)
    except httpx.HTTPError:
        return None


def send_async(client_options: dict[str, Any], url: str, prepare: Callable[[httpx.AsyncClient], Any]) -> Any:
    """The same with an asynchronous client."""

    async def once() -> httpx.Response | None:
        async with httpx.AsyncClient(**client_options) as client:
            prepare(client)
            try:
                return await client.post(url + PATH, json=MESSAGE, headers=HEADERS)
            except httpx.HTTPError:
                return None

    return asyncio.run(once())

"""A Graph for benches: answers every question well over TLS, and counts the calls of each token."""

import asyncio
import json
import multiprocessing
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from urllib.parse import urlsplit

import uvloop

COUNTED = "/counted"
"""What was asked so far, as JSON: calls by the end of the token, an empty one for calls without."""

_END = 12
_SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]


def _said(path: str) -> tuple[int, dict[str, object]]:
    last = path.rpartition("/")[2]
    if last == "me":
        return 400, {"error": {"message": "An access token is required", "code": 104, "fbtrace_id": "A"}}
    if last == "debug_token":
        return 200, {"data": {"is_valid": True, "expires_at": 0, "app_id": "1", "scopes": _SCOPES}}
    if last == "subscribed_apps":
        return 200, {"data": [{"whatsapp_business_api_data": {"id": "1"}}]}
    health = {
        "can_send_message": "AVAILABLE",
        "entities": [{"entity_type": "WABA", "can_send_message": "AVAILABLE"}],
    }
    return 200, {"id": last, "health_status": health}


class _Graph(asyncio.Protocol):
    calls: ClassVar[Counter[str]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, piece: bytes) -> None:
        head = piece.decode("latin-1")
        path = urlsplit(head.split(" ", 2)[1]).path
        code, document = (200, dict(self.calls)) if path == COUNTED else self._asked(path, head)
        body = json.dumps(document)
        answer = f"HTTP/1.1 {code} OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self._transport.write(f"{answer}facebook-api-version: v25.0\r\nConnection: close\r\n\r\n{body}".encode())  # type: ignore[attr-defined]
        self._transport.close()

    def _asked(self, path: str, head: str) -> tuple[int, dict[str, object]]:
        bearer = next((line for line in head.split("\r\n") if line.lower().startswith("authorization:")), "")
        self.calls[bearer[-_END:]] += 1
        return _said(path)


def _serve(context: ssl.SSLContext, tell: "multiprocessing.Queue[int]") -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Graph, "127.0.0.1", 0, ssl=context, backlog=1024)
        tell.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


@contextmanager
def graph(context: ssl.SSLContext) -> Iterator[str]:
    """Its address, while the block lasts; it is another process."""
    spawning = multiprocessing.get_context("fork")
    tell: multiprocessing.Queue[int] = spawning.Queue()
    server = spawning.Process(target=_serve, args=(context, tell), daemon=True)
    server.start()
    try:
        yield f"https://127.0.0.1:{tell.get()}"
    finally:
        server.terminate()

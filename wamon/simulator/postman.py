"""Meta's webhook sender: signed status reports of accepted messages, tried again until the callback takes them."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from wamon.simulator.endpoint import sign
from wamon.simulator.graph import Graph
from wamon.simulator.sending import Sent

REPORTS = (("sent", 900), ("delivered", 2_100))
"""What becomes of a message, and how many milliseconds after it was accepted."""

UNDELIVERABLE = (("failed", 1_500),)
"""What becomes of a message to somebody who is not on WhatsApp."""

NOT_THERE = {
    "code": 131026,
    "title": "Message undeliverable",
    "message": "Message undeliverable",
    "error_data": {"details": "The number is not on WhatsApp"},
}

FIRST_RETRY_S = 10
RETRIES = 12
TIMEOUT_S = 10


class Postman:
    """Posts the reports of every message that Graph takes in, to where the callback is at that moment."""

    def __init__(self, graph: Graph, callback_url: Callable[[], str], now_ms: Callable[[], int]) -> None:
        self._graph = graph
        self._callback_url = callback_url
        self._now_ms = now_ms
        self._tasks: set[asyncio.Task[None]] = set()
        graph.on_sent = self._take

    async def stop(self) -> None:
        """Drop what was not posted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, sent: Sent) -> None:
        for state, after_ms in REPORTS if sent.to in self._graph.world.handsets else UNDELIVERABLE:
            task = asyncio.get_running_loop().create_task(self._deliver(sent, state, after_ms))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deliver(self, sent: Sent, state: str, after_ms: int) -> None:
        await asyncio.sleep(after_ms / 1_000)
        body = json.dumps(report(sent, state, self._now_ms() // 1_000)).encode()
        for attempt in range(RETRIES):
            if not (url := self._callback_url()) or await post(url, body, self._graph.world.apps[0].secret) == 200:
                return
            await asyncio.sleep(FIRST_RETRY_S * 2**attempt)


def report(sent: Sent, state: str, at_s: int) -> dict[str, Any]:
    """A status webhook in today's shape; the instant is Unix seconds as text."""
    row: dict[str, Any] = {"id": sent.wamid, "status": state, "timestamp": str(at_s), "recipient_id": sent.to}
    if sent.callback_data:
        row["biz_opaque_callback_data"] = sent.callback_data
    if state == "failed":
        row["errors"] = [NOT_THERE]
    else:
        row["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
    metadata = {"display_phone_number": sent.display, "phone_number_id": sent.number_id}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [row]}
    entry = {"id": sent.account_id, "changes": [{"value": value, "field": "messages"}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


async def post(url: str, body: bytes, app_secret: str) -> int:
    """Post a signed event; the HTTP status, or 0 when there was no answer."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: facebookexternalua\r\n"
        f"Content-Type: application/json\r\nX-Hub-Signature-256: {sign(body, app_secret)}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with contextlib.suppress(OSError, TimeoutError, ValueError, IndexError):
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            try:
                writer.write(head.encode() + body)
                return int((await reader.readline()).split()[1])
            finally:
                writer.close()
    return 0

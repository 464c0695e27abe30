"""Meta's webhook sender: signed reports of messages and accounts, tried again until the callback takes them."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from wamon.simulator.endpoint import sign
from wamon.simulator.graph import Graph
from wamon.simulator.scenario import DELIVERED, UNDELIVERABLE, News, Reporting, Told
from wamon.simulator.sending import Sent, user_id

FIRST_RETRY_S = 10
GIVES_UP_AFTER_S = 7 * 24 * 3_600
"""A webhook that nobody takes is posted again at once, then ever more seldom, for seven days.

Source: Meta, "Create a webhook endpoint", read 2026-05; its intervals are not published.
"""

TIMEOUT_S = 10


class Postman:
    """Posts the reports of every message that Graph takes in, to where the callback is at that moment.

    What is reported, and when, is as ``reportings`` say, else the usual. ``posted`` counts attempts.
    """

    def __init__(
        self,
        graph: Graph,
        callback_url: Callable[[], str],
        now_ms: Callable[[], int],
        reportings: Sequence[Reporting] = (),
    ) -> None:
        self._graph = graph
        self._callback_url = callback_url
        self._now_ms = now_ms
        self._reportings = reportings
        self._tasks: set[asyncio.Task[None]] = set()
        self.posted = 0
        graph.on_sent = self._take

    async def stop(self) -> None:
        """Drop what was not posted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, news: News) -> None:
        """Post a webhook that is about no message, now."""
        self._post_after(0, about(news, self._graph.world.accounts[0].account_id))

    def _take(self, sent: Sent) -> None:
        usual = DELIVERED if sent.to in self._graph.world.handsets else UNDELIVERABLE
        fates = (one.reports for one in self._reportings if one.start_ms <= sent.at_ms < one.end_ms)
        for told in next(fates, usual):
            for _ in range(told.copies):
                self._post_after(told.after_ms + told.late_ms, report(sent, told))

    def _post_after(self, wait_ms: int, body: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(wait_ms / 1_000, json.dumps(body).encode()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, wait_s: float, body: bytes) -> None:
        await asyncio.sleep(wait_s)
        for pause_s in pauses_s():
            if not (url := self._callback_url()):
                return
            self.posted += 1
            if await post(url, body, self._graph.world.apps[0].secret) == 200:
                return
            await asyncio.sleep(pause_s)


def pauses_s() -> Iterator[int]:
    """How long to wait before each next attempt; at the end it is given up."""
    yield 0
    pause_s, waited_s = FIRST_RETRY_S, 0
    while waited_s < GIVES_UP_AFTER_S:
        yield pause_s
        waited_s += pause_s
        pause_s *= 2


def report(sent: Sent, told: Told) -> dict[str, Any]:
    """A status webhook in today's shape; the instant is when it happened, in Unix seconds as text.

    The recipient is named in ``contacts``, but not when it failed. Source: Meta, "Business-scoped user IDs", read
    2026-05.
    """
    at_s = (sent.at_ms + told.after_ms) // 1_000
    row: dict[str, Any] = {
        "id": sent.wamid,
        "status": told.message_status,
        "timestamp": str(at_s),
        "recipient_id": sent.to,
    }
    if sent.callback_data:
        row["biz_opaque_callback_data"] = sent.callback_data
    metadata = {"display_phone_number": sent.display, "phone_number_id": sent.number_id}
    value: dict[str, Any] = {"messaging_product": "whatsapp", "metadata": metadata}
    if told.message_status == "failed":
        row["errors"] = [failure(told.code)]
    else:
        row["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
        row["recipient_user_id"] = user_id(sent.to)
        value["contacts"] = [{"profile": {"name": "Ada"}, "wa_id": sent.to, "user_id": user_id(sent.to)}]
    value["statuses"] = [row]
    return _framed({"id": sent.account_id, "changes": [{"value": value, "field": "messages"}]})


def failure(code: int) -> dict[str, Any]:
    """An error as it stands in a status webhook."""
    title = TITLES.get(code, "Something went wrong")
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": f"{title}, says the simulator"},
    }


TITLES = {131000: "Something went wrong", 131016: "Service unavailable", 131026: "Message undeliverable"}


def about(news: News, account_id: str) -> dict[str, Any]:
    """A webhook about no message; only those of messages have no ``time``."""
    entry: dict[str, Any] = {"id": account_id, "changes": [{"value": dict(news.value), "field": news.field}]}
    if news.field != "messages":
        entry["time"] = news.at_ms // 1_000
    return _framed(entry)


def _framed(entry: dict[str, Any]) -> dict[str, Any]:
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

"""Real messages in the running daemon: signed webhooks become minutes; a kill neither loses nor doubles one."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.running.daemon import Running, eventually, free_port, running
from tests.support.receiver import Client, status_event

SECRETS = {"T_VERIFY": "test verify token", "T_SECRET": "test_app_secret"}
SETTINGS = """
[service]
listen = "127.0.0.1:{port}"
database = "{folder}/wamon.db"
[receiver]
verify_token = "env:T_VERIFY"
app_secret = "env:T_SECRET"
[reference]
enabled = false
[[targets]]
name = "control-1"
probe = "control"
url = "http://127.0.0.1:{port}/healthz"
interval = "2s"
timeout = "1s"
[[targets]]
name = "real"
probe = "traffic"
"""


def looks(daemon: Running) -> list[tuple[Any, ...]]:
    """Instant and finding of every look at real messages."""
    with closing(sqlite3.connect(f"file:{daemon.folder / 'wamon.db'}?mode=ro", uri=True)) as book:
        return book.execute(
            "SELECT o.at_ms, f.finding FROM observations o JOIN targets t ON t.id = o.target"
            " JOIN findings f ON f.id = o.finding WHERE t.name = 'real'"
        ).fetchall()


def events(at_s: int, status: str, code: int | None = None, after_s: int = 0) -> Iterator[bytes]:
    """Six messages of an instant, and what became of them how long after it."""
    errors = {} if code is None else {"errors": [{"code": code}]}
    return (status_event(f"wamid.{at_s}.{n}", status, timestamp=str(at_s + after_s), **errors) for n in range(6))


def post(port: int, every: Iterator[bytes]) -> list[int]:
    async def all_of_it() -> list[int]:
        client = Client("127.0.0.1", port)
        try:
            return [await client.post(raw) for raw in every]
        finally:
            client.close()

    return asyncio.run(all_of_it())


def test_a_kill_between_webhooks_and_their_minute_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, SETTINGS.format(port=port, folder=tmp_path), port, SECRETS) as daemon:
        daemon.ready()
        minute_s = int(time.time()) // 60 * 60
        first, second = minute_s - 300, minute_s - 240
        assert post(port, events(first, "failed", 131016)) == [200] * 6
        daemon.stop(signal.SIGKILL)
        daemon.start()
        daemon.ready()
        eventually(lambda: len(looks(daemon)) == 1, "the minute is judged at the start")
        assert post(port, events(first, "failed", 131016)) == [200] * 6, "Meta repeats them"
        assert post(port, events(second, "sent")) == [200] * 6
        assert post(port, events(second, "delivered", after_s=3)) == [200] * 6
        daemon.stop(signal.SIGKILL)
        daemon.start()
        daemon.ready()
        eventually(lambda: len(looks(daemon)) == 2, "and so is the next one")
        shown = {one["target"]: one for one in daemon.json("/api/v1/status")["targets"]}
        latency = shown["real"]["latency"]
        assert (latency["24h"]["looks"], round(latency["24h"]["p99_ms"], -2)) == (6, 3_000)
        assert (latency["sent_24h"]["looks"], latency["sent_24h"]["p50_ms"] > 60_000) == (6, True)
        assert 'wamon_target_state{target="real",state="operational"}' in daemon.get("/metrics")[1]
        assert "real: how long from sent to delivered, by Meta&#39;s own timestamps" in daemon.get("/")[1]
        assert daemon.stop()[0] == 0
    found = looks(daemon)
    assert [at_ms for at_ms, _ in found] == [first * 1000 + 30_000, second * 1000 + 30_000]
    assert ['"system_error"' in finding for _, finding in found] == [True, False]

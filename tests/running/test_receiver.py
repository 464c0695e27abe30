"""The receiver in the running daemon: handshake and events are real, and kills lose nothing acknowledged."""

import asyncio
import random
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.running.daemon import Running, eventually, free_port, running
from tests.support.receiver import Client, status_event
from tests.support.soak import many

KILLS = many(20, 200)
POSTS = 10_000
CONNECTIONS = 24
SECRETS = {"T_VERIFY": "test verify token", "T_SECRET": "test_app_secret", "T_ACME": "acme secret"}

QUIET = """
[service]
listen = "127.0.0.1:{port}"
database = "{folder}/wamon.db"
[[targets]]
name = "control-1"
probe = "control"
url = "http://127.0.0.1:{port}/healthz"
interval = "2s"
timeout = "1s"
{more}
"""
RECEIVER = '[receiver]\nverify_token = "env:T_VERIFY"\napp_secret = "env:T_SECRET"\n'
ACME = '[[accounts]]\nname = "acme"\napp_secret = "env:T_ACME"\n[[accounts]]\nname = "closed"\napp_secret = ""\n'
EARS = """
[graph]
base_url = "http://127.0.0.1:9"
access_token = "env:T_SECRET"
app_secret = "env:T_SECRET"
[[targets]]
name = "send"
probe = "message"
phone_number_id = "106540352242922"
to = "15550000000"
template = "wamon_canary"
[[targets]]
name = "real"
probe = "traffic"
[[targets]]
name = "incoming"
probe = "traffic"
direction = "receive"
"""
HANDSHAKE = "/webhook?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=test+verify+token"


@pytest.fixture
def port() -> int:
    return free_port()


def quiet(folder: Path, port: int, more: str) -> str:
    return QUIET.format(folder=folder, port=port, more=more)


def rows(folder: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{folder / 'wamon.db'}?mode=ro", uri=True)) as book:
        return book.execute(question).fetchall()


def post(port: int, raw: bytes, path: str = "/webhook", given: bytes | None = b"") -> int:
    client = Client("127.0.0.1", port)

    async def once() -> int:
        try:
            return await client.post(raw, given, path)
        finally:
            client.close()

    return asyncio.run(once())


def test_meta_s_handshake_and_events_arrive_beside_the_pages(port: int, tmp_path: Path) -> None:
    with running(tmp_path, quiet(tmp_path, port, RECEIVER + ACME), port, SECRETS) as daemon:
        daemon.ready()
        assert daemon.get(HANDSHAKE) == (200, "4711")
        assert daemon.get(HANDSHAKE.replace("verify+token", "x"))[0] == 403
        assert daemon.get("/")[0] == 200
        raw = status_event("wamid.A", "delivered", biz_opaque_callback_data="wamon:canary:send@1")
        assert [post(port, raw), post(port, raw), post(port, raw, given=None)] == [200, 200, 401]
        assert post(port, raw, "/webhook/graph") == 200
        assert post(port, raw, "/webhook/acme") == 401
        assert post(port, raw, "/webhook/closed") == 403
        assert post(port, raw, "/webhook/nobody") == 404
        assert rows(tmp_path, "SELECT canary FROM status_reports") == [("wamon:canary:send@1",)]
        counted = eventually(lambda: receipts_counted(daemon), "the receipts in /metrics")
        assert counted == {"stored": 1, "duplicate": 2, "bad_signature": 3}
        listened = rows(tmp_path, "SELECT count(*) FROM listening")
        assert listened == [(1,)]
        log = daemon.log.read_text()
        assert f"webhooks are received on http://127.0.0.1:{port}/webhook" in log
        assert "/webhook/closed refuses everything: account closed has an empty app_secret" in log
        assert daemon.stop()[0] == 0
        assert rows(tmp_path, "SELECT end_ms > start_ms FROM listening") == [(1,)]


def receipts_counted(daemon: Running) -> dict[str, int]:
    name = "wamon_webhook_receipts_total{"
    lines = [line.split() for line in daemon.get("/metrics")[1].splitlines() if line.startswith(name)]
    return {line[0].split('"')[1]: int(float(line[1])) for line in lines if float(line[1])}


def test_on_an_address_of_its_own_there_is_the_webhook_and_nothing_else(port: int, tmp_path: Path) -> None:
    own = free_port()
    with running(
        tmp_path, quiet(tmp_path, port, RECEIVER + f'listen = "127.0.0.1:{own}"\n'), port, SECRETS
    ) as daemon:
        daemon.ready()
        assert post(own, status_event("wamid.A")) == 200
        assert post(port, status_event("wamid.A")) in (404, 405)
        pages = ("/", "/metrics", "/healthz", "/readyz", "/api/v1/status", "/style.css")
        assert [daemon.get(path)[0] for path in pages] == [200] * len(pages)
        daemon.port = own
        assert daemon.get(HANDSHAKE) == (200, "4711")
        assert [daemon.get(path)[0] for path in pages] == [404] * len(pages)


def test_without_a_receiver_in_the_file_there_is_no_webhook(port: int, tmp_path: Path) -> None:
    with running(tmp_path, quiet(tmp_path, port, ""), port) as daemon:
        daemon.ready()
        assert daemon.get(HANDSHAKE)[0] == 404
        assert post(port, status_event("wamid.A")) in (404, 405)
        assert rows(tmp_path, "SELECT count(*) FROM listening") == [(0,)]


def test_a_taken_address_of_the_receiver_is_named(port: int, tmp_path: Path) -> None:
    text = quiet(tmp_path, port, RECEIVER + 'listen = "192.0.2.7:9"\n')
    with running(tmp_path, text, port, SECRETS) as daemon:
        assert daemon.process.wait(20) == 2
        assert "wamon: [receiver] listen: 192.0.2.7:9 is no address of this machine" in daemon.log.read_text()


async def until_listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return


async def posting(daemon: Running, port: int, moods: random.Random) -> tuple[set[int], int]:
    """Post as Meta does: what is not answered 200 comes again, and so does now and then what was.

    Kills the daemon again and again. Gives the numbers of the events that were answered 200, and how many kills.
    """
    waiting, acknowledged, kills, kill_at = list(range(POSTS)), set[int](), 0, -1
    moods.shuffle(waiting)

    async def work(client: Client) -> None:
        while waiting and daemon.process.poll() is None:
            number = waiting.pop()
            http_status = await client.post(status_event(f"wamid.{number}", timestamp=str(1_790_000_000 + number)))
            assert http_status in (0, 200), "a daemon that lives stores"
            if http_status == 200:
                acknowledged.add(number)
                if len(acknowledged) == kill_at:
                    daemon.process.send_signal(signal.SIGKILL)
                    daemon.process.wait(10)
            if http_status != 200 or moods.random() < 0.02:
                waiting.append(number)

    while waiting:
        await until_listening(port)
        clients = [Client("127.0.0.1", port) for _ in range(CONNECTIONS)]
        share = (POSTS - len(acknowledged)) // (KILLS - kills + 1)
        kill_at = len(acknowledged) + moods.randint(share // 2, share) if kills < KILLS else -1
        await asyncio.gather(*(work(client) for client in clients))
        for client in clients:
            client.close()
        if daemon.process.poll() is not None:
            kills += 1
            daemon.start()
    return acknowledged, kills


@pytest.mark.grows
def test_p3_twenty_kills_lose_no_event_that_was_answered_200_and_store_none_twice(
    port: int, tmp_path: Path
) -> None:
    with running(tmp_path, quiet(tmp_path, port, RECEIVER + EARS), port, SECRETS) as daemon:
        acknowledged, kills = asyncio.run(posting(daemon, port, random.Random(20260302)))
        assert (len(acknowledged), kills) == (POSTS, KILLS)
        assert daemon.stop()[0] == 0
    reports = rows(tmp_path, "SELECT at_ms, count(*) FROM status_reports GROUP BY at_ms")
    assert {at_ms // 1_000 - 1_790_000_000 for at_ms, _ in reports} == acknowledged
    assert {count for _, count in reports} == {1}
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT body_sha256) FROM receipts") == [(POSTS, POSTS)]
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert len(rows(tmp_path, "SELECT n FROM listening")) > KILLS, "each start begins to listen anew"

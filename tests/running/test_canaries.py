"""Canaries of the running daemon: they leave, come back by webhook, and no kill makes one leave twice."""

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.cli.platform import simulated
from tests.running.daemon import Running, configuration, eventually, free_port, running
from tests.support.soak import many
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import HOUR, SECOND, Span
from wamon.simulator.faults import GraphError
from wamon.simulator.scenario import Call, Episode, Scenario, Spell
from wamon.simulator.simulator import Simulator, wall_ms
from wamon.simulator.world import HANDSET, PHONE_NUMBER_ID, SMALL_WORLD, World

KILLS = many(20, 200)
HANDSETS = tuple(f"1555000{number:04}" for number in range(12))
RECEIVER = '[receiver]\nverify_token = "env:T_VERIFY"\napp_secret = "env:T_APP_SECRET"\n'
MESSAGE = """
[[targets]]
name = "{name}"
probe = "message"
phone_number_id = "{number}"
to = "{to}"
template = "wamon_canary"
interval = "{interval}"
timeout = "2s"
delivery_deadline = "{deadline}"
daily_cap = 10000
"""


def message(name: str, to: str = HANDSET, interval: str = "6s", deadline: str = "4s") -> str:
    return MESSAGE.format(name=name, number=PHONE_NUMBER_ID, to=to, interval=interval, deadline=deadline)


def rows(folder: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{folder / 'wamon.db'}?mode=ro", uri=True)) as book:
        return book.execute(question).fetchall()


def world(*handsets: str) -> World:
    return replace(SMALL_WORLD, handsets=handsets)


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated(Simulator(world=world(HANDSET, *HANDSETS))) as simulator:
        yield simulator


def one_refused_s(seconds: int) -> Scenario:
    """After a while one sending is refused."""
    now_ms = wall_ms()
    span = Span(now_ms, now_ms + HOUR)
    spell = Spell(now_ms + seconds * SECOND, span.end_ms, frozenset({Call.SEND}), (GraphError(500, 131016),), 1)
    return Scenario(
        span, (Episode("one refused", "", span, Verdict.SYSTEM_ERROR, Cause.SERVICE, spells=(spell,)),)
    )


def test_a_canary_is_sent_and_comes_back_and_every_face_shows_it(tmp_path: Path) -> None:
    with simulated(Simulator(one_refused_s(12), world(HANDSET))) as platform:
        watched_and_shown(platform, tmp_path)


def watched_and_shown(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    platform.callback_url = f"http://127.0.0.1:{port}/webhook"
    more = RECEIVER + f'public_url = "{platform.callback_url}"\n' + message("send")
    with running(tmp_path, configuration(platform, tmp_path, port, more), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("send.roundtrip", "ok") >= 1, "a way back")
        assert platform.graph.sent[0].to == HANDSET
        assert platform.graph.sent[0].callback_data.startswith("wamon:canary:")
        shown = {one["target"]: one for one in daemon.json("/api/v1/status")["targets"]}
        assert [shown[name]["state"] for name in ("send", "send.roundtrip")] == ["operational"] * 2
        assert "send.roundtrip" in daemon.get("/")[1]
        took = eventually(lambda: came_back(daemon, "delivered"), "the latency in /metrics")
        assert took == {"send.roundtrip"}
        eventually(lambda: daemon.attempts("send", "system_error") >= 1, "a refused one", 40)
        refused_ms = rows(tmp_path, OF_SEND.format(verdict="system_error"))[0][0]
        assert daemon.stop()[0] == 0
    assert rows(tmp_path, AT.format(name="send.roundtrip", at_ms=refused_ms)) == []


OF_SEND = """SELECT at_ms FROM observations JOIN targets t ON t.id = observations.target
    JOIN findings f ON f.id = observations.finding
    WHERE t.name = 'send' AND f.finding LIKE '%{verdict}%'"""
AT = """SELECT at_ms FROM observations JOIN targets t ON t.id = observations.target
    WHERE t.name = '{name}' AND at_ms = {at_ms}"""


def came_back(daemon: Running, status: str) -> set[str]:
    lines = daemon.get("/metrics")[1].splitlines()
    counts = [line for line in lines if line.startswith("wamon_roundtrip_seconds_count{")]
    return {line.split('"')[1] for line in counts if f'message_status="{status}"' in line}


def test_no_kill_makes_a_canary_leave_twice_or_blames_meta(platform: Simulator, tmp_path: Path) -> None:
    port, moods = free_port(), random.Random(6)
    platform.callback_url = f"http://127.0.0.1:{port}/webhook"
    more = RECEIVER + "".join(message(f"send-{number}", to) for number, to in enumerate(HANDSETS))
    with running(tmp_path, configuration(platform, tmp_path, port, more), port) as daemon:
        for _ in range(KILLS):
            sent = len(platform.graph.sent) + moods.randint(0, 1)
            eventually(lambda: len(platform.graph.sent) > sent, "the next one leaves")  # noqa: B023
            time.sleep(moods.choice((0, 0, 0.002, 0.01, 0.05)))  # the moment of the kill is the test
            daemon.stop(signal.SIGKILL)
            daemon.start()
        daemon.ready()
        eventually(lambda: awaited(tmp_path) == [], "every way back is known or given up", 30)
        assert daemon.stop()[0] == 0
    left = [one.callback_data for one in platform.graph.sent]
    assert len(left) == len(set(left)) >= KILLS
    written = dict(rows(tmp_path, "SELECT mark, target || '@' || slot_ms FROM canaries"))
    assert set(left) <= set(written), "what left was written before"
    assert len({written[mark] for mark in left}) == len(left), "one for a slot"
    for to in HANDSETS:
        instants = [one.at_ms for one in platform.graph.sent if one.to == to]
        assert all(after - before > 5_000 for before, after in pairwise(instants))
    blamed = "SELECT finding FROM findings WHERE finding LIKE '%missed_success%' OR finding LIKE '%down%'"
    assert rows(tmp_path, blamed) == []


def awaited(folder: Path) -> list[tuple[Any, ...]]:
    """Accepted canaries whose way back is not on record."""
    question = """SELECT c.mark FROM canaries c JOIN targets t ON t.id = c.target
        JOIN targets back ON back.name = t.name || '.roundtrip'
        JOIN observations o ON o.target = c.target AND o.at_ms = c.sent_ms
        WHERE NOT EXISTS (SELECT 1 FROM observations r WHERE r.target = back.id AND r.at_ms = c.sent_ms)
          AND c.sent_ms + c.deadline_ms < (SELECT max(at_ms) FROM observations)"""
    return rows(folder, question)

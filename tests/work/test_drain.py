"""The outbox drained over real HTTP and real children: nothing lost, nothing repeated, nobody delayed."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.outbox import SqliteOutbox
from tests.support.sinks import Sink, black_hole, json_sink
from tests.support.soak import many
from wamon.core.dispatching import Delivery, Dispatch, Letter, Outcome, Pending, Reason
from wamon.core.notice import NoticePhase
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, parse_iso
from wamon.ledger.words import Notice
from wamon.notifier.courier import Courier
from wamon.work.drain import Drain

NOW = parse_iso("2026-03-02T12:00:00Z")


def notice(
    name: str, phase: NoticePhase = NoticePhase.OPENED, at_ms: int = NOW, title: str | None = None
) -> Notice:
    key = f"{name}:{phase.value}"
    return Notice(key, "outage", phase.value, "send", "urgent", title or f"[URGENT] {key}", "body", at_ms)


@dataclass
class Desk:
    """An outbox, a clock that is set by hand, and a drain without jitter."""

    courier: Courier
    outbox: SqliteOutbox = field(default_factory=SqliteOutbox)
    now_ms: int = NOW

    def __post_init__(self) -> None:
        self.drain = Drain(self.outbox, self.courier, lambda: self.now_ms, lambda: 0.0).drain

    @property
    def rows(self) -> list[tuple[str, Outcome]]:
        return [(f"{row.channel} {row.notice_key}", row.outcome) for row in self.outbox.dispatches()]


def story(**urls: str) -> Callable[[Callable[[Desk, Sink], object]], None]:
    """Run an async story with a desk whose channels end at one JSON sink; ``SINK`` in a URL is its address."""

    def run(told: Callable[[Desk, Sink], object]) -> None:
        async def live() -> None:
            async with json_sink() as sink:
                courier = Courier({channel: url.replace("SINK", sink.url) for channel, url in urls.items()})
                try:
                    await told(Desk(courier), sink)  # type: ignore[misc]
                finally:
                    await courier.close()

        asyncio.run(live())

    return run


def test_every_channel_is_told_once_in_order() -> None:
    @story(ops="SINKops", dev="SINKdev")
    async def _(desk: Desk, sink: Sink) -> None:
        desk.outbox.queue(notice("b", at_ms=NOW + 1), "ops")
        desk.outbox.queue(notice("a"), "ops", "dev")
        rows = await desk.drain()
        assert {row.outcome for row in rows} == {Outcome.SENT}
        assert sorted(desk.rows) == sorted((f"{row.channel} {row.notice_key}", row.outcome) for row in rows)
        assert await desk.drain() == []
        told = list(zip(sink.paths, sink.titles, strict=True))
        assert [title for path, title in told if path == "/ops"] == ["[URGENT] a:opened", "[URGENT] b:opened"]
        assert [title for path, title in told if path == "/dev"] == ["[URGENT] a:opened"]


def test_a_refused_letter_waits_its_turn_and_arrives_late_and_marked() -> None:
    @story(ops="SINK")
    async def _(desk: Desk, sink: Sink) -> None:
        sink.answers += [500, 500]
        desk.outbox.queue(notice("a"), "ops")
        (first,) = await desk.drain()
        assert (first.outcome, first.attempt, first.next_attempt_ms) == (Outcome.FAILED, 1, NOW + 5 * SECOND)
        assert "the service itself is in trouble" in first.detail
        assert await desk.drain() == [], "its wait is not over"
        desk.now_ms = NOW + 5 * SECOND
        (second,) = await desk.drain()
        assert (second.attempt, second.next_attempt_ms) == (2, desk.now_ms + 10 * SECOND)
        desk.now_ms = NOW + 2 * HOUR + 10 * MINUTE
        (third,) = await desk.drain()
        assert (third.outcome, third.attempt) == (Outcome.SENT, 3)
        assert sink.titles == ["[URGENT] (late: 2 h 10 min) a:opened"]
        assert sink.posts[0]["message"] == "body\n\nnotice: a:opened"


def test_a_channel_that_refuses_is_not_pressed_with_the_rest() -> None:
    @story(ops="SINK")
    async def _(desk: Desk, sink: Sink) -> None:
        sink.answers += [500]
        for number in range(3):
            desk.outbox.queue(notice(str(number), at_ms=NOW + number), "ops")
        assert [row.outcome for row in await desk.drain()] == [Outcome.FAILED]
        assert [row.outcome for row in await desk.drain()] == [Outcome.SENT, Outcome.SENT]
        assert sink.titles == ["[URGENT] 1:opened", "[URGENT] 2:opened"]


def test_an_opening_that_never_arrived_is_told_with_its_end() -> None:
    @story(ops="SINK")
    async def _(desk: Desk, sink: Sink) -> None:
        sink.answers += [503]
        desk.outbox.queue(notice("a"), "ops")
        await desk.drain()
        desk.outbox.queue(notice("a", NoticePhase.RESOLVED, NOW + 1), "ops")
        await desk.drain()
        assert sink.titles == ["[URGENT] (first told now) a:resolved"]
        assert "notice: a:resolved, a:opened" in sink.posts[0]["message"]
        assert desk.rows[1:] == [("ops a:opened", Outcome.SUPPRESSED), ("ops a:resolved", Outcome.SENT)]
        assert await desk.drain() == []


def test_after_a_day_it_is_given_up_loudly(caplog: pytest.LogCaptureFixture) -> None:
    @story(ops="SINK")
    async def _(desk: Desk, sink: Sink) -> None:
        sink.answers += [500] * 5
        desk.outbox.queue(notice("a"), "ops")
        for _ in range(4):
            desk.now_ms += HOUR
            await desk.drain()
        desk.now_ms = NOW + DAY
        with caplog.at_level(logging.INFO, "wamon.outbox"):
            (last,) = await desk.drain()
        assert (last.outcome, last.reason) == (Outcome.GIVEN_UP, Reason.TOO_OLD)
        assert await desk.drain() == []
        assert len(sink.paths) == 5

    (loud,) = (one for one in caplog.records if one.levelno >= logging.ERROR)
    assert loud.getMessage().startswith(
        "channel ops: GAVE UP on a:opened after 5 attempts (too_old): the service itself is in trouble"
    )
    assert "Not told: [URGENT] (late: 24 h) a:opened" in loud.getMessage()


def test_an_address_nothing_understands_is_given_up_at_once_and_secretly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @story(ops="nosuch://user:geheim@host")
    async def _(desk: Desk, _sink: Sink) -> None:
        desk.outbox.queue(notice("a"), "ops")
        (row,) = await desk.drain()
        assert (row.outcome, row.reason) == (Outcome.GIVEN_UP, Reason.IMPOSSIBLE)
        assert "geheim" not in row.detail

    assert "GAVE UP" in caplog.text
    assert "geheim" not in caplog.text


def test_p7_a_hung_channel_delays_no_other_not_even_in_later_rounds() -> None:
    async def live() -> None:
        async with AsyncExitStack() as stack:
            sink = await stack.enter_async_context(json_sink())
            hole = await stack.enter_async_context(black_hole())
            courier = Courier({"hung": f"json://127.0.0.1:{hole}/", "well": sink.url})
            stack.push_async_callback(courier.close)
            desk = Desk(courier)
            desk.outbox.queue(notice("a"), "hung", "well")
            first = asyncio.create_task(desk.drain())
            async with asyncio.timeout(10):
                await sink.came.wait()
                while ("well a:opened", Outcome.SENT) not in desk.rows:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                desk.outbox.queue(notice("b"), "hung", "well")
                rows = await desk.drain()
            assert [(row.channel, row.notice_key) for row in rows] == [("well", "b:opened")]
            assert not first.done()
            await courier.close()
            assert [row.outcome for row in await first if row.channel == "hung"] == [Outcome.FAILED]

    asyncio.run(live())


def test_two_rounds_at_once_tell_nothing_twice() -> None:
    @story(ops="SINK", dev="SINK")
    async def _(desk: Desk, sink: Sink) -> None:
        for number in range(4):
            desk.outbox.queue(notice(str(number)), "ops", "dev")
        await asyncio.gather(*(desk.drain() for _ in range(6)))
        assert len(sink.posts) == 8
        assert len(desk.outbox.dispatches()) == 8


class SlowReading(SqliteOutbox):
    """An outbox whose answer was true when it was asked, and arrives when ``read`` says so."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.read = asyncio.Event(), asyncio.Event()
        self.read.set()

    async def pending_dispatches(self) -> Sequence[Pending]:
        found = await super().pending_dispatches()
        self.asked.set()
        await self.read.wait()
        return found


def test_what_was_read_before_a_channel_finished_is_not_told_again() -> None:
    async def live() -> None:
        async with json_sink(held=asyncio.Event()) as sink:
            courier = Courier({"ops": sink.url})
            outbox = SlowReading()
            desk = Desk(courier, outbox)
            outbox.queue(notice("a"), "ops")
            first = asyncio.create_task(desk.drain())
            await sink.came.wait()
            outbox.asked.clear()
            outbox.read.clear()
            second = asyncio.create_task(desk.drain())
            await outbox.asked.wait()
            assert sink.held is not None
            sink.held.set()
            assert [row.outcome for row in await first] == [Outcome.SENT]
            outbox.read.set()
            assert await second == []
            assert len(sink.posts) == 1
            await courier.close()

    asyncio.run(live())


def test_two_rounds_that_read_at_the_same_time_share_no_notice() -> None:
    async def live() -> None:
        async with json_sink() as sink:
            courier = Courier({"ops": sink.url})
            outbox = SlowReading()
            desk = Desk(courier, outbox)
            outbox.queue(notice("a"), "ops")
            outbox.read.clear()
            rounds = [asyncio.create_task(desk.drain()) for _ in range(2)]
            await outbox.asked.wait()
            outbox.read.set()
            assert sum(len(rows) for rows in await asyncio.gather(*rounds)) == 1
            assert len(sink.posts) == 1
            await courier.close()

    asyncio.run(live())


def test_what_a_full_disk_cannot_take_is_not_sent_again_and_written_later() -> None:
    @story(ops="SINK")
    async def _(desk: Desk, sink: Sink) -> None:
        desk.outbox.full = True
        desk.outbox.queue(notice("a"), "ops")
        assert [row.outcome for row in await desk.drain()] == [Outcome.SENT]
        assert await desk.drain() == []
        sink.answers += [500]
        desk.outbox.queue(notice("b"), "ops")
        assert [row.attempt for row in await desk.drain()] == [1]
        assert await desk.drain() == [], "the wait of an attempt that could not be written holds all the same"
        desk.now_ms += 5 * SECOND
        assert [(row.attempt, row.outcome) for row in await desk.drain()] == [(2, Outcome.SENT)]
        assert desk.rows == []
        desk.outbox.full = False
        assert await desk.drain() == []
        assert desk.rows == [
            ("ops a:opened", Outcome.SENT), ("ops b:opened", Outcome.FAILED), ("ops b:opened", Outcome.SENT),
        ]  # fmt: skip
        assert sink.titles == ["[URGENT] a:opened", "[URGENT] b:opened"]


def test_an_outbox_that_cannot_be_read_is_said_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    @story(ops="SINK")
    async def _(desk: Desk, _sink: Sink) -> None:
        desk.outbox.close()
        assert await desk.drain() == []

    assert "the outbox cannot be read: notices wait; look at the database with: wamon db check" in caplog.text


class Broken:
    """A courier with a defect: it raises for one channel."""

    async def send(self, channel: str, _letter: Letter) -> Delivery:
        if channel == "ops":
            raise RuntimeError("a defect")
        return Delivery(ok=True)


def test_a_defect_on_one_channel_is_a_failed_attempt_there_and_nothing_elsewhere() -> None:
    async def live() -> None:
        outbox = SqliteOutbox()
        outbox.queue(notice("a"), "ops", "dev")
        rows = {row.channel: row for row in await Drain(outbox, Broken(), lambda: NOW, lambda: 0.0).drain()}
        assert rows["dev"].outcome is Outcome.SENT
        assert (rows["ops"].outcome, rows["ops"].next_attempt_ms) == (Outcome.FAILED, NOW + 5 * SECOND)
        assert rows["ops"].detail == "the attempt broke off with RuntimeError"

    asyncio.run(live())


class SlowWriting(SqliteOutbox):
    """An outbox that gives others a turn while it writes, as one with a writer thread does."""

    async def append_dispatches(self, dispatches: Sequence[Dispatch]) -> None:
        rows = list(dispatches)
        await asyncio.sleep(0)
        await super().append_dispatches(rows)


class Instant:
    """A courier whose channels all answer in the same moment."""

    async def send(self, _channel: str, _letter: Letter) -> Delivery:
        return Delivery(ok=True)


def test_channels_that_finish_together_write_every_row_once() -> None:
    async def live() -> None:
        outbox = SlowWriting()
        outbox.queue(notice("a"), "ops", "dev", "web")
        rows = await Drain(outbox, Instant(), lambda: NOW).drain()
        assert sorted(row.channel for row in outbox.dispatches()) == ["dev", "ops", "web"]
        assert len(rows) == 3

    asyncio.run(live())


DAEMON = """
import asyncio, sys, time
from tests.support.outbox import SqliteOutbox
from wamon.ledger.words import Notice
from wamon.notifier.courier import Courier
from wamon.work.drain import Drain

async def main(path, urls):
    outbox, courier = SqliteOutbox(path), Courier(dict(pair.split("=", 1) for pair in urls))
    drain = Drain(outbox, courier, lambda: time.time_ns() // 1_000_000)
    while await outbox.pending_dispatches():
        await drain.drain()
        await asyncio.sleep(0.05)
    await courier.close()

asyncio.run(main(sys.argv[1], sys.argv[2:]))
"""
KILLS = many(8, 1_000)


@pytest.mark.grows
def test_p4_p5_kills_lose_no_notice_and_repeat_at_most_one_each(tmp_path: Path) -> None:
    async def live() -> None:
        async with json_sink() as ops, json_sink() as dev:
            outbox = SqliteOutbox(tmp_path / "outbox.db")
            for number in range(3 * KILLS):
                outbox.queue(notice(str(number), NoticePhase.NOTE, at_ms=NOW + number), "ops", "dev")
            arguments = [str(tmp_path / "outbox.db"), f"ops={ops.url}", f"dev={dev.url}"]
            for number in range(KILLS):
                ops.held = asyncio.Event() if number % 2 else None  # killed amid a request, or around its end
                seen = len(ops.posts)
                ops.came.clear()
                daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", DAEMON, *arguments)
                await ops.came.wait()
                while not number % 2 and len(ops.posts) == seen:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                daemon.kill()
                await daemon.wait()
            ops.held = None
            daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", DAEMON, *arguments)
            assert await daemon.wait() == 0
            expected = {f"[URGENT] {number}:note" for number in range(3 * KILLS)}
            for sink in (ops, dev):
                told = [title.replace("(late", "").split(" ")[-1] for title in sink.titles]
                assert {f"[URGENT] {one}" for one in told} == expected
                assert len(told) - len(set(told)) <= KILLS

    asyncio.run(live())

"""What cannot be written waits in memory in its order, is sent all the same, and is in the book afterwards."""

import asyncio
import logging
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ledger.sample import CONTEXT, EVER, GOOD, NOON, THEIRS, ruled, seen
from wamon.assembly import House
from wamon.core.dispatching import Delivery, Dispatch, Letter, Outcome
from wamon.core.finding import Origin
from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import WithdrawnFacts
from wamon.core.publication import Publication
from wamon.core.subscription import hears
from wamon.core.timeline import DAY, MINUTE
from wamon.ledger import Ledger, LedgerUnavailableError, open_ledger
from wamon.settings import parse
from wamon.wiring import Askers
from wamon.work import backlog
from wamon.work.backlog import Backlog
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain
from wamon.work.outbox import Outbox


def notice(name: str) -> Notice:
    facts = WithdrawnFacts("graph", NOON)
    return Notice(f"{name}:opened", Kind.OUTAGE, NoticePhase.OPENED, "graph", Severity.URGENT, name, facts, NOON)


class Collected:
    """A courier that keeps what it was given to send."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    async def send(self, _channel: str, letter: Letter) -> Delivery:
        self.titles.append(letter.title)
        return Delivery(ok=True)


class Desk:
    """A book on a real file, a disk that can be full, and a drain with a courier that never fails."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "wamon.db"
        self.ledger = open_ledger(self.path)
        self.now_s = 0.0
        self.book = Bookkeeper(self.ledger, {"ops": hears(Kind.OUTAGE)})
        self.courier = Collected()
        self.use(Backlog(self.ledger, lambda: self.now_s))

    def use(self, backlog: Backlog) -> None:
        self.book.backlog, self.book.outbox = backlog, Outbox(self.ledger, backlog)
        self.drain = Drain(self.book.outbox, self.courier, lambda: NOON, lambda: 0.0)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Writes that really fail, for as long as this lasts; then it is a second later."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.path.with_name("wamon.db-wal").stat().st_size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            self.now_s += backlog.AGAIN_AFTER_S

    async def look(self, at_ms: int, finding: object = GOOD) -> bool:
        return await self.book.record(seen(at_ms), CONTEXT, ruled(finding, at_ms)) is not None  # type: ignore[arg-type]


def story(folder: Path) -> Callable[[Callable[[Desk], object]], None]:
    def run(told: Callable[[Desk], object]) -> None:
        async def live() -> None:
            desk = Desk(folder)
            try:
                assert await desk.look(NOON)
                await told(desk)  # type: ignore[misc]
            finally:
                await desk.ledger.close()

        asyncio.run(live())

    return run


async def looks(ledger: Ledger) -> list[int]:
    return [mark.at_ms - NOON for mark in await ledger.marks("graph", EVER)]


def test_what_a_full_disk_does_not_take_is_in_the_book_afterwards_in_its_order(tmp_path: Path) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        with desk.full():
            assert not await desk.look(NOON + 1, THEIRS)
            await desk.book.append_rulings([ruled(GOOD, NOON + 1, origin=Origin.FOLLOW_UP)])
            await desk.book.heartbeat(NOON, NOON + 2)
            desk.now_s += backlog.AGAIN_AFTER_S
            assert not await desk.look(NOON + 2), "the disk was asked again, and is still full"
        assert await looks(desk.ledger) == [0]
        assert await desk.look(NOON + 3), "what waited went first"
        assert await looks(desk.ledger) == [0, 1, 2, 3]
        assert (await desk.ledger.marks("graph", EVER))[1].finding == GOOD
        assert (await desk.ledger.running(EVER))[0].end_ms == NOON + 2


def test_p19_a_notice_that_cannot_be_written_is_sent_at_once_and_only_once(tmp_path: Path) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        await desk.book.enqueue([notice("before")])
        with desk.full():
            await desk.book.enqueue([notice("amid"), notice("before")])
            await desk.book.enqueue([notice("amid")])
            assert await desk.book.outbox.state(NOON + 7) == (2, 7)
            await desk.drain.drain()
            await desk.drain.drain()
            assert sorted(desk.courier.titles) == ["amid", "before"]
        await desk.drain.drain()
        assert sorted(desk.courier.titles) == ["amid", "before"]
        assert await desk.book.outbox.pending_dispatches() == []
        kept = [row.state.value for row in await desk.ledger.read(lambda book: book.dispatches("amid:opened"))]
        assert kept == ["queued", "sent"]
        await desk.book.enqueue([notice("amid")])
        await desk.drain.drain()
        assert sorted(desk.courier.titles) == ["amid", "before"], "a fact is told once, however it was written"


def test_nothing_is_published_while_the_book_is_behind(tmp_path: Path) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        with desk.full():
            await desk.look(NOON + 1)
        rows: list[tuple[Publication, list[object]]] = []
        with pytest.raises(LedgerUnavailableError, match="1 writings wait for the disk: free some space"):
            await desk.book.publish(rows)  # type: ignore[arg-type]
        await desk.book.backlog.settle()
        await desk.book.publish(rows)  # type: ignore[arg-type]


def test_the_writer_is_alive_while_the_disk_is_full(tmp_path: Path) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        with desk.full():
            for _ in range(90):
                desk.now_s += 1
                await desk.look(NOON + int(desk.now_s))
            assert (desk.book.backlog.answered_s, desk.book.backlog.written_s) == (90.0, 0.0)
        await desk.book.backlog.settle()
        assert desk.book.backlog.written_s == 91.0


def test_the_disk_is_asked_once_a_second_however_many_look(tmp_path: Path) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        with desk.full():
            await desk.look(NOON + 1)
            await desk.look(NOON + 2)  # asks again, and is told no
            refused = desk.ledger.write
            asked: list[object] = []
            desk.ledger.write = lambda act: asked.append(act) or refused(act)  # type: ignore[method-assign,func-returns-value]
            await asyncio.gather(*(desk.look(NOON + number) for number in range(3, 100)))
        assert asked == []
        await asyncio.gather(*(desk.book.backlog.settle() for _ in range(5)))
        assert await looks(desk.ledger) == list(range(100))
        assert len(asked) == 1, "together, in one transaction"


def test_memory_has_an_end_and_a_notice_finds_room_where_a_look_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        desk.use(Backlog(desk.ledger, lambda: desk.now_s, room=3))
        with desk.full():
            for number in range(1, 4):
                await desk.look(NOON + number)
            with pytest.raises(LedgerUnavailableError, match="nothing more can be kept in memory: free some"):
                await desk.look(NOON + 4)
            await desk.book.enqueue([notice("a")])
        with caplog.at_level(logging.WARNING, "wamon.backlog"):
            assert await desk.look(NOON + 5)
        assert await looks(desk.ledger) == [0, 1, 2, 3, 5]
        assert len(await desk.book.outbox.pending_dispatches()) == 1

    assert caplog.messages[1:] == [
        "it can be written again: 4 writings that waited are done,"
        " 1 found no room and are lost: that time is unobserved"
    ]


def test_one_that_can_never_be_written_does_not_hold_up_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        with desk.full():
            await desk.look(NOON + 1)
            await desk.book.backlog.write(lambda book: book.db.execute("DELETE FROM notices_that_are_not"))
            await desk.look(NOON + 2)
        assert await desk.look(NOON + 3)
        assert await looks(desk.ledger) == [0, 1, 2, 3]

    assert "a writing that waited is refused, and lost" in caplog.text


def test_what_was_sent_and_never_written_is_settled_with_the_next_write(tmp_path: Path) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        with desk.full():
            await desk.book.enqueue([notice("a")])
            (row,) = await desk.drain.drain()
            assert isinstance(row, Dispatch)
            assert row.outcome is Outcome.SENT
        assert await desk.look(NOON + 1)
        owed = [one.notice.key for one in await desk.ledger.owed()]
        assert owed == ["a:opened"], "the book has the notice, and the drain knows that it was sent"
        await desk.drain.drain()
        assert (desk.courier.titles, await desk.ledger.owed()) == (["a"], [])


WATCHED = """
[reference]
enabled = false
[[targets]]
name = "graph"
probe = "edge"
"""


def test_a_weekly_pass_that_the_disk_does_not_take_is_made_again_in_a_minute(tmp_path: Path) -> None:
    @story(tmp_path)
    async def _(desk: Desk) -> None:
        woken: list[tuple[str, int]] = []
        house = House(
            parse(WATCHED), desk.book, Askers({}), lambda: NOON + DAY,
            drain=desk.drain, wake=lambda name, at_ms: woken.append((name, at_ms)),
        )  # fmt: skip
        await house.wake_up()
        (weekly,) = [job for job in house.jobs() if job.name == "weekly pass"]
        with desk.full(), pytest.raises(LedgerUnavailableError):
            await weekly.run(NOON + DAY)
        assert woken[-1] == ("weekly pass", NOON + DAY + MINUTE)
        await desk.book.backlog.settle()
        await weekly.run(NOON + DAY)
        assert len(await desk.book.passes()) == 1

"""Taking webhooks in: alone at once, in a crowd together, and nobody is told before it is on the disk."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from tests.ledger.sample import NOON
from tests.support.receiver import status_event
from wamon.ledger import Ledger, memory_ledger, open_book, open_ledger
from wamon.ledger.words import Arrival
from wamon.work import receive
from wamon.work.receive import Intake, Received

Story = Callable[[Ledger, Intake], Awaitable[None]]


def told(story: Story, path: Path | None = None, heard: list[Arrival] | None = None) -> None:
    async def run() -> None:
        ledger = open_ledger(path) if path else memory_ledger()
        try:
            hear = [].append if heard is None else heard.append
            await story(ledger, Intake(ledger, b"key", lambda: NOON, hear))
        finally:
            await ledger.close()

    asyncio.run(run())


def event(number: int) -> bytes:
    return status_event(f"wamid.{number}")


def test_what_is_told_is_on_the_disk_and_only_what_is_new_is_passed_on(tmp_path: Path) -> None:
    heard: list[Arrival] = []

    async def story(ledger: Ledger, intake: Intake) -> None:
        other = open_book(tmp_path / "wamon.db", readonly=True)
        for number in range(10):
            assert await intake.take("graph", event(number)) is Received.STORED
            assert len(other.reports_after(0, 99)) == len(heard) == number + 1
            assert await intake.take("graph", event(number)) is Received.DUPLICATE
        other.close()
        assert [one.account for one in heard] == ["graph"] * 10
        assert [one.received_at_ms for one in heard] == [NOON] * 10

    told(story, tmp_path / "wamon.db", heard)


def test_a_crowd_is_written_together() -> None:
    async def story(ledger: Ledger, intake: Intake) -> None:
        before = ledger.commits
        outcomes = await asyncio.gather(*(intake.take("graph", event(n % 300)) for n in range(400)))
        assert outcomes.count(Received.STORED) == 300
        assert outcomes.count(Received.DUPLICATE) == 100
        assert ledger.commits - before == 1

    told(story)


@pytest.mark.timed
def test_one_alone_does_not_wait_for_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "BREATH_S", 0.5)

    async def story(ledger: Ledger, intake: Intake) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await intake.take("graph", event(1))
        assert loop.time() - began_s < 0.4
        began_s = loop.time()
        await asyncio.gather(*(intake.take("graph", event(n)) for n in range(2, 9)))
        assert loop.time() - began_s < 0.9, "and a crowd no longer than a breath"

    told(story)


def test_commits_begin_a_breath_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "BREATH_S", 0.1)

    async def story(ledger: Ledger, intake: Intake) -> None:
        before, waiting = ledger.commits, []
        for number in range(40):
            waiting.append(asyncio.ensure_future(intake.take("graph", event(number))))
            await asyncio.sleep(0.002)
        assert set(await asyncio.gather(*waiting)) == {Received.STORED}
        assert ledger.commits - before <= 10

    told(story)


def test_whoever_stops_waiting_stops_nobody_else() -> None:
    async def story(ledger: Ledger, intake: Intake) -> None:
        waiting = [asyncio.ensure_future(intake.take("graph", event(n))) for n in range(6)]
        await asyncio.sleep(0)
        for one in waiting[::2]:
            one.cancel()
        await asyncio.wait(waiting)
        assert [one.cancelled() for one in waiting] == [True, False] * 3
        assert len(await ledger.read(lambda book: book.reports_after(0, 9))) == 6

    told(story)


def test_what_cannot_be_stored_is_said_to_all_who_wait_and_the_next_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[Arrival] = []

    async def story(ledger: Ledger, intake: Intake) -> None:
        async def tries(numbers: Sequence[int]) -> set[Received]:
            return set(await asyncio.gather(*(intake.take("graph", event(n)) for n in numbers)))

        await ledger.write(lambda book: book.db.execute("PRAGMA query_only = ON"))
        assert await tries(range(5)) == {Received.UNAVAILABLE}
        assert heard == []
        await ledger.write(lambda book: book.db.execute("PRAGMA query_only = OFF"))
        assert await tries(range(5)) == {Received.STORED}
        await ledger.close()
        assert await tries([9]) == {Received.UNAVAILABLE}

    told(story, heard=heard)
    assert len(heard) == 5
    assert "5 webhooks could not be stored, Meta will repeat them" in caplog.text


def test_what_is_no_webhook_is_told_by_the_log_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def story(ledger: Ledger, intake: Intake) -> None:
        assert await intake.take("acme", b'"Ada Lovelace"') is Received.MALFORMED

    told(story)
    assert "an authentic webhook of 14 bytes for acme is no JSON of Meta's: refused" in caplog.text
    assert "Ada" not in caplog.text

"""The outbox in the book: each fact once for ever, owed to each channel until one final word about it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger.sample import NOON, Story, attempted, notice, tell
from wamon.core.timeline import MINUTE
from wamon.ledger import Ledger, LedgerError, open_ledger
from wamon.ledger.words import OPEN_STATES, DispatchState

Shelf = Callable[[Story], None]
FINAL_STATES = sorted(set(DispatchState) - OPEN_STATES)


async def owed(ledger: Ledger) -> list[tuple[str, str, DispatchState, int]]:
    return [(one.notice.key, one.last.channel, one.last.state, one.last.attempt) for one in await ledger.owed()]


def test_a_key_is_written_once_for_ever(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        first, again = notice("a", "ops"), notice("a", "ops", "dev", at_ms=NOON + MINUTE)
        assert await ledger.enqueue([first, again]) == [first]
        await ledger.append_dispatches([attempted("a", "ops", DispatchState.SENT)])
        assert await ledger.enqueue([again]) == []
        assert await ledger.notices() == [first]
        assert await owed(ledger) == []


def test_a_notice_is_owed_to_every_channel_that_wants_it_oldest_first(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.enqueue([notice("b", "ops", "dev"), notice("nobody's")])
        await ledger.enqueue([notice("a", "ops", "ops", not_before_ms=NOON + MINUTE)])
        queued = DispatchState.QUEUED
        assert await owed(ledger) == [("b", "dev", queued, 0), ("b", "ops", queued, 0), ("a", "ops", queued, 0)]
        assert [one.last.next_attempt_ms for one in await ledger.owed()] == [0, 0, NOON + MINUTE]


@pytest.mark.parametrize("state", FINAL_STATES)
def test_a_final_word_settles_it_for_that_channel_alone(shelf: Shelf, state: DispatchState) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.enqueue([notice("a", "ops", "dev")])
        late = attempted("a", "ops", DispatchState.FAILED, 1, next_attempt_ms=NOON + 5, error="503")
        await ledger.append_dispatches([late])
        (_, last) = await ledger.owed()
        assert last.last == late
        await ledger.append_dispatches([attempted("a", "ops", state, 2)])
        assert [channel for _, channel, *_ in await owed(ledger)] == ["dev"]
        # An attempt whose outcome came in late is written down, and brings nothing back.
        await ledger.append_dispatches([attempted("a", "ops", DispatchState.FAILED, 1)])
        assert [channel for _, channel, *_ in await owed(ledger)] == ["dev"]
        steps = await ledger.read(lambda book: book.dispatches("a"))
        assert [(one.channel, one.state, one.attempt) for one in steps if one.channel == "ops"] == [
            ("ops", DispatchState.QUEUED, 0),
            ("ops", DispatchState.FAILED, 1),
            ("ops", state, 2),
            ("ops", DispatchState.FAILED, 1),
        ]


def test_what_is_owed_survives_a_restart(tmp_path: Path) -> None:
    async def before(ledger: Ledger) -> None:
        await ledger.enqueue([notice("a", "ops", "dev"), notice("b", "ops")])
        await ledger.append_dispatches(
            [
                attempted("a", "ops", DispatchState.FAILED, next_attempt_ms=NOON + 7),
                attempted("b", "ops", DispatchState.SENT),
            ]
        )

    async def after(ledger: Ledger) -> None:
        assert await owed(ledger) == [
            ("a", "dev", DispatchState.QUEUED, 0),
            ("a", "ops", DispatchState.FAILED, 1),
        ]
        assert await ledger.enqueue([notice("a", "ops"), notice("b", "ops")]) == []

    for story in (before, after, after):
        tell(story, lambda: open_ledger(tmp_path / "wamon.db"))


def test_rows_of_attempts_are_written_together_or_not_at_all(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.enqueue([notice("a", "ops")])
        with pytest.raises(LedgerError, match="there is no notice ghost that ops could have been told"):
            await ledger.append_dispatches(
                [attempted("a", "ops", DispatchState.SENT), attempted("ghost", "ops", DispatchState.SENT)]
            )
        assert await owed(ledger) == [("a", "ops", DispatchState.QUEUED, 0)]


def test_the_latest_notices_come_first_and_as_many_as_asked_for(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.enqueue([notice(str(number), at_ms=NOON + number) for number in range(10)])
        assert [one.key for one in await ledger.notices(most=3)] == ["9", "8", "7"]
        assert [one.key for one in await ledger.notices(since_ms=NOON + 8)] == ["9", "8"]


def test_who_was_told_of_an_incident_is_asked_by_its_whole_name(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.enqueue([notice("a@1:opened", "ops", "dev"), notice("a@10:opened", "web")])
        await ledger.append_dispatches([attempted("a@1:opened", "ops", DispatchState.SENT)])
        assert await ledger.read(lambda book: book.channels_told("a@1")) == {"ops", "dev"}
        assert await ledger.read(lambda book: book.channels_told("a@")) == frozenset()


def test_only_letters_that_were_sent_are_counted_and_from_an_instant_on(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.enqueue([notice(name, "ops") for name in "abc"])
        await ledger.append_dispatches(
            [
                attempted("a", "ops", DispatchState.SENT),
                attempted("b", "ops", DispatchState.FAILED, 1),
                attempted("c", "ops", DispatchState.SUPPRESSED),
            ]
        )
        at_ms = attempted("a", "ops", DispatchState.SENT).at_ms
        assert await ledger.read(lambda book: book.sent_since(at_ms)) == {"ops": [at_ms]}
        assert await ledger.read(lambda book: book.sent_since(at_ms + 1)) == {}

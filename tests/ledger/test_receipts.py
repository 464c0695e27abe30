"""What arrived by webhook: written once, read by canary, message and span, and pruned after it was summed up."""

import asyncio
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.ledger.sample import EVER, NOON, Story, arrival, reported, tell
from wamon.core.receipt import Gist, keyed_hash, message_hash
from wamon.core.timeline import DAY, HOUR, MINUTE, Span
from wamon.ledger import Ledger, open_ledger
from wamon.ledger.words import Arrival, ReceivedHour, Reported

Shelf = Callable[[Story], None]
HOUR_BEGINS = NOON - NOON % HOUR
bodies = count(10**6)


def body(*reports: object, at_ms: int = NOON, **more: object) -> Arrival:
    return Arrival("graph", at_ms, next(bodies).to_bytes(32, "big"), Gist(("messages",), reports, **more))  # type: ignore[arg-type]


async def statuses(ledger: Ledger, canary: str) -> list[str]:
    return [one.report.message_status for one in await ledger.read(lambda book: book.reports_of_canary(canary))]


def test_a_webhook_is_written_once_however_often_it_comes(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        assert await ledger.receive([arrival(1, reports=2), arrival(2), arrival(1, NOON + 5)]) == [
            True,
            True,
            False,
        ]
        assert await ledger.receive([arrival(2), arrival(3), arrival(1)]) == [False, True, False]
        sizes = await ledger.sizes()
        assert (sizes.rows["receipts"], sizes.rows["status_reports"]) == (3, 2)


def test_a_status_is_written_once_whatever_body_it_comes_in(shelf: Shelf) -> None:
    """Meta may batch anew what it repeats. The first one stands."""

    @shelf
    async def _(ledger: Ledger) -> None:
        first = reported(1, "delivered", canary="wamon:canary:a")
        again = [first, first._replace(at_ms=NOON - 1, codes=(2,)), first._replace(message_status="read")]
        others = [first._replace(recipient=b"another."), first._replace(message=b"another message.")]
        assert await ledger.receive([body(first, first), body(*again), body(*others)]) == [True] * 3
        found = await ledger.read(lambda book: book.reports_of_canary("wamon:canary:a"))
        assert [one.report for one in found] == [first, again[2], *others]


def test_a_report_is_read_back_as_it_was_written(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        told = [
            reported(1, "failed", codes=(131026, 131000), opaque=b"0123456789abcdef", at_ms=None),
            reported(2, "sent", canary="wamon:canary:x"),
        ]
        await ledger.receive([body(told[0]), body(told[1], at_ms=NOON - HOUR)])
        assert await ledger.read(lambda book: book.reports_after(0, 9)) == [
            Reported(1, NOON, "graph", told[0]),
            Reported(2, NOON - HOUR, "graph", told[1]),
        ]
        assert [one.n for one in await ledger.read(lambda book: book.reports_after(0, 1))] == [1]
        assert [one.n for one in await ledger.read(lambda book: book.reports_after(1, 9))] == [2]


def test_a_message_is_found_by_its_wamid_which_is_nowhere(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        assert await ledger.read(lambda book: book.reports_of_message("wamid.A")) == []
        key = await ledger.write(lambda book: book.hash_key())
        await ledger.receive([body(reported(1, "sent", message=message_hash(key, "wamid.A"))), body(reported(2))])
        (found,) = await ledger.read(lambda book: book.reports_of_message("wamid.A"))
        assert found.n == 1


def test_the_key_is_made_once_and_differs_between_installations(tmp_path: Path) -> None:
    keys: list[bytes] = []

    async def ask(ledger: Ledger) -> None:
        keys.extend([await ledger.write(lambda book: book.hash_key()) for _ in range(2)])

    for name in ("one.db", "one.db", "two.db"):
        tell(ask, lambda name=name: open_ledger(tmp_path / name))  # type: ignore[misc]
    assert len(keys) == 6
    assert len(set(keys[:4])) == 1
    assert keys[4] == keys[5] != keys[0]
    assert {len(key) for key in keys} == {32}
    assert keyed_hash(keys[0], "message", "x") != keyed_hash(keys[4], "message", "x")


def test_a_batch_of_many_thousand_is_one_transaction_and_fast(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        before = ledger.commits
        assert all(await ledger.receive([arrival(n, reports=7) for n in range(1_003)]))
        assert ledger.commits == before + 1
        assert len(await ledger.read(lambda book: book.reports_after(0, 10_000))) == 7_021


def test_what_could_not_be_written_whole_is_not_written_at_all(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        broken = body(reported(5, "sent", message=None), reported(6))
        with pytest.raises(Exception, match="NOT NULL"):
            await ledger.receive([arrival(1, reports=1, account="new"), broken])
        assert await ledger.receive([arrival(2, reports=1, account="other")]) == [True]
        (one,) = await ledger.read(lambda book: book.reports_after(0, 9))
        assert (one.account, one.report) == ("other", reported(2_000)), "no term of the failed write is remembered"


def test_account_events_are_read_back_by_when_they_came(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.receive([arrival(1, events=2), arrival(2, NOON + 1, events=1, account="b")])
        found = await ledger.read(lambda book: book.account_events(Span(NOON, NOON + 1)))
        assert [(one.n, one.received_at_ms, one.account) for one in found] == [
            (1, NOON, "graph"),
            (2, NOON, "graph"),
        ]
        assert found[0].event == arrival(1, events=1).gist.events[0]


def test_an_authentic_event_is_evidence_and_an_empty_one_is_not(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        async def last(*span: int, account: str | None = None) -> int | None:
            return await ledger.read(lambda book: book.last_arrival_ms(Span(*span), account=account))

        assert await last(0, NOON * 2) is None
        await ledger.receive([Arrival("graph", NOON + 50, b"empty", Gist())])
        assert await last(0, NOON * 2) is None
        await ledger.receive([arrival(1), arrival(2, NOON + 9), arrival(3, NOON + 20, account="b")])
        assert await last(0, NOON * 2) == NOON + 20
        assert await last(NOON, NOON + 20) == NOON + 9
        assert await last(NOON + 10, NOON + 20) is None
        assert await last(0, NOON * 2, account="graph") == NOON + 9
        assert await last(0, NOON * 2, account="nobody") is None


def test_the_periods_of_listening_grow_and_a_gap_begins_another(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        for began, now in ((0, 0), (0, 5), (0, 9), (20, 20), (20, 30)):
            await ledger.write(lambda book, began=began, now=now: book.listen(NOON + began, NOON + now))  # type: ignore[misc]
        found = await ledger.read(lambda book: book.listening(EVER))
        assert found == [Span(NOON, NOON + 9), Span(NOON + 20, NOON + 30)]
        assert await ledger.running(EVER) == [], "listening is not looking"


async def filled(ledger: Ledger) -> None:
    """Three days, two accounts, a webhook every ten minutes."""
    for number, at_ms in enumerate(range(HOUR_BEGINS - 3 * DAY, HOUR_BEGINS, 10 * MINUTE)):
        account = "graph" if number % 3 else "other"
        told = arrival(number, at_ms, reports=2, inbound=3, account=account)
        canary = told.gist.reports[0]._replace(canary=f"wamon:canary:{number}")
        gist = told.gist._replace(reports=(canary, told.gist.reports[1]), events=arrival(0, events=1).gist.events)
        await ledger.receive([told._replace(gist=gist)])


def test_pruning_leaves_the_hours_the_canaries_and_what_is_young(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await filled(ledger)
        before = await ledger.read(lambda book: book.received_hours(EVER))
        assert len(before) == 2 * 72
        assert before[0] == ReceivedHour(HOUR_BEGINS - 3 * DAY, "graph", 4, 8, 12)
        cut = HOUR_BEGINS - DAY + 25 * MINUTE
        assert await ledger.prune_receipts(cut, canaries_before_ms=HOUR_BEGINS - 2 * DAY) == 48 * 6
        assert await ledger.read(lambda book: book.received_hours(EVER)) == before
        rows = (await ledger.sizes()).rows
        assert rows["receipts"] == 24 * 6, "the hour of the cut is not over and stays whole"
        assert rows["status_reports"] == 24 * 6 * 2 + 24 * 6
        assert rows["account_events"] == 48 * 6
        assert await statuses(ledger, f"wamon:canary:{24 * 6}") == ["sent"]
        assert await statuses(ledger, f"wamon:canary:{24 * 6 - 1}") == []
        assert await ledger.prune_receipts(cut, canaries_before_ms=cut) == 0
        assert await ledger.receive([arrival(0)]) == [True], "what was forgotten is new"
        assert await ledger.read(lambda book: book.check()) == []


def test_pruning_goes_hour_by_hour_so_that_nobody_waits_long(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await filled(ledger)
        before = ledger.commits
        writing = asyncio.ensure_future(ledger.prune_receipts(HOUR_BEGINS, canaries_before_ms=0))
        while not writing.done():
            assert await ledger.receive([body()]) == [True]
        assert await writing == 72 * 6
        assert ledger.commits - before >= 72

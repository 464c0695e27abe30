"""What every ledger keeps to, in memory and in a file: one suite."""

from collections.abc import Callable
from datetime import date

import pytest

from tests.ledger.sample import (
    CONTEXT,
    DURATIONS,
    EVER,
    GOOD,
    NOON,
    OURS,
    THEIRS,
    TODAY,
    UNKNOWN,
    Story,
    look,
    published,
    ruled,
    seen,
    stretch,
)
from wamon.core.finding import Mark, Origin, Ruling, Verdict
from wamon.core.publication import Passed
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span
from wamon.ledger import Ledger, LedgerError
from wamon.ledger.words import Declaration, Missed, MissedReason, Recorded

Shelf = Callable[[Story], None]
PERSONS_WORD = Declaration("ruling", {"what": "graph"}, NOON, "ada", "Meta told us on the phone")


async def standing(ledger: Ledger, target: str = "graph") -> list[Verdict]:
    return [mark.finding.verdict for mark in await ledger.marks(target, EVER)]


async def declared(ledger: Ledger, *rulings: Ruling) -> int:
    return await ledger.write(lambda book: book.declare(PERSONS_WORD, rulings))


async def withdrawn(ledger: Ledger, number: int) -> None:
    await ledger.write(lambda book: book.withdraw(number, at_ms=NOON + 1, author="bob", because="it was ours"))


def by_person(verdict: object = GOOD) -> Ruling:
    return ruled(verdict, origin=Origin.PERSON, author="ada", because="on the phone")  # type: ignore[arg-type]


def test_a_look_is_acknowledged_by_its_key_and_read_back(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        told = await ledger.record(seen(NOON + 250), CONTEXT, ruled(GOOD, NOON + 250))
        assert (told, told.name) == (Recorded("graph", NOON + 250, True), "graph@2026-03-02T12:00:00.250Z")
        assert await ledger.marks("graph", TODAY) == [Mark(NOON + 250, CONTEXT, GOOD)]


def test_the_first_look_of_a_key_stands(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        assert await look(ledger, THEIRS)
        assert not await look(ledger, GOOD)
        assert await standing(ledger) == [Verdict.SYSTEM_ERROR]
        assert await ledger.read(lambda book: book.tallies()) == {("graph", Verdict.SYSTEM_ERROR): 1}
        assert await look(ledger, GOOD, target="other"), "another target's key is another key"


def test_a_span_holds_its_start_and_not_its_end(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        for at_ms in (NOON - 1, NOON, NOON + 9, NOON + 10):
            await look(ledger, THEIRS, at_ms)
        span = Span(NOON, NOON + 10)
        assert [mark.at_ms for mark in await ledger.marks("graph", span)] == [NOON, NOON + 9]
        assert [one.exchange.at_ms for one in await ledger.witnessed(span)] == [NOON, NOON + 9]


def test_a_target_that_was_never_watched_has_nothing(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        assert await ledger.marks("nobody", EVER) == []
        assert await ledger.witnessed(EVER, targets=["nobody"]) == []
        assert await ledger.read(lambda book: book.exchange("nobody", NOON)) is None
        assert await ledger.read(lambda book: book.first_ruling("nobody", NOON)) is None


def test_the_latest_ruling_stands_and_the_first_one_stays(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await look(ledger, UNKNOWN)
        await ledger.append_rulings([ruled(OURS, origin=Origin.FOLLOW_UP, evidence=("control@x",))])
        # The order is the book's: a clock that was set back does not make an older ruling stand.
        late = ruled(THEIRS, origin=Origin.RECLASSIFICATION)
        await ledger.append_rulings([Ruling("graph", NOON, THEIRS, late.origin, late.edition, NOON - DAY)])
        assert await standing(ledger) == [Verdict.SYSTEM_ERROR]
        assert [one.finding for one in await ledger.marks("graph", EVER, standing=False)] == [UNKNOWN]
        first = await ledger.read(lambda book: book.first_ruling("graph", NOON))
        assert first == ruled(UNKNOWN)
        every = await ledger.read(lambda book: book.rulings(EVER))
        assert [one.ruling.finding for one in every] == [OURS, THEIRS]
        assert every[0].ruling == ruled(OURS, origin=Origin.FOLLOW_UP, evidence=("control@x",))


def test_a_person_outranks_every_rule_until_withdrawn(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await look(ledger, UNKNOWN)
        number = await declared(ledger, by_person(GOOD))
        await ledger.append_rulings([ruled(THEIRS, origin=Origin.RECLASSIFICATION)])
        assert await standing(ledger) == [Verdict.OK]
        (kept,) = await ledger.witnessed(EVER)
        assert kept.first == UNKNOWN
        assert kept.standing == by_person(GOOD)
        await withdrawn(ledger, number)
        assert await standing(ledger) == [Verdict.SYSTEM_ERROR]
        assert len(await ledger.read(lambda book: book.rulings(EVER))) == 2, "all stay visible"


def test_of_two_persons_the_later_one_stands_and_the_earlier_one_again_after_it(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await look(ledger, UNKNOWN)
        first, second = await declared(ledger, by_person(GOOD)), await declared(ledger, by_person(OURS))
        assert await standing(ledger) == [Verdict.USER_ERROR]
        await withdrawn(ledger, second)
        assert await standing(ledger) == [Verdict.OK]
        await withdrawn(ledger, first)
        assert await standing(ledger) == [Verdict.INCONCLUSIVE]
        (kept,) = await ledger.witnessed(EVER)
        assert kept.standing is None
        assert [one.withdrawn for one in await ledger.read(lambda book: book.rulings(EVER))] == [True, True]


def test_declarations_say_who_when_and_why_and_who_withdrew_them(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        number = await declared(ledger)
        window = Declaration("maintenance", {"zone": "Europe/Berlin", "days": ["sat"]}, NOON, "eve", "router")
        await ledger.write(lambda book: book.declare(window))
        await withdrawn(ledger, number)
        told, other = await ledger.read(lambda book: book.declarations())
        assert (told.n, told.author, told.because) == (number, "ada", "Meta told us on the phone")
        assert (told.withdrawn_at_ms, told.withdrawn_by, told.withdrawn_because) == (
            NOON + 1,
            "bob",
            "it was ours",
        )
        assert await ledger.read(lambda book: book.declarations("maintenance")) == [other]
        assert (other.content, other.withdrawn_at_ms) == (window.content, None)


@pytest.mark.parametrize(
    ("number", "twice", "words"),
    [
        (7, False, "there is no declaration 7: list shows the numbers"),
        (1, True, "bob has withdrawn declaration 1 before: nothing to do"),
    ],
)
def test_what_cannot_be_withdrawn_is_refused(shelf: Shelf, number: int, twice: bool, words: str) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await declared(ledger)
        if twice:
            await withdrawn(ledger, number)
        with pytest.raises(LedgerError) as refusal:
            await withdrawn(ledger, number)
        assert str(refusal.value).endswith(words)


def test_a_ruling_of_the_wrong_origin_is_refused_and_nothing_is_written(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="a first ruling is live, not follow_up"):
            await ledger.record(seen(), CONTEXT, ruled(GOOD, origin=Origin.FOLLOW_UP))
        with pytest.raises(ValueError, match="not on this exchange"):
            await ledger.record(seen(NOON + 1), CONTEXT, ruled(GOOD))
        with pytest.raises(ValueError, match="comes with its declaration"):
            await ledger.append_rulings([by_person()])
        with pytest.raises(ValueError, match="and no other ruling does"):
            await declared(ledger, ruled(GOOD, origin=Origin.RECLASSIFICATION))
        assert await ledger.marks("graph", EVER) == []
        assert await ledger.read(lambda book: book.declarations()) == []


def test_what_was_not_good_is_kept_whole_and_the_good_on_request(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await look(ledger, GOOD)
        await look(ledger, GOOD, NOON + 1, keep=True)
        await look(ledger, THEIRS, NOON + 2)
        await look(ledger, THEIRS, NOON + 2, target="another")
        kept = [(one.exchange.target, one.exchange.at_ms) for one in await ledger.witnessed(EVER)]
        assert sorted(kept) == [("another", NOON + 2), ("graph", NOON + 1), ("graph", NOON + 2)]
        assert [at_ms for _, at_ms in kept] == [NOON + 1, NOON + 2, NOON + 2], "by instant"
        (one,) = await ledger.witnessed(EVER, targets=["another"])
        assert one.exchange == seen(NOON + 2, "another")
        assert await ledger.read(lambda book: book.exchange("graph", NOON)) is None


def test_durations_are_kept_to_a_tenth_of_a_millisecond(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        odd = {"dns": 0.04, "connect": 11.26, "total": float("nan"), "tls": float("inf"), "first_byte": -3.0}
        await look(ledger, GOOD)
        await ledger.record(seen(NOON + 1, durations_ms=odd), CONTEXT, ruled(GOOD, NOON + 1))
        first, second = await ledger.read(lambda book: book.durations("graph", EVER))
        assert first == (NOON, DURATIONS)
        assert second[1] == {"dns": 0.0, "connect": 11.3, "tls": 214748364.7, "first_byte": 0.0}


def test_targets_remember_when_they_were_first_activated(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.activate(["graph", "send"], NOON)
        await ledger.activate(["send", "late"], NOON + 5)
        assert await ledger.targets() == {"graph": NOON, "send": NOON, "late": NOON + 5}


def test_a_heartbeat_is_one_row_whose_end_moves_on(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        for beat in range(100):
            await ledger.heartbeat(NOON, NOON + beat * 15 * SECOND)
        assert await ledger.running(EVER) == [Span(NOON, NOON + 99 * 15 * SECOND)]
        await ledger.heartbeat(NOON, NOON + MINUTE)
        assert await ledger.running(EVER) == [Span(NOON, NOON + 99 * 15 * SECOND)], "it never shrinks"


def test_a_new_period_is_a_new_row_even_after_a_step_back(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.heartbeat(NOON, NOON + HOUR)
        await ledger.heartbeat(NOON - DAY, NOON - DAY + MINUTE)
        await ledger.heartbeat(NOON - DAY, NOON - DAY + 2 * MINUTE)
        assert await ledger.running(EVER) == [Span(NOON, NOON + HOUR), Span(NOON - DAY, NOON - DAY + 2 * MINUTE)]
        await ledger.heartbeat(NOON + 3 * HOUR, NOON + 4 * HOUR)
        assert await ledger.running(Span(NOON + 2 * HOUR, EVER.end_ms)) == [Span(NOON + 3 * HOUR, NOON + 4 * HOUR)]
        assert await ledger.running(Span(NOON + 5, NOON + 6)) == [Span(NOON, NOON + HOUR)]
        assert await ledger.running(Span(NOON - HOUR, NOON)) == []


def test_missed_slots_and_passes_are_facts_of_their_instant(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        for reason in (MissedReason.OVERLAP, MissedReason.CLOCK):
            await ledger.miss("graph", NOON, reason)
        assert await ledger.read(lambda book: book.missed(TODAY)) == [
            Missed("graph", NOON, MissedReason.OVERLAP, 1)
        ]
        assert await ledger.read(lambda book: book.missed(Span(NOON + 1, NOON + 2))) == []
        first, second = Passed(NOON, Span(0, NOON)), Passed(NOON + 1, Span(HOUR, NOON - HOUR))
        for one in (second, first, Passed(NOON + 1, Span(0, 1))):
            await ledger.write(lambda book, one=one: book.passed(one))  # type: ignore[misc]
        assert await ledger.read(lambda book: book.passes()) == [first, second]


def test_a_publication_counts_its_revisions_and_keeps_its_segments(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        halves = [stretch(end_ms=NOON), stretch(NOON)]
        (first,) = await ledger.publish([(published(), halves)])
        other, second = await ledger.publish([(published("send"), []), (published(down_ms=HOUR), [stretch()])])
        assert [one.revision for one in (first, other, second)] == [1, 1, 2]
        assert await ledger.read(lambda book: book.segments(first.n)) == halves
        assert await ledger.read(lambda book: book.segments(second.n)) == [stretch()]
        assert await ledger.read(lambda book: book.publications(target="graph")) == [first, second]


def test_the_trail_can_be_read_as_it_stood_at_an_instant(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        for days in range(3):
            await ledger.publish([(published(down_ms=days, at_ms=NOON + days * DAY), [])])
        await ledger.publish([(published(day=date(2026, 3, 3)), [])])

        def read(**asked: object) -> object:
            return ledger.read(lambda book: [one.figures["down_ms"] for one in book.publications(**asked)])  # type: ignore[arg-type]

        assert await read(target="graph", day=date(2026, 3, 2)) == [0, 1, 2]
        assert await read(day=date(2026, 3, 2), as_of_ms=NOON + DAY) == [0, 1]
        assert await read(as_of_ms=NOON - 1) == []


def test_the_cache_tells_the_first_and_the_latest_of_the_days_asked_for(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)]
        await ledger.publish([(published(day=day), []) for day in days])
        for down_ms in (10, 20):
            await ledger.publish([(published(day=days[1], down_ms=down_ms), [])])
        found = await ledger.trails(days[1], days[2])
        assert list(found) == [("graph", days[1]), ("graph", days[2])]
        assert [day for _, day in await ledger.trails(date(2026, 2, 2), date(2026, 3, 31))] == days[2:]
        assert [day for _, day in await ledger.trails(date(2026, 1, 1), date(2026, 2, 27))] == days[:2]
        first, latest = found["graph", days[1]]
        assert (first.revision, first.figures.down_ms) == (1, 0)
        assert (latest.revision, latest.figures.down_ms, latest.figures.blips) == (3, 20, 1)
        assert (latest.zone, latest.reason, latest.author) == ("Europe/Berlin", "closed", "wamon")
        first, latest = found["graph", days[2]]
        assert first == latest


def test_a_reader_writes_nothing(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.activate(["graph"], NOON)
        with pytest.raises(LedgerError, match="it cannot be written"):
            await ledger.read(lambda book: book.passed(Passed(NOON, TODAY)))
        await ledger.write(lambda book: book.passed(Passed(NOON + 1, TODAY)))
        assert await ledger.read(lambda book: book.passes()) == [Passed(NOON + 1, TODAY)]


def test_a_closed_ledger_says_so_and_closes_once(shelf: Shelf) -> None:
    @shelf
    async def _(ledger: Ledger) -> None:
        await ledger.close()
        with pytest.raises(LedgerError, match="the ledger is closed"):
            await look(ledger)
        with pytest.raises(LedgerError, match="the ledger is closed"):
            await ledger.targets()
        await ledger.close()

"""What began and ended within a silence is told when the silence is over: once, in one line, and nothing else."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.support.by_hand import BAD, GOOD, Answer, by_hand, edges
from wamon.core.announcing import announce
from wamon.core.budget import PAIRS, Burn, MonthBudget
from wamon.core.burning import Pace, burn_notices
from wamon.core.expiry import Ending, Thing, expiry_notices
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.notice import Notice, NoticePhase, Told
from wamon.core.observation import ProbeKind
from wamon.core.silence import Silence
from wamon.core.silenced import aloud
from wamon.core.timeline import DAY, HOUR, MINUTE, parse_iso
from wamon.letters import written
from wamon.work.maintenance import RemovalAsked
from wamon.work.saying import Place, SilenceAsked

START = parse_iso("2026-11-03T10:00:00Z")
HUSH = Silence(START, START + HOUR, number=3, author="anna", because="database moves")
END = START + HOUR


def trouble(
    opened_min: int, closed_min: int | None, kind: Kind = Kind.OUTAGE, target: str = "send", **more: object
) -> Incident:
    user = kind is Kind.USER_ERROR
    incident = Incident(
        target,
        kind,
        START + opened_min * MINUTE,
        None if closed_min is None else START + closed_min * MINUTE,
        Verdict.USER_ERROR if user else Verdict.SYSTEM_ERROR,
        Cause.AUTHENTICATION if user else Cause.SERVICE,
    )
    return msgspec.structs.replace(incident, **more)


def told(
    *found: Incident, before: tuple[Told, ...] = (), silence: Silence = HUSH, at_ms: int = END
) -> tuple[Notice, ...]:
    pairs = [(one, ProbeKind.MESSAGE) for one in found]
    return announce(pairs, before, at_ms, lasting=Lasting(), silences=[silence]).notices


def test_it_is_one_line_with_what_it_was_and_whose_silence_it_was() -> None:
    (note,) = told(trouble(10, 20), trouble(40, 55, target="webhook"))
    assert (note.phase, note.kind, note.incident) == (NoticePhase.NOTE, Kind.OUTAGE, "")
    assert note.title == "While notices were silenced: 2 incidents began and ended · send, webhook · nothing to do"
    assert written(note).body.splitlines() == [
        "Notices were held back from 2026-11-03 10:00 UTC to 2026-11-03 11:00 UTC by anna: database moves",
        "",
        "- 2026-11-03 10:10 UTC  Meta: sending fails, send, 10 min",
        "- 2026-11-03 10:40 UTC  Meta: sending fails, webhook, 15 min",
        "",
        "It is over, and counted as it always is. `wamon incidents` has the whole list.",
    ]


def test_each_kind_is_told_for_itself_so_that_it_reaches_its_channels() -> None:
    notes = told(trouble(10, 20), trouble(30, 40, Kind.USER_ERROR))
    assert [one.kind for one in notes] == [Kind.OUTAGE, Kind.USER_ERROR]
    assert len({one.key for one in notes}) == 2


SAID_OF = [
    ("it was over before anybody would have heard of it", trouble(10, 11), HUSH, 0),
    ("it is of another target", trouble(10, 20), msgspec.structs.replace(HUSH, targets=("webhook",)), 0),
    ("it is of another kind", trouble(10, 20), msgspec.structs.replace(HUSH, kinds=(Kind.ENDPOINT,)), 0),
    ("it was over before the silence", trouble(-30, -20), HUSH, 0),
    ("it would have been told in the silence and ended a little after", trouble(50, 60), HUSH, 1),
    ("it began before and would have been told within", trouble(-1, 20), HUSH, 1),
    ("nobody would ever have been told", trouble(10, 20, provisional=True, cause=Cause.PATH), HUSH, 0),
    ("only unobserved time", trouble(10, 20, Kind.UNOBSERVED), HUSH, 0),
]


@pytest.mark.parametrize(
    ("found", "silence", "notes"), [one[1:] for one in SAID_OF], ids=[one[0] for one in SAID_OF]
)
def test_what_is_told_of_a_silence_that_is_over(found: Incident, silence: Silence, notes: int) -> None:
    said = told(found, silence=silence)
    assert len([one for one in said if one.key.startswith("silence:")]) == notes


def test_it_is_told_when_the_silence_is_over_and_not_before_nor_again_nor_a_day_later() -> None:
    over = trouble(10, 20)
    assert told(over, at_ms=END - 1) == ()
    desk = announce([(over, ProbeKind.MESSAGE)], (), END, lasting=Lasting(), silences=[HUSH])
    assert len(desk.notices) == 1
    assert told(over, before=desk.told, at_ms=END + MINUTE) == ()
    assert told(over, at_ms=END + HOUR) == ()


def test_what_people_heard_of_is_not_told_again() -> None:
    begun = announce([(trouble(-10, None), ProbeKind.MESSAGE)], (), START - MINUTE, lasting=Lasting())
    over = trouble(-10, 20)
    ended = announce(
        [(over, ProbeKind.MESSAGE)], begun.told, START + 30 * MINUTE, lasting=Lasting(), silences=[HUSH]
    )
    assert [one.phase for one in ended.notices] == [NoticePhase.RESOLVED]
    assert told(over, before=ended.told) == ()


def test_what_goes_on_is_told_as_it_always_is() -> None:
    (opened,) = told(trouble(10, None))
    assert opened.phase is NoticePhase.OPENED


(BURN,) = burn_notices({"send": Pace(Burn(PAIRS[0], 4 * MINUTE), MonthBudget(HOUR, MINUTE))}, (), 99.9, START)
(TOKEN,) = expiry_notices([Ending(Thing.TOKEN, "acme", START + 6 * DAY)], (), START)


@pytest.mark.parametrize(
    ("silence", "held"),
    [
        (HUSH, ["degraded", "expiry"]),
        (msgspec.structs.replace(HUSH, targets=("send",)), ["degraded"]),
        (msgspec.structs.replace(HUSH, accounts=("acme",)), ["degraded", "expiry"]),
        (msgspec.structs.replace(HUSH, kinds=(Kind.EXPIRY,)), ["expiry"]),
        (msgspec.structs.replace(HUSH, start_ms=START + 1), []),
    ],
)
def test_a_silence_holds_what_no_incident_tells_as_well(silence: Silence, held: list[str]) -> None:
    left = aloud([BURN, TOKEN], [silence], {"send": "acme"}, START)
    assert [one.kind.value for one in (BURN, TOKEN) if one not in left] == held


def test_an_end_is_told_in_a_silence_too() -> None:
    over = msgspec.structs.replace(BURN, phase=NoticePhase.RESOLVED)
    assert aloud([over], [HUSH], {}, START) == [over]


NIGHT = parse_iso("2026-06-10T22:00:00Z")


def says(_name: str, at_ms: int) -> Answer:
    """Two outages of ten minutes within three hours."""
    return BAD if at_ms - NIGHT in range(30 * MINUTE, 40 * MINUTE) or at_ms - NIGHT in range(
        100 * MINUTE, 110 * MINUTE
    ) else GOOD  # fmt: skip


@pytest.mark.parametrize(("taken_back", "restarted"), [(False, False), (True, False), (False, True)])
def test_the_house_tells_it_of_a_night_once_the_silence_is_over_or_taken_back(
    tmp_path: Path, taken_back: bool, restarted: bool
) -> None:
    async def night() -> list[Notice]:
        settings, path, notes = edges("graph"), tmp_path / "wamon.db", list[Notice]()
        async with by_hand(settings, path, NIGHT - HOUR, says) as hand:
            await hand.pass_time(HOUR)
            place = Place([*hand.house.vigil.watched.values()], hand.house.zone, hand.now_ms)
            await hand.book.people.add(SilenceAsked("rollout", "anna", for_="4h"), place)
            await hand.house.refresh(hand.now_ms)
            await hand.pass_time(3 * HOUR)
            assert hand.told == []
            if taken_back:
                later = place._replace(now_ms=hand.now_ms)
                await hand.book.people.remove(RemovalAsked(1, "anna", "done"), later)
                await hand.house.refresh(hand.now_ms)
                await hand.pass_time(5 * MINUTE)
                notes += hand.told
            end_ms = hand.now_ms
        if restarted:
            end_ms = NIGHT + 4 * HOUR + 5 * MINUTE
        async with by_hand(settings, path, end_ms, says) as hand:
            await hand.pass_time(2 * HOUR)
            fresh = await hand.ledger.notices()
            assert len([one for one in fresh if one.key.startswith("silence:")]) == 1
            return [*notes, *hand.told]

    silent = [one for one in asyncio.run(night()) if one.key.startswith("silence:")]
    assert {one.title for one in silent} == {
        "While notices were silenced: 2 incidents began and ended · graph · nothing to do"
    }

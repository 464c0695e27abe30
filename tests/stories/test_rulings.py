"""Rulings by people over a real ledger: turned, restated, undone to the millisecond, and above the pass."""

import asyncio
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.past import DOUBTED, EXPIRED, GOOD, MIDNIGHT, SYSTEM, Past, Told, span
from wamon.assembly import House
from wamon.core.finding import Mark, Origin
from wamon.core.observation import ProbeKind
from wamon.core.reading import read_exchange
from wamon.core.report import State
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, iso, parse_iso
from wamon.core.watched import Watched
from wamon.ledger import LedgerError
from wamon.work.maintenance import MaintenanceAsked, RemovalAsked, add, remove
from wamon.work.restate import Restated
from wamon.work.ruling import RulingAsked, read_ruling, rule, undo

TEN = "2026-11-02T10:00"
FORTY = "cloud-api@2026-11-02T10:00/2026-11-02T10:40"
EVER = Span(0, MIDNIGHT + 99 * DAY)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Three days, the last two closed: a token that expired for forty minutes, a fault that crosses a midnight."""
    troubles = {
        "cloud-api": [(span(TEN, 40), EXPIRED), (span("2026-11-02T23:50", 18), SYSTEM)],
        "theirs": [(span("2026-11-02T10:00", 20), SYSTEM)],
    }
    past = Past(tmp_path_factory.mktemp("closed"), troubles)
    past.watch(lambda house: house.refresh(past.now_ms))
    return past


@pytest.fixture
def past(closed: Past, tmp_path: Path) -> Past:
    return closed.copied(tmp_path)


async def say(
    house: House, what: str, verdict: str, *, cause: str | None = None, by: str = "anna", reopen: bool = False
) -> Restated:
    asked = RulingAsked(what, verdict, "Meta confirmed it", by, cause, reopen)
    return await house.restate(lambda plan: rule(house.book, asked, plan), reopen=reopen)


async def take_back(house: House, number: int) -> Restated:
    return await house.restate(lambda plan: undo(house.book, RemovalAsked(number, "ben", "a mistake"), plan))


def of_day(told: Sequence[Told], day: str = "2026-11-02") -> list[Told]:
    return [one for one in told if one.day == day]


def marks(past: Past, target: str = "cloud-api") -> list[Mark]:
    return past.read(lambda book: book.marks(target, EVER))


def test_vector_7_ruled_and_undone(past: Past) -> None:
    found = past.watch(lambda house: say(house, FORTY, "system_error"))
    (turn,) = found.change.turns
    assert (turn.observations, turn.moved_ms, turn.before, turn.after) == (
        40,
        2_400_000,
        "user_error",
        "system_error",
    )
    past.watch(lambda house: take_back(house, found.number))
    first, second, third = of_day(past.published("cloud-api"))
    assert (first.figures.user_error_ms, first.figures.unproved_ms) == (2_400_000, 2_400_000)
    assert (second.figures.user_error_ms, second.figures.unproved_ms) == (0, 0)
    assert second.figures.down_ms - first.figures.down_ms == 2_400_000
    assert (second.revision, second.reason, second.author) == (
        2,
        "ruled system_error by anna: Meta confirmed it",
        "anna",
    )
    assert third.figures == first.figures
    assert (third.revision, third.reason, third.author) == (3, "ruling 1 undone by ben: a mistake", "ben")


def test_every_ruling_stays_visible_with_its_author_and_reason(past: Past) -> None:
    past.watch(lambda house: say(house, FORTY, "system_error"))
    past.watch(
        lambda house: say(house, "cloud-api:authentication@2026-11-02T10:00/2026-11-02T10:10", "ok", by="carol")
    )
    at_ms = parse_iso("2026-11-02T10:05:00Z")
    first = past.read(lambda book: book.first_ruling("cloud-api", at_ms))
    assert first is not None
    assert (first.origin, first.finding.verdict, first.finding.rule) == (Origin.LIVE, "user_error", "known_code")
    rulings = past.read(lambda book: book.rulings(Span(at_ms, at_ms + 1), targets=["cloud-api"]))
    assert [
        (
            one.ruling.origin,
            one.ruling.finding.verdict,
            one.ruling.finding.rule,
            one.ruling.author,
            one.declaration,
        )
        for one in rulings
    ] == [("person", "system_error", "declared", "anna", 1), ("person", "ok", "declared", "carol", 2)]
    standing = {mark.at_ms: mark.finding.verdict for mark in marks(past)}
    assert standing[at_ms] == "ok", "of two people's rulings the latest stands"
    assert standing[parse_iso("2026-11-02T10:30:00Z")] == "system_error"
    past.watch(lambda house: take_back(house, 2))
    assert {mark.at_ms: mark.finding.verdict for mark in marks(past)}[at_ms] == "system_error"


def test_a_cause_within_a_range_of_every_target(past: Past) -> None:
    found = past.watch(lambda house: say(house, "*:service@2026-11-02T10:00/2026-11-03T01:00", "user_error"))
    assert [(one.target, one.observations) for one in found.change.turns] == [("cloud-api", 18), ("theirs", 4)]
    assert {(row.target, row.day.day) for row in found.publications} == {
        ("cloud-api", 2),
        ("cloud-api", 3),
        ("theirs", 2),
    }
    refused = [mark for mark in marks(past) if mark.finding.cause == "authentication"]
    assert len(refused) == 40
    assert all(mark.finding.rule == "known_code" for mark in refused)


def test_one_look_is_meant_whatever_it_was(past: Past) -> None:
    found = past.watch(lambda house: say(house, "cloud-api@2026-11-02T12:00", "system_error", cause="edge"))
    assert found.publications[0].figures.blips == 1
    assert [mark.finding.cause for mark in marks(past) if mark.finding.rule == "declared"] == ["edge"]


def test_a_day_beside_changes_with_it_where_an_outage_crosses_midnight(past: Past) -> None:
    """What is ruled on before midnight was the greater part of the ten minutes that count behind it too."""
    whole = past.published("cloud-api")
    assert [one.figures.meta_down_ms for one in whole if one.day in ("2026-11-02", "2026-11-03")] == [
        630_000,
        450_000,
    ]
    found = past.watch(lambda house: say(house, "cloud-api@2026-11-02T23:50/2026-11-03T00:00", "user_error"))
    assert [(row.day.day, row.figures.meta_down_ms) for row in found.publications] == [(2, 0), (3, 0)]
    past.watch(lambda house: take_back(house, 1))
    again = {one.day: one.figures for one in past.published("cloud-api")}
    assert again == {one.day: one.figures for one in whole}


def test_the_pass_and_a_person_disagree_and_the_person_stands_until_the_ruling_is_undone(tmp_path: Path) -> None:
    """A token that is refused while debug_token calls it valid: the pass says Meta's, a person says ours."""
    past = Past(tmp_path, {"cloud-api": [(span(TEN, 40), DOUBTED)]}, more=TOKEN)
    asyncio.run(token_looks(past))
    covered = Span(parse_iso("2026-11-02T00:00:00Z"), MIDNIGHT)
    past.watch(lambda house: say(house, FORTY, "user_error", by="carol"))

    async def judge_again(house: House) -> int:
        return len((await house.reclassify(covered)).review.rulings)

    assert past.watch(judge_again) == 0, "the pass does not turn what a person ruled"
    (row,) = of_day(past.published("cloud-api"))
    assert row.figures.user_error_ms == 2_400_000
    past.watch(lambda house: take_back(house, 1))
    assert past.watch(judge_again) == 40, "undone, the pass may judge again"
    first, turned = of_day(past.published("cloud-api"))
    assert (turned.figures.down_ms, turned.figures.user_error_ms) == (2_400_000, 0)
    assert turned.reason.startswith("weekly pass: same token valid")
    past.watch(lambda house: say(house, FORTY, "user_error", by="carol"))
    assert past.watch(judge_again) == 0, "a person's word outranks the pass that came before it too"
    assert of_day(past.published("cloud-api"))[-1].figures == first.figures


TOKEN = """
[[targets]]
name = "token"
probe = "token"
interval = "15m"
"""


async def token_looks(past: Past) -> None:
    from wamon.core.finding import Context, Ruling
    from wamon.core.judgement import judge
    from wamon.core.knowledge import knowledge
    from wamon.ledger import open_ledger

    known = knowledge()
    facts = {
        "is_valid": True,
        "expires_at": 0,
        "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
    }
    ledger = open_ledger(past.database)
    await ledger.activate(["token"], past.span.start_ms)
    for at_ms in range(past.span.start_ms, past.now_ms, 15 * MINUTE):
        said = {"target": "token", "probe": "token", "at": iso(at_ms), "http_status": 200, "body": {"data": facts}}
        seen = read_exchange(said)
        first = Ruling("token", at_ms, judge(seen, known), Origin.LIVE, known.catalogue.edition, at_ms)
        await ledger.record(seen, Context("token", 15 * MINUTE, "graph"), first, keep_exchange=True)
    await ledger.close()


def test_a_ruling_and_maintenance_over_the_same_time_are_taken_back_in_any_order(past: Past) -> None:
    async def both(house: House) -> None:
        window = MaintenanceAsked("we move", "anna", from_="2026-11-02T10:20", to="2026-11-02T11:00")
        await house.restate(lambda plan: add(house.book, window, plan))
        await say(house, FORTY, "system_error")

    past.watch(both)
    sums = of_day(past.published("cloud-api"))[-1].figures
    first = of_day(past.published("cloud-api"))[0].figures
    assert (sums.down_ms - first.down_ms, sums.maintenance_ms) == (20 * MINUTE + 30 * SECOND, 40 * MINUTE)

    async def back(house: House) -> None:
        await house.restate(lambda plan: remove(house.book, RemovalAsked(1, "ben", "not needed"), plan))
        await take_back(house, 2)

    past.watch(back)
    assert of_day(past.published("cloud-api"))[-1].figures == first


def test_what_comes_later_in_a_range_is_ruled_as_it_comes(past: Past) -> None:
    """A range that reaches beyond now: looks that arrive are ruled at once, in memory and in the ledger."""

    async def live(house: House) -> None:
        await say(house, "cloud-api@2026-11-04T00:50/2026-11-04T02:00", "system_error")
        states = []
        for minute in (1, 2, 3):
            past.now_ms = MIDNIGHT + HOUR + minute * MINUTE
            house.askers = house.watch.asker = Answering(EXPIRED if minute != 3 else GOOD, past)
            await house.watch.look("cloud-api")
            states.append(house.report().targets[0].state)
        assert states == [State.DEGRADED, State.OUTAGE, State.OPERATIONAL]
        recent = [mark.finding.verdict for mark in house.vigil.rolls["cloud-api"].marks[-3:]]
        assert recent == ["system_error", "system_error", "ok"]

    past.watch(live)
    later = [mark for mark in marks(past) if mark.at_ms > MIDNIGHT + HOUR]
    assert [mark.finding.verdict for mark in later] == ["system_error", "system_error", "ok"]
    assert past.read(lambda book: book.ruled_by(1))[0][2] == 2
    past.watch(lambda house: take_back(house, 1))
    assert [mark.finding.verdict for mark in marks(past) if mark.at_ms > MIDNIGHT + HOUR] == [
        "user_error",
        "user_error",
        "ok",
    ]


class Answering:
    """Answers every look with the same words, now."""

    def __init__(self, said: dict[str, object], past: Past) -> None:
        self.said, self.past = said, past

    async def ask(self, name: str, at_ms: int) -> object:
        return read_exchange({"target": name, "probe": "api", "at": iso(at_ms), **self.said})


def test_a_look_recorded_while_the_ruling_was_written_is_ruled_at_the_next_start(past: Past) -> None:
    past.watch(lambda house: say(house, "cloud-api@2026-11-04T00:30/2026-11-04T02:00", "system_error"))
    asyncio.run(straggler(past))
    past.now_ms += 2 * MINUTE
    past.watch(lambda house: house.refresh(past.now_ms))
    assert marks(past)[-1].finding.verdict == "system_error"


async def straggler(past: Past) -> None:
    from wamon.core.finding import Context, Ruling
    from wamon.core.judgement import judge
    from wamon.core.knowledge import knowledge
    from wamon.ledger import open_ledger

    ledger, at_ms = open_ledger(past.database), past.now_ms + MINUTE
    seen = read_exchange({"target": "cloud-api", "probe": "api", "at": iso(at_ms), **EXPIRED})
    first = Ruling("cloud-api", at_ms, judge(seen, knowledge()), Origin.LIVE, "test", at_ms)
    await ledger.record(seen, Context("api", MINUTE, "graph"), first)
    await ledger.close()


def test_a_frozen_day_stays_until_it_is_reopened(past: Past) -> None:
    past.now_ms = parse_iso("2026-12-20T12:00:00Z")
    found = past.watch(lambda house: say(house, FORTY, "system_error"))
    assert (found.publications, [(one.day, one.why) for one in found.kept]) == (
        (),
        [(date(2026, 11, 2), "frozen")],
    )
    again = past.watch(lambda house: say(house, FORTY, "system_error", reopen=True))
    assert [row.target for row in again.publications] == ["cloud-api"]


REFUSED = [
    (
        "cloud-api",
        "ok",
        None,
        "WHAT 'cloud-api' names no time: write cloud-api@2026-11-01T00:00:30.250Z for one look, ",
    ),
    ("cloud-apy@2026-11-02T10:00", "ok", None, "target 'cloud-apy' is not watched; did you mean cloud-api?"),
    ("cloud-api@yesterday", "ok", None, "WHAT 'yesterday' is no time; write it like "),
    (
        "cloud-api@2026-11-02T10:00/2026-11-02T09:00",
        "ok",
        None,
        "WHAT ends at 2026-11-02T09:00:00Z, not after its beginning 2026-11-02T10:00:00Z: name a later end",
    ),
    (
        "token@2026-11-02T10:00",
        "ok",
        None,
        "target token is evidence and has no days: rule on a target that it speaks of",
    ),
    ("*@2026-11-02T10:00", "ok", None, "one look is one target's: write cloud-api@2026-11-02T10:00:00Z"),
    (FORTY, "fine", None, "VERDICT 'fine' is none; there are ok, system_error, "),
    (FORTY, "system_error", "pathe", "--cause 'pathe' is none; did you mean path?"),
    (
        FORTY,
        "network_error",
        "service",
        "--cause service does not go with network_error: leave it out, or take local_network, path",
    ),
    (
        "cloud-api:authentification@2026-11-02T10:00/now",
        "ok",
        None,
        "WHAT, cause 'authentification' is none; did you mean authentication?",
    ),
]

NOTHING = [
    (
        "cloud-api@2026-11-02T12:00/2026-11-02T13:00",
        "system_error",
        None,
        "cloud-api has no look that was not good from 2026-11-02T12:00:00Z to 2026-11-02T13:00:00Z; good ones are"
        " meant by the cause none, such as cloud-api:none@...",
    ),
    (
        "cloud-api@2026-11-02T12:00:01",
        "system_error",
        None,
        "cloud-api has no look at 2026-11-02T12:00:01Z: wamon incidents and the page name instants",
    ),
]


@pytest.mark.parametrize(("what", "verdict", "cause", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_what_to_write(
    what: str, verdict: str, cause: str | None, said: str
) -> None:
    asked = RulingAsked(what, verdict, "Meta confirmed it", "anna", cause)
    targets = [Watched("cloud-api", ProbeKind.API, MINUTE), Watched("token", ProbeKind.TOKEN, MINUTE)]
    with pytest.raises(ValueError) as refused:
        read_ruling(asked, targets, ZoneInfo("UTC"), MIDNIGHT)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("what", "verdict", "cause", "said"), NOTHING)
def test_a_past_in_which_nothing_is_meant_is_refused(
    closed: Past, what: str, verdict: str, cause: str | None, said: str
) -> None:
    with pytest.raises(ValueError) as refused:
        closed.watch(lambda house: say(house, what, verdict, cause=cause))
    assert str(refused.value) == said
    assert closed.read(lambda book: book.declarations()) == []


def test_an_undo_needs_a_ruling_that_stands(past: Past) -> None:
    with pytest.raises(ValueError, match="there is no ruling 1: wamon rule --list shows the numbers"):
        past.watch(lambda house: take_back(house, 1))
    past.watch(lambda house: say(house, FORTY, "system_error"))
    past.watch(lambda house: take_back(house, 1))
    with pytest.raises(LedgerError, match="ben has withdrawn declaration 1 before: nothing to do"):
        past.watch(lambda house: take_back(house, 1))

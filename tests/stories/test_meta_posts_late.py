"""Meta posts an outage two hours late: what was doubtful turns in the weekly pass, a firm refusal of ours stays.

A single failed look, forgiven as a blip at first, counts once Meta says that it was an outage. Days later Meta
counts the day anew: that is listed and moves nothing of ours.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from wamon.assembly import House
from wamon.core.dispatching import Delivery, Letter
from wamon.core.finding import Cause, Mark, Verdict
from wamon.core.meta_page import WHATSAPP, Light
from wamon.core.report import Day, Report
from wamon.core.subscription import hears
from wamon.core.timeline import HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.jobs import Walk
from wamon.ledger import open_ledger
from wamon.reference.site import Site
from wamon.settings import AskingTarget, parse, resolve_all
from wamon.simulator.faults import GraphError
from wamon.simulator.scenario import AUTHENTICATED, Episode, MetaOutage, MetaPost, Scenario, Script, Spell
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.simulator.world import ACCESS_TOKEN, PHONE_NUMBER_ID
from wamon.timekeeping import Pace
from wamon.wiring import Askers, asking
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain

START_MS = parse_iso("2026-11-01T12:00:00Z")
POSTED_MS = parse_iso("2026-11-01T16:10:00Z")
PASS_MS = parse_iso("2026-11-02T06:00:00Z")
ANEW_MS = parse_iso("2026-11-03T15:00:00Z")
END_MS = parse_iso("2026-11-03T17:00:00Z")

SETTINGS = """
[graph]
base_url = "{graph}"
access_token = "env:TOKEN"
[reference]
base_url = "{reference}"
interval = "30m"
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{number}"
interval = "4m"
[[targets]]
name = "control-1"
probe = "control"
url = "{control}"
interval = "20m"
"""


def spell(start: str, minutes: int, fault: GraphError, rounds: int | None = None) -> Spell:
    start_ms = parse_iso(f"2026-11-01T{start}Z")
    return Spell(start_ms, start_ms + minutes * MINUTE, AUTHENTICATED, (fault,), rounds)


DOUBTFUL = GraphError(400, 803)
FIRM = GraphError(400, 131042)
SCENARIO = Scenario(
    Span(START_MS, END_MS),
    (
        Episode(
            title="an afternoon",
            story="A blip, a doubtful refusal, a firm one; and a doubtful one long after Meta's outage.",
            span=Span(START_MS, END_MS),
            verdict=Verdict.SYSTEM_ERROR,
            cause=Cause.SERVICE,
            spells=(
                spell("13:30:00", 4, GraphError(500, 131016), rounds=1),
                spell("14:00:30", 20, DOUBTFUL),
                spell("14:25:30", 10, FIRM),
                spell("18:00:30", 20, DOUBTFUL),
            ),
        ),
    ),
    Script(
        (
            MetaOutage(
                "7",
                WHATSAPP,
                "3",
                (
                    MetaPost(
                        POSTED_MS, "High disruptions", "We looked into it.", parse_iso("2026-11-01T14:10:00Z")
                    ),
                    MetaPost(POSTED_MS, "Resolved", "It is over.", parse_iso("2026-11-01T15:00:00Z")),
                ),
            ),
            # Some disruptions of the same service are no outage, and turn nothing.
            MetaOutage(
                "8",
                WHATSAPP,
                "3",
                (MetaPost(parse_iso("2026-11-01T17:20:00Z"), "Medium disruptions", "Some requests fail."),),
            ),
        ),
        (
            (date(2026, 11, 1), 99.5, parse_iso("2026-11-02T03:00:00Z")),
            (date(2026, 11, 1), 98.25, ANEW_MS),
        ),
    ),
)


class Mute:
    """A channel nobody listens to."""

    async def send(self, channel: str, letter: Letter) -> Delivery:
        return Delivery(ok=True)


@dataclass
class Seen:
    """What the house said on the way, and what the book held in the end."""

    reports: list[Report]
    marks: Sequence[Mark]
    titles: list[str]


async def watch(loop: VirtualTimeLoop, folder: Path, peeks: Sequence[int]) -> Seen:
    async with Simulator(SCENARIO) as simulator:
        text = SETTINGS.format(
            graph=simulator.base_url,
            reference=simulator.reference_url,
            number=PHONE_NUMBER_ID,
            control=simulator.control_urls[0],
        )
        settings = parse(text)
        secrets = resolve_all(settings, {"TOKEN": ACCESS_TOKEN})
        askers = Askers(
            {one.name: asking(one, settings, secrets) for one in settings.targets if isinstance(one, AskingTarget)}
        )
        ledger, walk = open_ledger(folder / "wamon.db"), Walk(loop)
        book = Bookkeeper(ledger, {"mute": hears("outage", "user_error", "restated")})
        house = House(
            settings,
            book,
            askers,
            loop.now_ms,
            drain=Drain(book.outbox, Mute(), loop.now_ms),
            wake=walk.wake,
            pace=Pace(HOUR, HOUR, HOUR),
        )
        site = Site(settings.reference.base_url)
        house.reference.ask(site)
        await house.wake_up()
        walking = asyncio.create_task(walk.walk(house.jobs()))
        reports = []
        for at_ms in peeks:
            await loop.sleep_until(at_ms)
            reports.append(house.report())
        walking.cancel()
        await asyncio.wait([walking])
        seen = Seen(
            reports,
            await ledger.marks("cloud-api", Span(START_MS, END_MS)),
            [one.title for one in await ledger.notices()],
        )
        for part in (site, askers, ledger):
            await part.close()
        return seen


PEEKS = (POSTED_MS - MINUTE, POSTED_MS + 30 * MINUTE, PASS_MS - MINUTE, PASS_MS + MINUTE, END_MS)
BEFORE, AFTER, CLOSED, JUDGED, LATER = range(len(PEEKS))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    loop = VirtualTimeLoop(START_MS)
    try:
        return loop.run_until_complete(watch(loop, tmp_path_factory.mktemp("posted"), PEEKS))
    finally:
        loop.close()


def first_day(report: Report) -> Day:
    (target,) = (one for one in report.targets if one.name == "cloud-api")
    return next(day for day in target.days if day.date == date(2026, 11, 1))


def down_s(report: Report) -> int:
    return first_day(report).figures.down_ms // SECOND


def test_a_blip_counts_as_soon_as_meta_says_it_was_an_outage(seen: Seen) -> None:
    assert down_s(seen.reports[BEFORE]) == 0
    assert [mark.finding.code for mark in seen.marks].count(131016) == 1
    assert 0 < down_s(seen.reports[AFTER]) < 240, "what one look owns, its recheck ten seconds later"
    assert down_s(seen.reports[CLOSED]) == down_s(seen.reports[AFTER]), "the daily close says the same"


def test_the_pass_turns_what_was_doubtful_and_nothing_else(seen: Seen) -> None:
    judged: dict[tuple[int | None, int], set[tuple[str, bool, str]]] = {}
    for mark in seen.marks:
        if mark.finding.verdict is not Verdict.OK:
            found, hour = mark.finding, (mark.at_ms - START_MS) // HOUR + 12
            judged.setdefault((found.code, hour), set()).add((found.verdict.value, found.provisional, found.rule))
    turned = judged.pop((803, 14))
    assert ("system_error", False, "meta_posted_it") in turned
    assert {one[:2] for one in turned} == {("system_error", False)}
    assert judged == {
        (131016, 13): {("system_error", False, "known_code")},
        (131042, 14): {("user_error", False, "known_code")},
        (803, 18): {("user_error", True, "known_code")},
    }
    before, after = first_day(seen.reports[CLOSED]), first_day(seen.reports[JUDGED])
    assert (before.revision, after.revision) == (1, 2)
    assert after.reason.startswith("weekly pass: meta posted it (cloud-api)")
    assert after.figures.down_ms - before.figures.down_ms == pytest.approx(20 * MINUTE, abs=2 * MINUTE)
    assert before.figures.user_error_ms - after.figures.user_error_ms == pytest.approx(
        after.figures.down_ms - before.figures.down_ms, abs=1
    )


def test_the_page_of_meta_is_told_beside_ours_with_every_change_of_its_past(seen: Seen) -> None:
    word = seen.reports[LATER].reference
    assert word is not None
    assert word.fresh
    told = [(one.what, one.before, one.after) for one in word.changes]
    assert told == [
        ("Cloud API's availability of 2026-11-01 (± 1 day)", "99.5 %", "98.25 %"),
        (
            "outage of WhatsApp Business account management from 2026-11-01T14:10:00Z",
            "not told",
            "2026-11-01T14:10:00Z High disruptions: We looked into it.;"
            " 2026-11-01T15:00:00Z Resolved: It is over., first seen at 2026-11-01T16:30:00Z",
        ),
    ]
    assert [one.seen_ms for one in word.changes] == [ANEW_MS, POSTED_MS + 20 * MINUTE]
    assert [(one.id, one.worst) for one in word.open_outages] == [("8", Light.YELLOW)]
    november = word.months[0]
    assert november.month == "2026-11"
    assert november.down_minutes == pytest.approx(1.75 / 100 * 24 * 60)
    (beside,) = november.beside
    ours_ms = first_day(seen.reports[LATER]).figures.meta_down_ms
    assert (beside.row, beside.down_minutes) == ("cloud-api", pytest.approx(ours_ms / MINUTE))
    assert beside.difference_minutes == pytest.approx(beside.down_minutes - november.down_minutes)


def test_what_meta_counts_anew_moves_nothing_of_ours(seen: Seen) -> None:
    assert first_day(seen.reports[LATER]) == first_day(seen.reports[JUDGED])


def test_notices_say_what_the_page_showed_then(seen: Seen) -> None:
    opened = [title.partition(" · cloud-api · ")[2] for title in reversed(seen.titles) if "since" in title]
    told = [one for one in opened if one.startswith("since")]
    assert [(one[6:8], one.partition("Meta's page: ")[2].split()[0]) for one in told] == [
        ("13", "green"),
        ("14", "green"),
        ("17", "yellow"),
    ]

"""Canaries do not come back for most of an hour: our own door was shut, or the platform fell silent."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from tests.stories.staged import SETTINGS, START_MS, Story, at_minute, play
from tests.support.door import Door
from wamon.core.finding import Cause, Mark, Verdict
from wamon.core.timeline import DAY, MINUTE, Span
from wamon.simulator.scenario import SILENT, Episode, Reporting, late
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import HANDSET

SHUT = Span(START_MS + 30 * MINUTE, START_MS + 75 * MINUTE)
MINUTES = 150
CANARIES = """
[[targets]]
name = "send"
probe = "message"
phone_number_id = "{number}"
to = "HANDSET"
template = "wamon_canary"
interval = "10m"
daily_cap = 200
[[targets]]
name = "webhook"
probe = "webhook"
url = "DOOR"
verify_token = "env:VERIFY"
interval = "1m"
""".replace("HANDSET", HANDSET)
DAY_ONE = date(2026, 11, 1)


def silence(folder: Path, *reportings: Reporting, shut: bool = False, later: bool = False) -> Story:
    door = Door()

    async def doorman(_: Simulator) -> None:
        if shut:
            await at_minute(30)
            await door.shut()
            await at_minute(75)
            await door.open()

    settings = SETTINGS.replace('"1m"', '"10m"').replace('"5m"', '"10m"') + CANARIES.replace("DOOR", door.url)
    span = Span(START_MS, START_MS + MINUTES * MINUTE)
    episode = Episode("silence", "", span, Verdict.MISSED_SUCCESS, Cause.TIMEOUT, reportings=reportings)
    passes_ms = [START_MS + DAY, START_MS + 9 * DAY] if later else []
    return play(folder, episode, MINUTES, settings=settings, meanwhile=doorman, door=door, passes_ms=passes_ms)


def way_back(story: Story, *, first: bool = False) -> list[Mark]:
    """The canaries that left while the silence lasted, as they were judged at first or stand."""
    marks = (story.first if first else story.marks)["send.roundtrip"]
    return [one for one in marks if SHUT.holds(one.at_ms)]


def verdicts(marks: Iterable[Mark]) -> set[tuple[str, str, str]]:
    return {(one.finding.verdict.value, one.finding.cause.value, one.finding.column.value) for one in marks}


MISSED = ("missed_success", "timeout", "down")
OURS = ("user_error", "endpoint", "user")
BACK = ("ok", "none", "up")


def test_an_outage_of_our_endpoint_with_late_events_is_the_endpoints_and_not_metas(tmp_path: Path) -> None:
    story = silence(tmp_path, shut=True)
    at_first = way_back(story, first=True)
    missed = [one for one in at_first if one.finding.verdict is Verdict.MISSED_SUCCESS]
    assert len(missed) >= 5, "at first it looks like Meta's"
    assert verdicts(missed) == {MISSED}
    assert story.turned == ["send.roundtrip: endpoint_was_down"]
    assert verdicts(story.marks["send.roundtrip"]) <= {OURS, BACK}, "no canary is left to Meta's account"
    assert sum(one.finding.cause is Cause.ENDPOINT for one in story.marks["webhook"]) >= 40
    assert verdicts(story.marks["send"]) == {BACK}, "all the while Meta took messages in"
    assert story.reported >= 2 * len(story.simulator.graph.sent) - 2, "and in the end all of it came"


def test_a_silent_platform_is_metas(tmp_path: Path) -> None:
    story = silence(tmp_path, Reporting(*SHUT, SILENT), later=True)
    assert story.turned == []
    assert verdicts(way_back(story)) == {MISSED}
    assert not any(one.finding.provisional for one in way_back(story)), "a week later it is firm"
    lost_ms = {
        day.figures.down_ms for (target, _), day in story.days.items() if target in ("send.roundtrip", "platform")
    }
    assert all(40 * MINUTE <= one <= 60 * MINUTE for one in lost_ms), lost_ms
    assert {one.finding.verdict for one in story.marks["webhook"]} == {Verdict.OK}


def test_a_platform_that_reports_late_is_metas_though_everything_came_in_the_end(tmp_path: Path) -> None:
    story = silence(tmp_path, Reporting(*SHUT, late(30 * MINUTE)))
    assert story.turned == []
    assert verdicts(way_back(story)) == {MISSED}

"""The digest: a day or a week off the report; what is worth a word, and one calm line where nothing is."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from wamon.cli.example_digests import calm_digest, daily_digest, weekly_digest
from wamon.core.digest import LISTED, digest
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.notice import Notice
from wamon.core.notice_facts import DigestFacts
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState, Publication
from wamon.core.report import Day, Report, State, TargetReport
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, day_of, parse_iso
from wamon.core.uptime import Figures
from wamon.letters import written

NOW = parse_iso("2026-11-09T08:00:00Z")


def reported(
    *days: tuple[int, Figures], incidents: tuple[Incident, ...] = (), zone: str = "UTC", at_ms: int = NOW
) -> Report:
    """A report of one target: figures by how many days ago."""
    today = day_of(at_ms, ZoneInfo(zone))
    row = tuple(Day(today.fromordinal(today.toordinal() - ago), DayState.CLOSED, 1, sums) for ago, sums in days)
    target = TargetReport("api", ProbeKind.API, "graph", "", State.OPERATIONAL, None, None, None, "", "", row, {})
    return Report(at_ms, zone, 99.9, "", (target,), (), {}, incidents)


def told(report: Report, *, weekly: bool = False) -> DigestFacts:
    notice = digest(report, [], {}, report.at_ms, weekly=weekly)
    assert isinstance(notice, Notice)
    assert isinstance(notice.facts, DigestFacts)
    return notice.facts


QUIET = Figures(total_ms=DAY)
WORTH_A_WORD = {
    "down": Figures(total_ms=DAY, down_ms=1),
    "network": Figures(total_ms=DAY, network_ms=1),
    "user": Figures(total_ms=DAY, user_error_ms=1),
    "unproved": Figures(total_ms=DAY, unproved_ms=1),
    "badly observed": Figures(total_ms=DAY, unobserved_ms=3 * HOUR),
}


def test_a_day_on_which_nothing_happened_is_one_line() -> None:
    text = written(calm_digest(NOW)).body
    assert text.startswith("2026-11-08 was quiet: 2 targets watched, no incident, nothing down, nothing restated")
    assert "\n" not in text
    assert told(reported((1, QUIET))).calm
    assert told(reported((1, msgspec.structs.replace(QUIET, unobserved_ms=MINUTE)))).calm, "a restart is no news"


@pytest.mark.parametrize("sums", WORTH_A_WORD.values(), ids=WORTH_A_WORD)
def test_what_is_worth_a_word_is_told(sums: Figures) -> None:
    assert not told(reported((1, sums))).calm


def test_yesterday_is_yesterday_and_a_week_is_the_seven_days_before_today() -> None:
    days = [(ago, Figures(total_ms=DAY, down_ms=ago * MINUTE)) for ago in range(9)]
    assert told(reported(*days)).rows[0].platform == "99.93 % (0:01:00)"
    assert told(reported(*days), weekly=True).rows[0].platform == "99.72 % (0:28:00)"


def test_nothing_is_told_of_days_on_which_nobody_watched() -> None:
    assert digest(reported((0, QUIET)), [], {}, NOW, weekly=False) is None


def test_days_and_hours_are_those_of_the_zone() -> None:
    opened_ms = parse_iso("2026-11-07T23:30:00Z")
    late = Incident("api", Kind.OUTAGE, opened_ms, opened_ms + 40 * MINUTE, Verdict.SYSTEM_ERROR, Cause.SERVICE)
    facts = told(reported((1, QUIET), incidents=(late,), zone="Europe/Berlin"))
    assert [(one.began, one.lasted) for one in facts.incidents] == [("2026-11-08 00:30", "40 min")]
    early = msgspec.structs.replace(late, opened_ms=opened_ms - 2 * HOUR, closed_ms=opened_ms - HOUR)
    assert told(reported((1, QUIET), incidents=(early,), zone="Europe/Berlin")).incidents == ()


def test_what_lasts_says_so_and_of_many_the_first_twenty_are_named() -> None:
    def one(minute: int, *, over: bool = True) -> Incident:
        span = Span(NOW - DAY + minute * MINUTE, NOW - DAY + (minute + 1) * MINUTE)
        closed_ms = span.end_ms if over else None
        return Incident("api", Kind.USER_ERROR, span.start_ms, closed_ms, Verdict.USER_ERROR, Cause.PERMISSION)

    facts = told(reported((1, QUIET), incidents=(one(90, over=False), *(one(60 - n) for n in range(30)))))
    assert (len(facts.incidents), facts.more_incidents) == (LISTED, 11)
    assert facts.incidents[0].lasted == "1 min"
    (open_,) = told(reported((1, QUIET), incidents=(one(90, over=False),))).incidents
    assert open_.lasted == "22 h 30 min, still open"
    assert (open_.whose, open_.what) == ("Our side", "a permission is missing")


def blank(target: str, since: int, minutes: int, cause: Cause = Cause.LOCAL_NETWORK) -> Incident:
    start_ms = NOW - DAY + since * MINUTE
    end_ms = start_ms + minutes * MINUTE
    return Incident(target, Kind.UNOBSERVED, start_ms, end_ms, Verdict.NETWORK_ERROR, cause)


def test_time_that_nobody_observed_is_no_incident_and_one_line_for_all_that_missed_it() -> None:
    gone = (blank("api", 0, 25), blank("webhook", 2, 24), blank("api", 300, 5, Cause.NONE))
    report = reported((1, QUIET), incidents=tuple(reversed(gone)))
    facts = told(report)
    assert (facts.incidents, facts.calm) == ((), False)
    assert facts.unseen == (
        "2026-11-08 08:00 (25 min) api, webhook: our own line was away",
        "2026-11-08 13:00 (5 min) api: nothing was looked at",
    )
    notice = digest(report, [], {}, NOW, weekly=False)
    assert notice is not None
    assert notice.title == "Digest · 2026-11-08 · no incident · 2 times unobserved"
    assert "Not observed, which counts neither as up nor as down:\n- 2026-11-08 08:00" in written(notice).body


def test_parts_of_the_platform_are_not_told_apart_and_a_day_is_counted_once() -> None:
    day = day_of(NOW - 3 * DAY, ZoneInfo("UTC"))
    trail = {
        (name, day): tuple(
            Publication(name, day, "UTC", n, NOW - HOUR, Figures(total_ms=DAY, down_ms=n * HOUR), "weekly pass")
            for n in (1, 2)
        )
        for name in ("api", "platform", "platform.send")
    }
    notice = digest(reported((1, QUIET)), [], trail, NOW, weekly=True)  # type: ignore[arg-type]
    assert notice is not None
    assert isinstance(notice.facts, DigestFacts)
    assert [one.partition(" ")[0] for one in notice.facts.changed] == ["api", "platform"]
    assert notice.title.endswith("no incident · 1 day restated")


def test_each_has_a_key_of_its_day_and_sort() -> None:
    keys = [make(NOW).key for make in (calm_digest, daily_digest, weekly_digest)]
    assert keys == ["digest@2026-11-09:daily", "digest@2026-11-09:daily", "digest@2026-11-09:weekly"]


def test_hostile_names_are_text_in_the_mail() -> None:
    notice = daily_digest(NOW)
    assert isinstance(notice.facts, DigestFacts)
    facts = msgspec.structs.replace(notice.facts, ahead=("<script>alert(1)</script>",))
    html = written(msgspec.structs.replace(notice, facts=facts)).html
    assert html is not None
    assert "<script" not in html
    assert "&lt;script&gt;" in html

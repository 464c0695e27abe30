"""What the page says: the line on top, percentages toward the worse, bars, and whose fault it was."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reports import NOW_MS, TODAY, bad_week, days, figures, report, target
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState
from wamon.core.report import Day, State
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND
from wamon.core.uptime import Figures, clock_text
from wamon.web import words
from wamon.web.bars import bars
from wamon.web.view import page

TOP = {
    (): (State.UNOBSERVED, "Nothing is watched yet"),
    (State.OPERATIONAL,): (State.OPERATIONAL, "t0 operational"),
    (State.OPERATIONAL, State.OPERATIONAL): (State.OPERATIONAL, "All targets operational"),
    (State.OPERATIONAL, State.OUTAGE): (State.OUTAGE, "1 of 2 targets in trouble: t1 (outage)"),
    (State.OUTAGE, State.DEGRADED): (State.OUTAGE, "2 of 2 targets in trouble: t0 (outage), t1 (degraded)"),
    (State.DISRUPTION, State.UNOBSERVED): (State.DISRUPTION, "1 of 2 targets in trouble: t0 (disruption)"),
    (State.UNOBSERVED, State.OPERATIONAL): (State.UNOBSERVED, "1 of 2 targets not observed: t0"),
    (State.MAINTENANCE, State.OPERATIONAL): (State.MAINTENANCE, "1 of 2 targets under maintenance: t0"),
    (State.UNOBSERVED,): (State.UNOBSERVED, "1 of 1 target not observed: t0"),
}


@pytest.mark.parametrize(("states", "said"), TOP.items(), ids=str)
def test_the_line_on_top_says_how_many_are_in_trouble_and_which(
    states: tuple[State, ...], said: tuple[State, str]
) -> None:
    top = words.headline(report([target(f"t{number}", state=state) for number, state in enumerate(states)]))
    assert (top.state, top.text, top.beside) == (*said, "")


def test_evidence_that_fails_is_told_beside_and_never_counted_in() -> None:
    top = words.headline(report([target("api"), target("control-1", ProbeKind.CONTROL, state=State.OUTAGE)]))
    assert (top.state, top.text) == (State.OPERATIONAL, "api operational")
    assert top.beside == "Evidence that fails: control-1."


SHARES = {
    "a perfect day": (figures(), ("100 %", "0:00:00")),
    "one millisecond is not nothing": (figures(down_ms=1), ("99.99 %", "0:00:01")),
    "toward the worse": (figures(down_ms=10 * MINUTE, total_ms=23 * HOUR), ("99.27 %", "0:10:00")),
    "under 90 % coverage": (figures(unobserved_ms=DAY // 10 + 1), ("insufficient data", "0:00:00")),
    "exactly 90 % coverage": (figures(unobserved_ms=DAY // 10), ("100 %", "0:00:00")),
    "nobody looked": (figures(unobserved_ms=DAY), ("no data", "")),
    "no day at all": (Figures(), ("no data", "")),
    "the path was down all day": (figures(network_ms=DAY), ("no data", "0:00:00")),
}


@pytest.mark.parametrize(("sums", "said"), SHARES.values(), ids=SHARES.keys())
def test_a_percentage_stands_beside_its_downtime_and_only_where_enough_was_seen(
    sums: Figures, said: tuple[str, str]
) -> None:
    shown = words.platform_share(sums)
    assert (shown.text, shown.lost) == said


def test_metas_formula_divides_by_all_the_time_there_is_not_by_what_was_observed() -> None:
    sums = figures(down_ms=HOUR, unobserved_ms=2 * HOUR)
    assert words.meta_share(sums) == words.Share("95.83 %", "1:00:00")
    assert words.platform_share(sums) == words.Share("95.45 %", "1:00:00")


def test_the_three_views_and_the_coverage_each_show_what_they_lost() -> None:
    sums = figures(down_ms=9 * MINUTE, user_ms=HOUR, network_ms=MINUTE, unobserved_ms=2 * HOUR)
    assert words.platform_share(sums) == words.Share("99.31 %", "0:09:00")
    assert words.meta_share(sums) == words.Share("100 %", "0:00:00")
    assert words.experienced_share(sums) == words.Share("94.69 %", "1:10:00")
    assert words.coverage_share(sums) == words.Share("91.66 %", "2:00:00")


BARS = {
    "good h10 seen-all": figures(),
    "down h9 seen-all": figures(down_ms=40 * SECOND),
    "down h8 seen-all": figures(down_ms=5 * MINUTE),
    "down h6 seen-all": figures(down_ms=50 * MINUTE),
    "down h2 seen-all": figures(down_ms=20 * HOUR),
    "user h6 seen-all": figures(down_ms=5 * MINUTE, user_ms=HOUR),
    "net h8 seen-all": figures(network_ms=3 * MINUTE),
    "good h10 seen-most": figures(unobserved_ms=30 * MINUTE),
    "blank h10 seen-little": figures(unobserved_ms=9 * HOUR),
}


@pytest.mark.parametrize(("classes", "sums"), BARS.items())
def test_a_bars_shape_says_how_much_was_lost_whose_fault_and_how_much_was_seen(
    classes: str, sums: Figures
) -> None:
    assert bars([Day(TODAY, DayState.CLOSED, 1, sums, sums)], TODAY)[-1].classes == classes


def test_there_are_ninety_bars_each_with_its_words_and_days_unwatched_keep_their_place() -> None:
    first = figures(down_ms=10 * MINUTE + 1, user_ms=HOUR)
    restated = Day(date(2026, 11, 5), DayState.CLOSED, 2, figures(down_ms=70 * MINUTE), first, "weekly pass")
    shown = bars(days({restated.date: restated}, count=10), TODAY)
    assert len(shown) == 90
    assert [one.classes for one in shown[:80]] == ["none"] * 80
    assert (shown[0].day, shown[0].facts) == ("Wed 2026-08-12", "not watched")
    assert (shown[-5].day, shown[-5].classes) == ("Thu 2026-11-05", "down h6 seen-all restated")
    assert shown[-5].facts == "95.13 %, down 1:10:00; restated, revision 2, first 99.30 %, down 0:10:01"
    assert shown[-1].facts == "100 %, down 0:00:00; not over yet"


def test_a_first_day_and_today_are_called_partial() -> None:
    began = Day(date(2026, 11, 8), DayState.CLOSED, 1, figures(total_ms=6 * HOUR), figures(), partial=True)
    today = Day(TODAY, DayState.OPEN, 0, figures(total_ms=9 * HOUR), partial=True)
    facts = [one.facts for one in bars([began, today], TODAY)[-2:]]
    assert facts == [
        "100 %, down 0:00:00; partial: only 6:00:00 of it",
        "100 %, down 0:00:00; partial: not over yet",
    ]


def test_days_with_something_to_say_are_said_newest_first_and_others_are_not() -> None:
    said = {one.day: one.facts for one in page(bad_week(), ()).targets[0].chart.days}
    assert list(said)[:3] == ["Mon 2026-11-09", "Sat 2026-11-07", "Fri 2026-11-06"]
    assert said["Wed 2026-11-04"] == "99.65 %, down 0:05:00; experienced 96.18 %, lost 0:55:00"
    assert said["Fri 2026-11-06"] == "100 %, down 0:00:00; coverage 98.26 %, unobserved 0:25:00"
    assert said["Mon 2026-10-12"] == "insufficient data, down 0:00:00; coverage 62.50 %, unobserved 9:00:00"
    assert "Sun 2026-11-08" not in said


BLAMES = {
    "Meta: account management fails (code 2)": (Kind.OUTAGE, Verdict.SYSTEM_ERROR, Cause.SERVICE, (2,), False),
    "Our side: the access token is refused (code 190)": (
        Kind.USER_ERROR,
        Verdict.USER_ERROR,
        Cause.AUTHENTICATION,
        (190,),
        False,
    ),
    "Our endpoint: account management fails": (Kind.ENDPOINT, Verdict.USER_ERROR, Cause.ENDPOINT, (), False),
    "The network: Meta cannot be reached from here, not yet certain": (
        Kind.DISRUPTION,
        Verdict.NETWORK_ERROR,
        Cause.PATH,
        (),
        True,
    ),
    "Nobody could say: local network": (Kind.UNOBSERVED, Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK, (), False),
    "Nobody looked": (Kind.UNOBSERVED, Verdict.INCONCLUSIVE, Cause.NONE, (), False),
}


@pytest.mark.parametrize(("said", "found"), BLAMES.items())
def test_an_incident_says_whose_it_was(said: str, found: tuple) -> None:
    kind, verdict, cause, codes, provisional = found
    one = Incident("t", kind, NOW_MS - HOUR, None, verdict, cause, provisional, codes)
    assert words.blame(one, ProbeKind.API) == said
    assert words.counted_as(one).startswith("Counts as ")


def test_a_way_back_that_nothing_took_was_not_overlooked() -> None:
    unseen = Incident("send.roundtrip", Kind.UNOBSERVED, NOW_MS, None, Verdict.INCONCLUSIVE, Cause.NONE, False, ())
    assert words.blame(unseen, ProbeKind.ROUNDTRIP) == "No message was on its way"
    assert words.blame(unseen, ProbeKind.MESSAGE) == "Nobody looked"


def test_instants_are_told_in_the_days_zone_and_kept_in_utc_for_programs() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert words.when(NOW_MS, berlin) == words.When("Mon 2026-11-09 10:00 CET", "2026-11-09T09:00:00Z")
    assert words.until(NOW_MS + HOUR, NOW_MS, berlin).text == "11:00 CET"
    assert words.until(NOW_MS + DAY, NOW_MS, berlin).text == "Tue 2026-11-10 10:00 CET"


def test_the_page_tells_whose_fault_an_open_incident_is_and_what_to_do() -> None:
    shown = page(bad_week(), ()).targets[0]
    assert shown.said == "Meta: account management fails (code 131016/2). Counts as downtime."
    assert shown.since == "since Mon 2026-11-09 08:45 UTC (14 min)"
    assert shown.remedy.startswith("Hold the queues")
    calm = page(bad_week(), ()).targets[1]
    assert (calm.said, calm.explanation, calm.remedy) == ("", "", "")


def test_accounts_are_named_only_where_there_are_several() -> None:
    for accounts, several in ((["graph", "graph"], False), (["graph", "client"], True)):
        watched = [target(f"t{place}", account=one) for place, one in enumerate(accounts)]
        assert page(report(watched), ()).several_accounts is several


def test_restated_days_show_what_was_said_before_and_why() -> None:
    (one,) = page(bad_week(), ()).restated
    view, before, after = one.change
    assert (one.target, view, before.text, after.text, one.revision) == ("cloud-api", "", "99.30 %", "95.13 %", 2)
    assert one.reason == "weekly pass: same token valid (cloud-api), mixed burst (cloud-api)"
    assert [row.target for row in page(bad_week(messages=True), ()).restated] == ["platform", "cloud-api", "send"]


@pytest.mark.parametrize(
    ("first", "now", "said"),
    [
        (figures(), figures(down_ms=HOUR), ("", "100 %", "95.83 %")),
        (figures(user_ms=HOUR), figures(), ("experienced", "95.83 %", "100 %")),
        (figures(unobserved_ms=HOUR), figures(), ("coverage", "95.83 %", "100 %")),
        (figures(), figures(), ("other sums", "100 %", "100 %")),
    ],
)
def test_a_restated_day_names_the_view_in_which_it_changed(
    first: Figures, now: Figures, said: tuple[str, str, str]
) -> None:
    told = words.changed(first, now)
    assert (told.view, told.before.text, told.after.text) == said


def test_the_newest_restated_day_and_the_open_incident_come_first() -> None:
    restated = [Day(date(2026, 11, day), DayState.CLOSED, 2, figures(down_ms=day), figures()) for day in (3, 5, 4)]
    past = tuple(sorted(restated, key=lambda one: one.date))
    shown = page(report([target("t", past=past)]), ()).restated
    assert [one.day[-2:] for one in shown] == ["05", "04", "03"]
    opened = [one.opened.machine[:10] for one in page(bad_week(), ()).incidents]
    assert opened == ["2026-11-09", "2026-11-07", "2026-11-06", "2026-11-05", "2026-11-04", "2026-11-03"]
    old = Incident("t", Kind.OUTAGE, NOW_MS - 9 * DAY, None, Verdict.SYSTEM_ERROR, Cause.SERVICE)
    over = Incident("t", Kind.OUTAGE, NOW_MS - DAY, NOW_MS, Verdict.SYSTEM_ERROR, Cause.SERVICE)
    both = page(report([target("t")], incidents=[over, old]), ()).incidents
    assert [one.closed is None for one in both] == [True, False]


def test_of_very_many_incidents_the_newest_are_shown_and_the_others_counted() -> None:
    many = [
        Incident("t", Kind.OUTAGE, NOW_MS - number * HOUR, NOW_MS, Verdict.SYSTEM_ERROR, Cause.SERVICE)
        for number in range(1, 51)
    ]
    shown = page(report([target("t")], incidents=many), ())
    assert (len(shown.incidents), shown.older_incidents) == (40, 10)
    assert shown.incidents[0].opened.machine == "2026-11-09T08:00:00Z"


def test_the_endpoint_has_a_figure_of_its_own_and_never_metas() -> None:
    titles = {one.name: [line.title for line in one.chart.lines] for one in page(bad_week(), ()).targets}
    assert titles["webhook"][0] == "Your endpoint"
    assert "By Meta's formula" not in titles["webhook"]
    assert titles["graph"][:3] == ["Platform", "By Meta's formula", "Experienced"]


BUDGETS = {
    0: "Error budget of this month: 100 % left, 0:00:00 of 0:{} spent",
    30 * SECOND: "Error budget of this month: 98 % left, 0:00:30 of 0:{} spent",
    HOUR: "Error budget of this month: overspent, 1:00:00 of 0:{} spent",
}


@pytest.mark.parametrize(("down_ms", "said"), BUDGETS.items())
def test_the_error_budget_is_told_on_time_not_on_counts(down_ms: int, said: str) -> None:
    past = (Day(TODAY, DayState.OPEN, 0, figures(down_ms=down_ms)),)
    shown = page(report([target("t", past=past)]), ()).targets[0].chart
    assert shown.budget == said.format("32:35"), "a thousandth of what was observed or is to come"


FIGURES = st.integers(1, 25 * HOUR).flatmap(
    lambda total: st.tuples(st.just(total), st.lists(st.integers(0, total), min_size=3, max_size=3)).map(
        lambda drawn: figures(
            down_ms=min(drawn[1]) // 3,
            user_ms=max(drawn[1]) // 3,
            network_ms=drawn[1][1] // 6,
            unobserved_ms=drawn[1][2] // 6,
            total_ms=total,
        )
    )
)


@given(FIGURES)
def test_no_view_ever_says_100_where_something_was_lost_nor_more_than_is_so(sums: Figures) -> None:
    lost = {
        words.platform_share: (sums.down_ms, sums.availability),
        words.meta_share: (sums.meta_down_ms, sums.availability_meta),
        words.experienced_share: (words.stopped_ms(sums), sums.availability_experienced),
    }
    for view, (lost_ms, ratio) in lost.items():
        shown = view(sums)
        if not shown.said:
            assert not sums.sufficient or sums.observed_ms <= 0
            continue
        assert shown.lost == clock_text(lost_ms)
        assert (shown.text == "100 %") == (lost_ms == 0)
        if shown.text != words.NO_DATA:
            assert float(shown.text.removesuffix(" %")) <= 100 * ratio + 1e-9


@given(FIGURES)
def test_every_bar_has_a_height_a_tone_and_words(sums: Figures) -> None:
    bar = bars([Day(TODAY, DayState.CLOSED, 1, sums, sums)], TODAY)[-1]
    tone, height, seen = bar.classes.split()
    assert tone in {"good", "down", "user", "net", "blank"}
    assert 2 <= int(height[1:]) <= 10
    assert (height == "h10") == (words.stopped_ms(sums) == 0)
    assert (tone == "blank") == (seen == "seen-little") == (not sums.sufficient)
    assert bar.day == "Mon 2026-11-09"
    assert bar.facts


def rested(**sums: int) -> Day:
    found = Figures(total_ms=DAY, maintenance_ms=2 * HOUR, **sums)
    return Day(TODAY, DayState.CLOSED, 1, found, found)


def test_a_day_tells_its_maintenance_and_how_much_of_it_was_declared_afterwards() -> None:
    plain = bars([rested()], TODAY)[-1]
    assert plain.facts == "100 %, down 0:00:00; maintenance 2:00:00"
    assert not plain.worth, "maintenance alone is no trouble"
    late = bars([rested(retroactive_ms=HOUR)], TODAY)[-1]
    assert late.facts == "100 %, down 0:00:00; maintenance 2:00:00, 1:00:00 of it declared afterwards"
    assert late.worth


def test_maintenance_has_a_line_where_there_was_some() -> None:
    calm = page(report([target("api", past=days({}))]), ()).targets[0].chart
    assert calm is not None
    assert "Maintenance" not in [one.title for one in calm.lines]
    rested_day = msgspec.structs.replace(rested(retroactive_ms=HOUR), date=TODAY - timedelta(days=1))
    chart = page(report([target("api", past=days({rested_day.date: rested_day}))]), ()).targets[0].chart
    assert chart is not None
    line = chart.lines[-1]
    assert (line.title, [(one.text, one.lost) for one in line.cells]) == (
        "Maintenance",
        [("0:00:00", ""), ("2:00:00", "1:00:00 afterwards"), ("0:00:00", ""), ("2:00:00", "1:00:00 afterwards")],
    )


def test_the_page_is_plain_values() -> None:
    assert (
        msgspec.json.decode(msgspec.json.encode(page(bad_week(messages=True), ())))["frame"]["version"] == "0.1.0"
    )

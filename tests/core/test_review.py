"""The weekly pass as one decision: what turns, what is published anew, undone exactly, and told once."""

from datetime import date
from zoneinfo import ZoneInfo

import msgspec
import pytest

from wamon.core.finding import Cause, Column, Context, Mark, Origin, Ruling, Verdict
from wamon.core.incident import Kind
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.notice import NoticePhase
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.publication import Publication, publish
from wamon.core.reading import read_exchange
from wamon.core.reclassification import Account
from wamon.core.review import Ground, Review, day_publications, restated_notice, review, standing, window
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, iso, parse_iso
from wamon.core.uptime import Figures, change_text
from wamon.core.watched import Watched
from wamon.letters import written

UTC = ZoneInfo("UTC")
KNOWN = knowledge()
MIDNIGHT = parse_iso("2026-11-03T00:00:00Z")
TUESDAY = date(2026, 11, 3)
NOW = MIDNIGHT + DAY + 6 * HOUR
GOOD = judge(read_exchange({"probe": "api", "body": {"id": "1"}}), KNOWN)
TARGETS = (Watched("api", ProbeKind.API, MINUTE), Watched("token", ProbeKind.TOKEN, 15 * MINUTE))
BOTH = ["whatsapp_business_management", "whatsapp_business_messaging"]


def refused(at_ms: int) -> Exchange:
    return read_exchange({"target": "api", "probe": "api", "at": iso(at_ms), "body": {"error": {"code": 190}}})


FORTY_MINUTES = range(MIDNIGHT + 10 * HOUR, MIDNIGHT + 10 * HOUR + 40 * MINUTE, MINUTE)


def watched(valid: bool, bad_at: range = FORTY_MINUTES) -> list[Account]:
    """A day of minute looks, some of them refused, and what `debug_token` said at a quarter past ten."""
    context = Context("api", MINUTE)
    doubtful = judge(refused(bad_at[0]), KNOWN)
    looks = range(MIDNIGHT - HOUR, MIDNIGHT + DAY + HOUR, MINUTE)
    marks = [Mark(at, context, doubtful if at in bad_at else GOOD) for at in looks]
    at_ms = MIDNIGHT + 10 * HOUR + 15 * MINUTE
    facts = {"is_valid": valid, "expires_at": 0, "scopes": BOTH}
    said = read_exchange({"target": "token", "probe": "token", "at": iso(at_ms), "body": {"data": facts}})
    token = Mark(at_ms, Context("token", 15 * MINUTE), judge(said, KNOWN))
    return [
        Account("api", "", marks, {at: refused(at) for at in bad_at}),
        Account("token", "", [token], {at_ms: said}),
    ]


def ground(
    published: dict[tuple[str, date], Publication] | None = None,
    now_ms: int = NOW,
    *,
    zone: ZoneInfo = UTC,
    **rest: bool,
) -> Ground:
    trail = published or {}
    return Ground(
        targets=TARGETS,
        first_ms={"api": MIDNIGHT - HOUR},
        known=KNOWN,
        zone=zone,
        confirm=2,
        now_ms=now_ms,
        latest=lambda target, day: trail.get((target, day)),
        zones={day: row.zone for (_, day), row in trail.items()},
        **rest,
    )


def first_word(accounts: list[Account]) -> dict[tuple[str, date], Publication]:
    rows = day_publications({one.target: one.marks for one in accounts}, TUESDAY, ground(), "closed")
    said = [publish(row, None) for row in rows]
    return {(row.target, row.day): row for row in said if row is not None}


WITHIN = Span(MIDNIGHT, MIDNIGHT + DAY)


def test_the_window_is_whole_days_before_today() -> None:
    assert window(NOW, UTC, 14) == Span(MIDNIGHT - 13 * DAY, MIDNIGHT + DAY)
    berlin = window(parse_iso("2026-11-02T05:00:00Z"), ZoneInfo("Europe/Berlin"), 14)
    assert berlin == Span(parse_iso("2026-10-18T22:00:00Z"), parse_iso("2026-11-01T23:00:00Z"))


RESTATED = """\
Restated · api 2026-11-03: 100 % (0:00:00) -> 97.22 % (0:40:00) · 40 min judged otherwise

Past days were judged again with what is known by now. Nothing is wrong at this moment because of it, and nothing \
has to be done. What was said before is kept: `wamon uptime --as-of` shows it. A person's word outranks this one: \
`wamon rule`.

What changed:
- api 2026-11-03: 100 % (0:00:00) -> 97.22 % (0:40:00), revision 2

Why:
- api, 2026-11-03, 10:00 to 10:39 UTC: 40 looks (40 min) that counted as an error of our own now count as Meta's \
downtime, because our token was refused although debug_token called this very token valid all that time.
"""


def test_a_turned_day_is_published_again_with_its_reason_and_told_once() -> None:
    accounts = watched(valid=True)
    published = first_word(accounts)
    found = review(accounts, WITHIN, ground(published))
    assert len(found.rulings) == 40
    assert {one.origin for one in found.rulings} == {Origin.RECLASSIFICATION}
    (row,) = [one for one in found.publications if one.target == "api"]
    assert (row.figures.down_ms, row.figures.user_error_ms, row.revision) == (40 * MINUTE, 0, 2)
    assert row.reason == "weekly pass: same token valid (api)"
    note = restated_notice(found, ground(published).latest, NOW)
    assert note is not None
    assert (note.kind, note.phase, note.key) == (Kind.RESTATED, NoticePhase.NOTE, "restated@2026-11-04T06:00:00Z")
    assert f"{note.title}\n\n{written(note).body}\n" == RESTATED


def test_a_lone_look_that_turns_is_told_as_forgiven_and_in_the_view_that_it_changes() -> None:
    at_ms = MIDNIGHT + 10 * HOUR + 15 * MINUTE
    accounts = watched(valid=True, bad_at=range(at_ms, at_ms + 1))
    published = first_word(accounts)
    found = review(accounts, WITHIN, ground(published))
    note = restated_notice(found, ground(published).latest, NOW)
    assert note is not None
    said = written(note).body
    felt = "experienced 99.93 % (0:01:00) -> 100 % (0:00:00)"
    assert f"- api 2026-11-03: 100 % (0:00:00) as before, {felt}, revision 2" in said
    assert "- api: 1 look of these stands alone, is forgiven and counts as up." in said


CHANGES = {
    "downtime": (
        Figures(total_ms=DAY),
        Figures(total_ms=DAY, down_ms=HOUR),
        "100 % (0:00:00) -> 95.83 % (1:00:00)",
    ),
    "what was felt": (
        Figures(total_ms=DAY, user_error_ms=HOUR),
        Figures(total_ms=DAY),
        "100 % (0:00:00) as before, experienced 95.83 % (1:00:00) -> 100 % (0:00:00)",
    ),
    "what is proven": (
        Figures(total_ms=DAY, down_ms=HOUR),
        Figures(total_ms=DAY, down_ms=HOUR, proven_down_ms=HOUR),
        "95.83 % (1:00:00), other sums changed",
    ),
}


@pytest.mark.parametrize(("before", "after", "said"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_told_in_the_view_in_which_it_shows(before: Figures, after: Figures, said: str) -> None:
    assert change_text(before, after) == said


def test_the_pass_done_again_finds_nothing() -> None:
    accounts = watched(valid=True)
    published = first_word(accounts)
    found = review(accounts, WITHIN, ground(published))
    later = published | {(one.target, one.day): one for one in found.publications}
    stands = [
        Account(one.target, one.account, standing(one.marks, found.rulings, one.target), one.exchanges)
        for one in accounts
    ]
    assert review(stands, WITHIN, ground(later)) == Review()


def test_undone_the_figures_are_the_earlier_ones_to_the_millisecond() -> None:
    accounts = watched(valid=True)
    before = first_word(accounts)["api", TUESDAY].figures
    found = review(accounts, WITHIN, ground())
    turned = standing(accounts[0].marks, found.rulings, "api")
    originals = {mark.at_ms: mark.finding for mark in accounts[0].marks}
    undo = [Ruling("api", one.at_ms, originals[one.at_ms], Origin.PERSON, "", NOW) for one in found.rulings]
    back = standing(turned, undo, "api")
    (row,) = [one for one in day_publications({"api": back}, TUESDAY, ground(), "x") if one.target == "api"]
    assert row.figures == before


def test_a_verdict_that_only_became_firm_moves_no_figure_and_tells_nobody() -> None:
    accounts = watched(valid=False)
    published = first_word(accounts)
    found = review(accounts, WITHIN, ground(published))
    assert {one.finding.rule for one in found.rulings} == {"token_was_invalid"}
    assert (found.publications, found.turns) == ((), ())
    assert restated_notice(found, ground(published).latest, NOW) is None


def test_a_frozen_day_is_restated_only_when_reopened() -> None:
    accounts = watched(valid=True)
    published = first_word(accounts)
    frozen = parse_iso("2026-12-14T00:00:00Z")
    assert review(accounts, WITHIN, ground(published, frozen)).publications == ()
    reopened = review(accounts, WITHIN, ground(published, frozen, reopen=True))
    assert [one.target for one in reopened.publications] == ["api"]


def over_midnight() -> list[Account]:
    """Six minutes down by Meta's own word, then as long a refused token that `debug_token` called valid."""
    accounts = watched(valid=True)
    broken = read_exchange({"target": "api", "probe": "api", "body": {"error": {"code": 131016}}})
    seen = {
        at_ms: msgspec.structs.replace(broken, at_ms=at_ms) if at_ms < MIDNIGHT else refused(at_ms)
        for at_ms in range(MIDNIGHT - 6 * MINUTE, MIDNIGHT + 6 * MINUTE, MINUTE)
    }
    context = accounts[0].marks[0].context
    marks = [
        Mark(one.at_ms, context, judge(seen[one.at_ms], KNOWN) if one.at_ms in seen else GOOD)
        for one in accounts[0].marks
    ]
    said_ms = MIDNIGHT + 3 * MINUTE
    facts = {"is_valid": True, "expires_at": 0, "scopes": BOTH}
    said = read_exchange({"target": "token", "probe": "token", "at": iso(said_ms), "body": {"data": facts}})
    token = Mark(said_ms, Context("token", 15 * MINUTE), judge(said, KNOWN))
    return [Account("api", "", marks, seen), Account("token", "", [token], {said_ms: said})]


def test_a_day_just_outside_the_window_is_restated_where_an_incident_reaches_over_its_midnight() -> None:
    """Six minutes alone are no outage by Meta's rule; with the six that the pass turns they are twelve."""
    accounts, monday = over_midnight(), date(2026, 11, 2)
    marks = {one.target: one.marks for one in accounts}
    first = [row for day in (monday, TUESDAY) for row in day_publications(marks, day, ground(), "closed")]
    trail = {(row.target, row.day): msgspec.structs.replace(row, revision=1) for row in first}
    assert trail["api", monday].figures.meta_down_ms == 0
    rows = {row.day: row for row in review(accounts, WITHIN, ground(trail)).publications if row.target == "api"}
    assert rows[TUESDAY].figures.meta_down_ms == 6 * MINUTE - MINUTE // 2
    assert (rows[monday].figures.meta_down_ms, rows[monday].revision) == (6 * MINUTE + MINUTE // 2, 2)


def test_a_day_outside_the_window_that_was_never_published_stays_so() -> None:
    rows = review(over_midnight(), WITHIN, ground()).publications
    assert {row.day for row in rows} == {TUESDAY}


def test_a_closed_day_keeps_the_zone_it_was_closed_in() -> None:
    """The service moves from UTC to Berlin: Tuesday stays the Tuesday that was published."""
    berlin = ZoneInfo("Europe/Berlin")
    before = first_word(watched(valid=False))
    assert review(watched(valid=False), WITHIN, ground(before, zone=berlin)).publications == ()
    (row,) = review(watched(valid=True), WITHIN, ground(before, zone=berlin)).publications
    assert (row.zone, row.revision, row.figures.total_ms, row.figures.down_ms) == ("UTC", 2, DAY, 40 * MINUTE)


def test_turns_say_how_much_time_moved_from_where_to_where() -> None:
    (turn,) = review(watched(valid=True), WITHIN, ground()).turns
    assert (turn.before, turn.after) == (Verdict.USER_ERROR, Verdict.SYSTEM_ERROR)
    assert (turn.column_before, turn.column_after) == (Column.USER, Column.DOWN)
    assert (turn.observations, turn.moved_ms, turn.rule) == (40, 40 * MINUTE, "same_token_valid")


def test_a_ruling_keeps_the_cause_and_names_its_evidence() -> None:
    first = review(watched(valid=True), WITHIN, ground()).rulings[0]
    assert first.finding.cause is Cause.AUTHENTICATION
    assert first.evidence == ("token@2026-11-03T10:15:00Z",)

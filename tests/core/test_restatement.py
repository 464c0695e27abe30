"""What a person's word does to published days: generated timelines, added and taken back to the millisecond."""

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.arithmetic.strategies import UP, Scene, mark, scene
from wamon.core.days import PLATFORM, Overlay
from wamon.core.finding import Mark, Verdict
from wamon.core.knowledge import knowledge
from wamon.core.maintenance import Once, Window, covers
from wamon.core.observation import ProbeKind
from wamon.core.publication import Publication
from wamon.core.restatement import Change, said_anew, told_anew, touched_days
from wamon.core.review import Ground, day_publications, decided, standing
from wamon.core.spoken import Said, Spoken
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, day_of, day_span
from wamon.core.uptime import Figures
from wamon.core.watched import Watched
from wamon.letters import written

UTC = ZoneInfo("UTC")
KNOWN = knowledge()
TARGETS = (
    Watched("send", ProbeKind.MESSAGE, MINUTE, "a"),
    Watched("send.roundtrip", ProbeKind.ROUNDTRIP, MINUTE, "a"),
    Watched("other", ProbeKind.MESSAGE, MINUTE, "b"),
    Watched("api", ProbeKind.API, MINUTE, "a"),
)
Marks = Mapping[str, Sequence[Mark]]
Published = dict[tuple[str, date], Publication]


def ordered(one: Scene) -> list[Mark]:
    """As a ledger has them: by instant, one of each."""
    kept = {mark.at_ms: mark for mark in reversed(one.marks)}
    return [kept[at_ms] for at_ms in sorted(kept)]


class Book:
    """What is published of one day, and what stands behind it."""

    def __init__(self, seed: int) -> None:
        rng = Random(seed)
        self.scene = scene(rng)
        self.marks: dict[str, list[Mark]] = {"send": ordered(self.scene)}
        self.marks |= {one.name: ordered(scene(rng)) for one in TARGETS[1:]}
        self.day = day_of(1_000_000_000, UTC)
        self.span = day_span(self.day, UTC)
        self.windows: list[Window] = []
        self.published: Published = {}
        first = day_publications(self.marks, self.day, self.ground(), "closed")
        self.published = {(row.target, row.day): msgspec.structs.replace(row, revision=1) for row in first}
        self.first = self.figures()

    def figures(self) -> dict[str, Figures]:
        return {name: row.figures for (name, _), row in self.published.items()}

    def ground(self) -> Ground:
        accounts = {one.name: one.account for one in TARGETS}
        return Ground(
            targets=TARGETS,
            first_ms=dict.fromkeys(accounts, self.span.start_ms),
            known=KNOWN,
            zone=UTC,
            confirm=2,
            now_ms=self.span.end_ms + HOUR,
            latest=lambda target, day: self.published.get((target, day)),
            overlay=Overlay(covers(self.windows, accounts, self.span), self.scene.unobserved),
            reopen=True,
        )

    def change(self, *touched: str) -> Change:
        spans = dict.fromkeys(touched or [one.name for one in TARGETS], (self.span,))
        return Change("ruling", "", "anna", "because", self.span.end_ms, "by anna", spans, self.windows)

    def say(self, marks: Marks) -> list[Publication]:
        """Publish what is said anew of the day, once; a second time there is nothing left to say."""
        ground, change = self.ground(), self.change()
        (touched,) = touched_days(change, TARGETS, self.published)
        needed = {one.name: marks[one.name] for one in touched.needed}
        rows = [row for row, _ in said_anew(touched, needed, (), change, ground).rows]
        self.published |= {(row.target, row.day): row for row in rows}
        assert said_anew(touched, needed, (), change, self.ground()).rows == []
        return rows


seeds = st.integers(0, 2**48)


@settings(deadline=None, max_examples=25)
@given(
    seeds,
    st.lists(st.tuples(st.integers(0, 4 * HOUR), st.integers(1, HOUR), st.sampled_from(TARGETS)), max_size=3),
)
def test_maintenance_added_and_removed_gives_back_every_row(
    seed: int, times: list[tuple[int, int, Watched]]
) -> None:
    book = Book(seed)
    around_ms = 1_000_000_000 - HOUR
    for start_ms, length_ms, about in times:
        start = around_ms + start_ms
        book.windows.append(Window(Once(start, start + length_ms), "UTC", (about.name,)))
    added = book.say(book.marks)
    assert all(row.revision == 2 and row.author == "anna" for row in added)
    for name, sums in book.figures().items():
        assert sums.down_ms + sums.network_ms + sums.user_error_ms + sums.unobserved_ms <= sums.expected_ms, name
    book.windows = []
    removed = book.say(book.marks)
    assert book.figures() == book.first
    assert {row.target for row in removed} == {row.target for row in added}


@settings(deadline=None, max_examples=25)
@given(seeds, st.sampled_from(Verdict), st.integers(0, 2 * HOUR), st.integers(0, HOUR), st.booleans())
def test_a_ruling_undone_gives_back_every_row(
    seed: int, verdict: Verdict, start_ms: int, length_ms: int, everywhere: bool
) -> None:
    book = Book(seed)
    start = 1_000_000_000 + start_ms
    spoken = Spoken(verdict, start, start + length_ms, None if everywhere else "send")
    said = Said(spoken, "anna", "because", book.span.end_ms)
    turned = {name: standing(marks, said.rulings(name, marks, "test"), name) for name, marks in book.marks.items()}
    added = book.say(turned)
    removed = book.say(book.marks)
    assert book.figures() == book.first
    assert {row.target for row in removed} == {row.target for row in added}
    if verdict is Verdict.OK and added:
        assert book.figures()[PLATFORM].total_ms == DAY


def published(*rows: tuple[str, str, str]) -> Published:
    return {
        (name, date.fromisoformat(day)): Publication(
            name, date.fromisoformat(day), zone, 1, 0, Figures(), "closed"
        )
        for name, day, zone in rows
    }


def asked(spans: dict[str, tuple[Span, ...]], reach_ms: int = 0) -> Change:
    return Change("ruling", "", "anna", "x", 0, "", spans, (), reach_ms=reach_ms)


NOON = 20_000 * DAY + 12 * HOUR
TODAY = day_of(NOON, UTC).isoformat()
BEFORE = day_of(NOON - DAY, UTC).isoformat()
AFTER = day_of(NOON + DAY, UTC).isoformat()


def touched(change: Change, before: Published) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.day.isoformat(), one.rows) for one in touched_days(change, TARGETS, before)]


def test_only_published_days_of_the_rows_it_is_about_are_touched() -> None:
    before = published(
        *((name, day, "UTC") for day in (BEFORE, TODAY, AFTER) for name in ("api", "send", PLATFORM))
    )
    noon = (Span(NOON, NOON + HOUR),)
    assert touched(asked({"api": noon}), before) == [(TODAY, ("api",))]
    assert touched(asked({"send": noon}), before) == [(TODAY, ("send", PLATFORM))]
    assert touched(asked({"gone": noon}), before) == []
    assert touched(asked({"api": noon}, DAY), before) == [(day, ("api",)) for day in (BEFORE, TODAY, AFTER)]
    assert touched(asked({"api": (Span(NOON - DAY, NOON - DAY + 1), *noon)}), before) == [
        (BEFORE, ("api",)),
        (TODAY, ("api",)),
    ]


def test_a_day_is_as_long_as_it_was_in_the_zone_it_was_published_in() -> None:
    before = published(("api", TODAY, "Asia/Tokyo"), ("send", TODAY, "UTC"))
    evening = (Span(NOON + 4 * HOUR, NOON + 5 * HOUR),)
    assert touched(asked({"api": evening, "send": evening}), before) == [(TODAY, ("send",))]


def test_a_day_is_made_of_what_was_published_with_it() -> None:
    before = published(("send", TODAY, "UTC"), (PLATFORM, TODAY, "UTC"))
    (one,) = touched_days(asked({"send": (Span(NOON, NOON + 1),)}), TARGETS, before)
    assert [part.name for part in one.targets] == ["send"]
    assert [part.name for part in one.needed] == ["send"]


def test_what_was_dropped_decides_a_day_until_ten_quiet_minutes_lie_before_its_midnight() -> None:
    midnight = 20_000 * DAY
    looks = [mark(at, UP) for at in range(midnight - HOUR, midnight + HOUR, MINUTE)]
    day = Span(midnight, midnight + DAY)
    assert decided(looks, day, None)
    assert decided(looks, day, midnight - 2 * DAY)
    assert decided(looks, day, midnight - HOUR)
    assert decided([one for one in looks if one.at_ms >= midnight - 12 * MINUTE], day, midnight - 12 * MINUTE)
    assert not decided([one for one in looks if one.at_ms >= midnight - 5 * MINUTE], day, midnight - 5 * MINUTE)
    assert not decided([one for one in looks if one.at_ms >= midnight], day, midnight)
    assert not decided([], day, midnight)


def test_many_days_are_one_notice_that_names_the_first_forty() -> None:
    days = [date.fromordinal(738_000 + number) for number in range(50)]
    before = {("api", day): Publication("api", day, "UTC", 1, 0, Figures(total_ms=DAY), "closed") for day in days}
    rows = [msgspec.structs.replace(row, revision=2) for row in before.values()]
    notice = told_anew(msgspec.structs.replace(asked({}), reason="ruled ok by anna: x"), rows, before)
    assert notice is not None
    assert notice.title == "Restated · 50 days · ruled ok by anna: x"
    assert written(notice).body.splitlines()[-1] == "- and 10 more: wamon uptime shows all"
    assert told_anew(asked({}), [], before) is None

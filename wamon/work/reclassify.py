"""The weekly pass: read, judge again, and write rulings, publications and one notice in one transaction."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from functools import partial
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.afresh import News, OnRecord, days_anew, days_around, known_of, said_anew
from wamon.core.calendar import zones_of
from wamon.core.days import Overlay, counted
from wamon.core.doubt import Trouble, needed
from wamon.core.finding import Mark, Ruling
from wamon.core.gathering import Beside
from wamon.core.knowledge import Controls, Knowledge, Look
from wamon.core.notice import Notice
from wamon.core.observation import ProbeKind
from wamon.core.posted import Outage
from wamon.core.publication import Passed, Publication
from wamon.core.reclassification import Account
from wamon.core.review import (
    MARGIN_MS,
    Ground,
    Review,
    Turn,
    Unturned,
    judge_again,
    reason_text,
    restated_notice,
    standing,
    window,
)
from wamon.core.segments import Segment
from wamon.core.timeline import DAY, Span, day_span, iso
from wamon.core.watched import Watched
from wamon.work.close import segments_of

T = TypeVar("T")


class Book(Protocol):
    """What the pass reads, and the one transaction it writes."""

    async def troubles(self, span: Span) -> Mapping[str, Trouble]:
        """What was first found of looks that were kept whole, by target."""
        ...

    async def marks(self, target: str, span: Span) -> Sequence[Mark]: ...

    async def known_of(self, target: Watched, days: Mapping[date, Span], span: Span) -> OnRecord:
        """What is known of a target whose looks are not read."""
        ...

    async def account(self, target: str, account: str, span: Span) -> Account: ...

    async def looks(self, control: str, span: Span) -> Sequence[Look]: ...

    async def published(self, span: Span, zone: ZoneInfo) -> Mapping[tuple[str, date], Publication]: ...

    async def beside(self, targets: Sequence[Watched], span: Span) -> Beside:
        """Evidence of a span that stands in no target's looks."""
        ...

    async def pruned(self) -> Mapping[str, int]: ...

    async def passes(self) -> Sequence[Passed]: ...

    async def commit(
        self,
        rulings: Sequence[Ruling],
        publications: Sequence[tuple[Publication, Sequence[Segment]]],
        notices: Iterable[Notice],
        passed: Passed,
    ) -> object: ...


class Pass(msgspec.Struct, frozen=True):
    """How a pass is to be made. ``within`` are the instants judged; ``outages`` those that Meta posted."""

    within: Span
    zone: ZoneInfo
    confirm: int
    now_ms: int
    overlay: Overlay = Overlay()
    reopen: bool = False
    outages: Sequence[Outage] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What a pass found, what stood before it, and the notice it tells, if any."""

    review: Review
    before: Mapping[tuple[str, date], Publication]
    notice: Notice | None


async def reclassify(
    book: Book,
    targets: Sequence[Watched],
    known: Knowledge,
    first_ms: Mapping[str, int],
    plan: Pass,
    *,
    dry_run: bool = False,
    off_loop: Executor | None = None,
) -> Outcome:
    """Judge a window again. With ``dry_run`` nothing is written. The judging runs in ``off_loop``.

    Looks are read of targets that hindsight may turn and of its witnesses; days that nothing touched since they
    were last computed are left as they are.
    """
    around = Span(plan.within.start_ms - MARGIN_MS, min(plan.now_ms, plan.within.end_ms + MARGIN_MS) + 1)
    chosen = needed(targets, await book.troubles(around), known.catalogue.edition)
    accounts = [await book.account(one.name, one.account, around) for one in chosen]
    before = await book.published(plan.within._replace(start_ms=plan.within.start_ms - 3 * DAY), plan.zone)
    passed = Passed(plan.now_ms, plan.within)
    ground = Ground(
        targets=targets,
        first_ms=first_ms,
        known=Knowledge(known.catalogue, await _controls(book, targets if chosen else (), around)),
        zone=plan.zone,
        confirm=plan.confirm,
        now_ms=plan.now_ms,
        latest=lambda target, day: before.get((target, day)),
        passes=(*await book.passes(), passed),
        overlay=plan.overlay,
        reopen=plan.reopen,
        outages=plan.outages,
        beside=await book.beside(targets, around._replace(end_ms=plan.now_ms + 1)),
        zones=zones_of((day, row.zone) for (_, day), row in before.items()),
        pruned=await book.pruned(),
    )
    found = await _off_loop(off_loop, lambda: judge_again(accounts, plan.within, ground))
    rows = await _said_anew(book, accounts, found, plan.within, ground, off_loop)
    found = msgspec.structs.replace(found, publications=tuple(row for row, _ in rows))
    notice = restated_notice(found, ground.latest, plan.now_ms)
    if not dry_run:
        await book.commit(found.rulings, rows, [notice] if notice else [], passed)
    return Outcome(found, before, notice)


async def _said_anew(
    book: Book,
    accounts: Sequence[Account],
    found: Review,
    within: Span,
    ground: Ground,
    off_loop: Executor | None,
) -> list[tuple[Publication, Sequence[Segment]]]:
    """The rows that say something else now, and the stretches behind them; only touched days are read."""
    marks = {one.target: standing(one.marks, found.rulings, one.target) for one in accounts}
    span = Span(within.start_ms - MARGIN_MS, min(ground.now_ms, within.end_ms + MARGIN_MS) + 1)
    days = {day: ground.calendar.span(day) for day in days_around(within, ground)}
    records = []
    for one in counted(ground.targets):
        if one.name not in marks:
            records.append(await book.known_of(one, days, span))
            continue
        news = [News(each.at_ms, ground.now_ms) for each in found.rulings if each.target == one.name]
        news += (await book.known_of(one, {}, span)).news
        records.append(known_of(one, marks[one.name], news, days, span))
    reason = reason_text(found.turns)
    rows: list[tuple[Publication, Sequence[Segment]]] = []
    for anew in await _off_loop(off_loop, lambda: days_anew(records, within, ground)):
        near = Span(anew.span.start_ms - MARGIN_MS, min(ground.now_ms + 1, anew.span.end_ms + MARGIN_MS))
        looks = {name: await _looks(book, name, near, span, marks, found.rulings) for name in anew.names}
        said = await _off_loop(off_loop, partial(said_anew, anew, looks, ground, reason))
        rows += [(row, segments_of(timeline, anew.span)) for row, timeline in said]
    return rows


async def _looks(
    book: Book,
    target: str,
    near: Span,
    read: Span,
    marks: Mapping[str, Sequence[Mark]],
    rulings: Sequence[Ruling],
) -> Sequence[Mark]:
    """A target's looks around a day, as they stand after the pass."""
    if target in marks and read.start_ms <= near.start_ms and near.end_ms <= read.end_ms:
        return marks[target]
    return standing(await book.marks(target, near), rulings, target)


async def _controls(book: Book, targets: Sequence[Watched], around: Span) -> Controls:
    """Every control's looks."""
    controls = Controls()
    for one in targets:
        if one.probe is ProbeKind.CONTROL:
            controls.looks[one.name] = list(await book.looks(one.name, around))
    return controls


async def _off_loop(executor: Executor | None, compute: Callable[[], T]) -> T:
    if executor is None:
        return compute()
    return await asyncio.get_running_loop().run_in_executor(executor, compute)


class PassAsked(msgspec.Struct, frozen=True):
    """A pass as a person asks for it: ISO days, both included; without them the usual window."""

    first: date | None = None
    last: date | None = None
    dry_run: bool = False
    reopen: bool = False

    def within(self, now_ms: int, zone: ZoneInfo, days: int) -> Span:
        """The instants to judge; never beyond now. Raises ValueError for days in the wrong order."""
        usual = window(now_ms, zone, days)
        start_ms = day_span(self.first, zone).start_ms if self.first else usual.start_ms
        end_ms = day_span(self.last, zone).end_ms if self.last else max(usual.end_ms, start_ms)
        if end_ms <= start_ms:
            raise ValueError(f"--from {self.first} is after --to {self.last or 'yesterday'}: name an earlier day")
        return Span(start_ms, min(end_ms, now_ms))


KEPT_SHOWN = 20
"""So many groups of doubtful verdicts that stayed are listed, those with most looks first."""


def outcome_document(outcome: Outcome) -> dict[str, object]:
    """What a pass found, as JSON: what turned and why, every restated day before and after, what stayed doubtful.

    ``kept`` says what evidence is missing; ``kept_more`` how many further groups there are.
    """
    found = outcome.review
    kept = sorted(found.kept, key=lambda one: -one.observations)
    return {
        "rulings": len(found.rulings),
        "turned": [turn_document(one) for one in found.turns],
        "days": [_restated(row, outcome.before.get((row.target, row.day))) for row in found.publications],
        "kept": [_kept(one) for one in kept[:KEPT_SHOWN]],
        "kept_more": max(0, len(kept) - KEPT_SHOWN),
    }


def turn_document(one: Turn) -> dict[str, object]:
    """One turn, as JSON."""
    return {
        "target": one.target,
        "from": one.before.value,
        "to": one.after.value,
        "rule": one.rule,
        "observations": one.observations,
        "seconds": one.moved_ms / 1000,
    }


def _kept(one: Unturned) -> dict[str, object]:
    return {
        "target": one.target,
        "verdict": one.verdict.value,
        "cause": one.cause.value,
        "code": one.code,
        "nearest_rule": one.rule,
        "missing": one.missing,
        "observations": one.observations,
        "first_at": iso(one.first_ms),
        "last_at": iso(one.last_ms),
    }


def _restated(row: Publication, before: Publication | None) -> dict[str, object]:
    return {
        "target": row.target,
        "date": row.day.isoformat(),
        "revision": row.revision,
        "before": before.figures.availability if before else None,
        "after": row.figures.availability,
        "down_before_s": before.figures.down_ms / 1000 if before else None,
        "down_after_s": row.figures.down_ms / 1000,
        "reason": row.reason,
    }

"""The driver that judges recorded exchanges on the data's clock, with the daemon's own decisions."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.cadence import next_close, next_weekly
from wamon.core.days import PLATFORM, PLATFORM_RECEIVE, PLATFORM_SEND, counted
from wamon.core.finding import Finding, Mark, Ruling, Verdict
from wamon.core.gathering import Beside
from wamon.core.incident import Incident, Lasting, due_after, incidents
from wamon.core.knowledge import Knowledge, knowledge
from wamon.core.notice import Notice
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.posted import Outage, posted_spans
from wamon.core.publication import (
    DayState,
    Passed,
    Publication,
    day_document,
    day_state,
    figures_document,
    is_partial,
)
from wamon.core.reclassification import Account
from wamon.core.review import Ground, Review, Turn, day_publications, restated_notice, review, window
from wamon.core.roll import Roll
from wamon.core.timeline import DAY, Span, day_of, day_span, days_between, iso
from wamon.core.traffic_lines import TrafficLines
from wamon.core.vigil import Vigil
from wamon.core.watched import Watched
from wamon.recording import exchanges, survey

_KEPT_AFTER_MS = 3 * DAY
"""Beyond the days a pass covers, looks are kept this much longer as neighbours and evidence."""


_TESTIFYING = frozenset({ProbeKind.TOKEN, ProbeKind.STATUS, ProbeKind.ROUNDTRIP, ProbeKind.TRAFFIC})
"""Probes whose good answers are evidence for other looks; of all others only what was not good is kept."""


class Plan(msgspec.Struct, frozen=True):
    """What a replay needs of the configuration. ``weekday`` is 0 for Monday.

    ``outages`` are Meta's posts, where somebody kept them: a recording of exchanges holds none. The latency
    objective is for targets that only the recording names.
    """

    targets: tuple[Watched, ...] = ()
    zone: ZoneInfo = ZoneInfo("UTC")
    lasting: Lasting = Lasting()
    weekday: int = 0
    at: time = time(6, 0)
    days: int = 14
    outages: tuple[Outage, ...] = ()
    latency_objective_ms: int | None = None


def replay(path: Path, plan: Plan, complaints: TextIO) -> dict[str, Any]:
    """Judge every line of a file and give the document of CONTRACT section 6.

    A line that cannot be used is named by its number on ``complaints`` and skipped.
    """
    seen = survey(path, plan.targets, plan.latency_objective_ms)
    run = _Run(plan, seen.targets)
    with _collecting_seldom():
        for exchange in exchanges(path, complaints, seen.believed, scattered=seen.scattered):
            run.take(exchange)
        return run.finish()


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Looks are held by the hundred thousand and none is part of a cycle: walking them over and over is waste."""
    before = gc.get_threshold()
    gc.set_threshold(500_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _Run:
    """One replay under way: the watch, an archive for the weekly pass, and the trail of publications."""

    def __init__(self, plan: Plan, targets: Sequence[Watched]) -> None:
        self.plan = plan
        self.targets = list(targets)
        self.known: Knowledge = knowledge()
        self.vigil = Vigil(self.known, plan.lasting)
        hold_ms = plan.days * DAY + _KEPT_AFTER_MS
        self.archive: dict[str, Roll] = {}
        self.witnessed: dict[str, dict[int, Exchange]] = {}
        for one in targets:
            self.vigil.watch(one)
            self.archive[one.name] = Roll(confirm=plan.lasting.confirm, hold_ms=hold_ms)
            self.witnessed[one.name] = {}
        self.lines = TrafficLines(targets)
        self.testifying = frozenset(one.name for one in targets if one.probe in _TESTIFYING)
        self.said: dict[str, Exchange] = {}
        self.hold_ms = hold_ms
        self.first_ms: dict[str, int] = {}
        self.published: dict[tuple[str, date], list[Publication]] = {}
        self.turns: list[Turn] = []
        self.notices: list[Notice] = []
        self.passes: list[Passed] = []
        self.now_ms = 0
        self.close_ms = self.weekly_ms = self.due_ms = 0

    def take(self, exchange: Exchange) -> None:
        """Run what was due before this line, then take it in."""
        at_ms = exchange.at_ms or 0
        if not self.now_ms:
            self._begin(at_ms)
        if at_ms >= min(self.due_ms, self.lines.due_ms) or self.vigil.due_ms is not None:
            self._advance(at_ms)
        elif at_ms > self.now_ms:
            self.now_ms = at_ms
        if exchange.target not in self.first_ms:
            self.first_ms[exchange.target] = at_ms
        if not self.lines.take(exchange, at_ms):
            self._observe(exchange)

    def _observe(self, exchange: Exchange) -> None:
        observed = self.vigil.observe(exchange)
        name, mark, at_ms = exchange.target, observed.mark, exchange.at_ms or 0
        if self.archive[name].add(mark):
            if mark.finding.verdict is not Verdict.OK:
                self.witnessed[name][at_ms] = exchange
            elif name in self.testifying:
                said = self.said.get(name)
                self.said[name] = self.witnessed[name][at_ms] = _testimony(exchange, said)
        if observed.follow_ups:
            self._follow(observed.follow_ups)

    def _begin(self, at_ms: int) -> None:
        self.now_ms = at_ms
        self.close_ms = next_close(at_ms, self.plan.zone)
        self.weekly_ms = next_weekly(at_ms, self.plan.zone, self.plan.weekday, self.plan.at)
        self.due_ms = min(self.close_ms, self.weekly_ms)

    def _advance(self, to_ms: int) -> None:
        """Let the data's clock reach an instant, doing on the way what falls due."""
        while (due := self._next_due()) <= to_ms:
            self.now_ms = max(self.now_ms, due)
            self._run_due()
        if to_ms > self.now_ms:
            self.now_ms = to_ms

    def _next_due(self) -> int:
        announce_ms, due_ms = self.vigil.due_ms, min(self.due_ms, self.lines.due_ms)
        return due_ms if announce_ms is None else min(due_ms, max(announce_ms, self.now_ms + 1))

    def _run_due(self) -> None:
        for minute in self.lines.ripe(self.now_ms, self.known):
            self._observe(minute)
        if self.vigil.announcing(self.now_ms):
            self.notices.extend(self.vigil.announce(self.now_ms))
        if self.now_ms >= self.close_ms:
            self._close(day_of(self.close_ms - DAY // 2, self.plan.zone))
            self.close_ms = next_close(self.now_ms, self.plan.zone)
        if self.now_ms >= self.weekly_ms:
            self._weekly(window(self.now_ms, self.plan.zone, self.plan.days))
            self.weekly_ms = next_weekly(self.now_ms, self.plan.zone, self.plan.weekday, self.plan.at)
        self.due_ms = min(self.close_ms, self.weekly_ms)

    def _follow(self, rulings: Iterable[Ruling]) -> None:
        by_target: dict[str, dict[int, Finding]] = {}
        for one in rulings:
            by_target.setdefault(one.target, {})[one.at_ms] = self.vigil.intern(one.finding)
        for name, findings in by_target.items():
            self.archive[name].judge_again(findings)

    def _close(self, day: date) -> None:
        """Publish a day for the first time, and forget what no later pass can ask for."""
        for row in day_publications(self._marks(), day, self._ground(), "closed"):
            trail = self.published.setdefault((row.target, day), [])
            if not trail:
                trail.append(msgspec.structs.replace(row, revision=1))
        self.lines.close_before(day_span(day, self.plan.zone).end_ms)
        horizon_ms = self.now_ms - self.hold_ms
        self.known.controls.forget_before(horizon_ms)
        for roll in self.vigil.rolls.values():
            roll.forget_before(self.now_ms - 3 * DAY)
        for kept in self.witnessed.values():
            for at_ms in [one for one in kept if one < horizon_ms]:
                del kept[at_ms]

    def _marks(self) -> Mapping[str, Sequence[Mark]]:
        return {name: roll.marks for name, roll in self.archive.items()}

    def _latest(self, target: str, day: date) -> Publication | None:
        trail = self.published.get((target, day))
        return trail[-1] if trail else None

    def _ground(self) -> Ground:
        return Ground(
            targets=self.targets,
            first_ms=self.first_ms,
            known=self.known,
            zone=self.plan.zone,
            confirm=self.plan.lasting.confirm,
            now_ms=self.now_ms,
            latest=self._latest,
            passes=tuple(self.passes),
            outages=self._posted(),
            beside=Beside(delivered=self.lines.delivered),
        )

    def _posted(self) -> tuple[Outage, ...]:
        """What Meta had posted by now."""
        return tuple(one for one in self.plan.outages if one.first_posted_ms <= self.now_ms)

    def _weekly(self, within: Span) -> None:
        self.passes.append(Passed(self.now_ms, within))
        accounts = [
            Account(one.name, one.account, self.archive[one.name].marks, self.witnessed[one.name])
            for one in self.targets
        ]
        for one in self.targets if self.plan.outages else ():
            self.archive[one.name].posted = posted_spans(self._posted(), one.probe, self.now_ms)
        found: Review = review(accounts, within, self._ground())
        note = restated_notice(found, self._latest, self.now_ms)
        if note is not None:
            self.notices.append(note)
        self._follow(found.rulings)
        for row in found.publications:
            self.published.setdefault((row.target, row.day), []).append(row)
        self.turns.extend(found.turns)

    def finish(self) -> dict[str, Any]:
        """The last pass, which also covers the unfinished day, and the document."""
        if self.now_ms:
            self._advance(self.now_ms)
            for minute in self.lines.ripe(self.now_ms, self.known, ended=True):
                self._observe(minute)
            covered = window(self.now_ms, self.plan.zone, self.plan.days)
            self._weekly(Span(covered.start_ms, self.now_ms + 1))
            self.notices.extend(self.vigil.announce(self.now_ms))
        return {
            "days": list(self._day_rows()),
            "incidents": [_incident_row(one) for one in self._incidents()],
            "reclassified": _turn_rows(self.turns),
            "notifications": [_notice_row(one) for one in self.notices],
        }

    def _day_rows(self) -> Iterator[dict[str, object]]:
        if not self.first_ms:
            return
        zone = self.plan.zone
        names = [*(one.name for one in counted(self.targets)), PLATFORM]
        for day in days_between(day_of(min(self.first_ms.values()), zone), day_of(self.now_ms, zone)):
            state = day_state(day, zone, self.now_ms, self.passes)
            rows = {row.target: row for row in self._rows_of(day, state)}
            for name in names:
                if name in rows:
                    yield self._day_row(name, day, state, rows)

    def _rows_of(self, day: date, state: DayState) -> Iterable[Publication]:
        if state is DayState.OPEN:
            return day_publications(self._marks(), day, self._ground(), "open")
        return [trail[-1] for (_, published), trail in self.published.items() if published == day]

    def _day_row(
        self, name: str, day: date, state: DayState, rows: Mapping[str, Publication]
    ) -> dict[str, object]:
        trail = self.published.get((name, day))
        first = trail[0].figures if trail else None
        sums, partial = rows[name].figures, is_partial(day, self.plan.zone, rows[name].figures)
        document = day_document(name, day, state, rows[name].revision, sums, first, partial=partial)
        if name == PLATFORM:
            for key, part in (("send", PLATFORM_SEND), ("receive", PLATFORM_RECEIVE)):
                document[key] = figures_document(rows[part].figures) if part in rows else None
        return document

    def _incidents(self) -> list[Incident]:
        found = [incident for one in counted(self.targets) for incident in self._of(one)]
        return sorted(found, key=lambda one: (one.opened_ms, one.target))

    def _of(self, one: Watched) -> list[Incident]:
        roll, lasting = self.archive[one.name], self.plan.lasting
        due_ms = due_after(roll.marks[-1], lasting) if roll.marks else 0
        return incidents(
            one.name,
            roll.timeline(self.now_ms),
            self.now_ms,
            lasting=lasting,
            codes=roll.codes,
            due_ms=due_ms,
            told=one.told,
        )


def _testimony(exchange: Exchange, before: Exchange | None) -> Exchange:
    """What hindsight reads of a good answer; one that repeats the answer before it shares its body."""
    repeated = before is not None and before.body == exchange.body
    return Exchange(
        exchange.target,
        exchange.probe,
        exchange.at_ms,
        token_fingerprint=exchange.token_fingerprint,
        reached=exchange.reached,
        http_status=exchange.http_status,
        body=before.body if before and repeated else exchange.body,
    )


def _incident_row(one: Incident) -> dict[str, object]:
    return {
        "target": one.target,
        "opened_at": iso(one.opened_ms),
        "closed_at": iso(one.closed_ms) if one.closed_ms is not None else None,
        "verdict": one.verdict.value,
        "cause": one.cause.value,
    }


def _turn_rows(turns: Iterable[Turn]) -> list[dict[str, object]]:
    """A row for each target, rule and change of verdict or column, over all passes."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for one in turns:
        key = (one.target, one.before.value, one.after.value, one.rule, one.column_before, one.column_after)
        row = sums.setdefault(key, [0, 0])
        row[0] += one.observations
        row[1] += one.moved_ms
    return [
        {
            "target": target,
            "from": before,
            "to": after,
            "rule": rule,
            "observations": looks,
            "seconds": moved_ms / 1000,
        }
        for (target, before, after, rule, *_), (looks, moved_ms) in sums.items()
    ]


def _notice_row(one: Notice) -> dict[str, object]:
    return {
        "at": iso(one.created_at_ms),
        "kind": one.kind.value,
        "phase": one.phase.value,
        "target": one.target,
        "title": one.title,
    }

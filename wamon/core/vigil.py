"""The watch as it stands: every target's roll, what the controls said, what people were told. No clock, no I/O."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from wamon.core.announcing import API_UPDATE_MS, FLAPPING_MS, REMEMBERED_MS, Desk, announce
from wamon.core.contexts import Contexts
from wamon.core.finding import Cause, Column, Finding, Mark, Origin, Ruling, Verdict
from wamon.core.grouping import Kin
from wamon.core.incident import THROTTLED_FOR_MS, Incident, Kind, Lasting, due_after, incidents
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge, Look
from wamon.core.maintenance import Cover, Window, covers
from wamon.core.meta_page import Light
from wamon.core.notice import Notice, Told, rewound
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.posted import Outage, posted_spans
from wamon.core.reclassification import differs
from wamon.core.roll import FOLLOW_UP_MS, Roll
from wamon.core.segments import SHORTEST_CADENCE_MS, Timeline, reach_ms
from wamon.core.silence import Remark, Silence
from wamon.core.silenced import concerned
from wamon.core.spoken import DECLARED, Said, overruled
from wamon.core.timeline import MINUTE, SECOND, Span
from wamon.core.watched import EVIDENCE as EVIDENCE
from wamon.core.watched import Watched as Watched

_FOR_EVER_MS = 1 << 62
"""Where an outage that is still open ends, for a timeline that goes on growing."""

_LOOK_AGAIN_MS = 5 * MINUTE
_RESTLESS_MS = 30 * MINUTE
_NETWORKED = frozenset(
    {Cause.PATH, Cause.LOCAL_NETWORK, Cause.TIMEOUT, Cause.ENDPOINT, Cause.EDGE, Cause.PROXY, Cause.THROTTLING}
)
"""Causes that a control's word can turn."""


def _calm(roll: Roll, at_ms: int) -> bool:
    """Nothing but good looks for so long that no notice is open or waits."""
    return all(one.finding.column is Column.UP for one in reversed(roll.marks) if one.at_ms > at_ms - FOLLOW_UP_MS)


class Observed(msgspec.Struct, frozen=True):
    """One look, taken in, and what it made of earlier looks. ``fresh``: the first of its instant."""

    mark: Mark
    follow_ups: tuple[Ruling, ...] = ()
    fresh: bool = True

    @property
    def finding(self) -> Finding:
        """What the live rules made of it."""
        return self.mark.finding


class Vigil:
    """Takes in looks one by one, in the order of their instants, and says what changed."""

    def __init__(self, known: Knowledge, lasting: Lasting, told: Sequence[Told] = ()) -> None:
        self.known = known
        self.lasting = lasting
        self.told: tuple[Told, ...] = tuple(told)
        self.watched: dict[str, Watched] = {}
        self.rolls: dict[str, Roll] = {}
        self._beside: dict[str, Roll] = {}
        self._doubtful: dict[str, deque[Exchange]] = {}
        self._contexts = Contexts()
        self._interned: dict[Finding, Finding] = {}
        self._restless: dict[str, int] = {}
        self._windows: tuple[Window, ...] = ()
        self._said: tuple[Said, ...] = ()
        self._hushed: set[str] = set()
        self._kin: Kin | None = None
        self.silences: tuple[Silence, ...] = ()
        self.remarks: tuple[Remark, ...] = ()
        self._outages: tuple[Outage, ...] = ()
        self.light: Callable[[ProbeKind, int], Light] = lambda _probe, _now_ms: Light.UNKNOWN
        """What Meta's page shows for a probe's services at an instant, as notices tell it."""
        self.due_ms: int | None = None
        """When people may have to be told something next; None while all is calm."""

    def watch(self, target: Watched) -> None:
        """Begin to watch a target, or take over its new cadence."""
        self.watched[target.name] = target
        self._kin = None
        if target.probe not in EVIDENCE:
            self.rolls.setdefault(target.name, self._roll(target.name))

    def _roll(self, target: str) -> Roll:
        return Roll(confirm=self.lasting.confirm, posted=self._posted(target))

    def _posted(self, target: str) -> tuple[Span, ...]:
        return posted_spans(self._outages, self.watched[target].probe, _FOR_EVER_MS)

    def posted(self, outages: Sequence[Outage]) -> set[str]:
        """The outages that Meta posted, as known now: they confirm short runs, and nothing else.

        Gives the targets whose timelines read otherwise with them; what was settled must be restored.
        """
        self._outages = tuple(outages)
        changed = {name for name, roll in self.rolls.items() if roll.posted != self._posted(name)}
        for name in changed:
            self.rolls[name].posted = self._posted(name)
        return changed

    def declared(self, windows: Sequence[Window], said: Sequence[Said] = ()) -> None:
        """The maintenance that stands now, and the rulings by people about looks that are still to come.

        What was held back for a window that was withdrawn may have to be told.
        """
        self._windows, self._said = tuple(windows), tuple(said)
        if self._restless:
            self.due_ms = 0

    def beside(self, silences: Sequence[Silence], remarks: Sequence[Remark]) -> None:
        """What people said beside the verdicts; what a silence held back may have to be told when it is over."""
        self.silences, self.remarks = tuple(silences), tuple(remarks)
        if self._restless or self.silences:
            self.due_ms = 0

    def maintenance(self, span: Span) -> dict[str, Cover]:
        """The declared maintenance of every target within a span; targets without any are left out."""
        if not self._windows:
            return {}
        return covers(self._windows, {one.name: one.account for one in self.watched.values()}, span)

    def restore(self, target: str, marks: Sequence[Mark]) -> None:
        """Put a target's recent looks, as they stand, on its timeline: after a start, or judged again.

        A look that was taken in while these were being read stays behind them.
        """
        if target in self.rolls:
            last_ms = marks[-1].at_ms if marks else 0
            newer = [mark for mark in self.rolls[target].marks if mark.at_ms > last_ms]
            roll = self.rolls[target] = self._roll(target)
            for mark in (*marks, *newer):
                roll.add(mark)
            if marks and any(mark.finding.verdict is not Verdict.OK for mark in marks[-64:]):
                self._stir(target, marks[-1].at_ms)

    def step(self, now_ms: int, step_ms: int) -> None:
        """The clock was set by ``step_ms`` and says ``now_ms``: trouble is told in the order in which it happens.

        Set back, a target's timeline already holds what comes after now. Until the clock has passed that, a
        timeline beside it, its recent looks moved to the new clock, says what people are told, and counts nothing.
        """
        self._doubtful.clear()
        self._restless = {name: until + step_ms for name, until in self._restless.items()}
        if self.due_ms is not None:
            self.due_ms = 0
        if step_ms < 0:
            for name in self.rolls:
                live = self._live(name)
                self._put_beside(name, [Mark(one.at_ms + step_ms, one.context, one.finding) for one in live.marks])
            self.rewind(now_ms)

    def rewind(self, now_ms: int) -> None:
        """Nothing that was said or heard is later than now, and a timeline that is gets one beside it."""
        self.told = tuple(rewound(one, now_ms) for one in self.told)
        self.known.controls.forget_from(now_ms)
        for name, roll in self.rolls.items():
            if name not in self._beside and (roll.last_at_ms or 0) > now_ms:
                self._put_beside(name, ())

    def _put_beside(self, name: str, marks: Sequence[Mark]) -> None:
        roll = self._beside[name] = Roll(confirm=self.lasting.confirm)
        for mark in marks:
            roll.add(mark)

    def _live(self, name: str) -> Roll:
        """The timeline that says what goes on now."""
        return self._beside.get(name) or self.rolls[name]

    def observe(self, exchange: Exchange, *, repeated: bool = False) -> Observed:
        """Judge a look at once, place it on its target's timeline, follow up on the last quarter of an hour.

        A ``repeated`` one, of time that was watched before the clock was set back, is told of and not counted.
        """
        target = self.watched[exchange.target]
        at_ms, context = (
            exchange.at_ms or 0,
            self._contexts.of(
                exchange,
                target.probe,
                target.interval_ms,
                target.account,
                repeated=repeated,
                slow_after_ms=target.slow_after_ms,
            ),
        )
        if target.probe is ProbeKind.CONTROL:
            finding, follow_ups = self._control(exchange, target)
            return Observed(Mark(at_ms, context, finding), tuple(follow_ups))
        finding = judge(exchange, self.known)
        mark = Mark(at_ms, context, finding if finding.verdict is Verdict.OK else self.intern(finding))
        return Observed(mark, (), self._place(exchange, mark))

    def overrule(self, target: str, mark: Mark) -> list[tuple[int, Ruling]]:
        """What people said beforehand of a look just taken in, each with its number; the last one stands."""
        if not self._said or self.watched[target].probe in EVIDENCE:
            return []
        found = overruled(self._said, target, mark, self.known.catalogue.edition)
        if found and target in self.rolls:
            for roll in (self.rolls[target], self._live(target)):
                roll.judge_again({mark.at_ms: self.intern(found[-1][1].finding)})
            self._stir(target, mark.at_ms)
        return found

    def ruling(self, exchange: Exchange, observed: Observed) -> Ruling:
        """The first ruling on a look, as it is written down."""
        at_ms, edition = observed.mark.at_ms, self.known.catalogue.edition
        return Ruling(exchange.target, at_ms, observed.finding, Origin.LIVE, edition, exchange.end_ms)

    def intern(self, finding: Finding) -> Finding:
        """One object for equal findings: a fortnight of looks shares a handful."""
        return self._interned.setdefault(finding, finding)

    def _place(self, exchange: Exchange, mark: Mark) -> bool:
        roll = self.rolls.get(exchange.target)
        if roll is None:
            return True
        live = self._live(exchange.target) if self._beside else roll
        if live is not roll and mark.at_ms > (roll.last_at_ms or 0) and _calm(live, mark.at_ms):
            del self._beside[exchange.target]
            live = roll
        before = live.marks[-1] if live.marks else None
        counted = not mark.context.repeated and roll.add(mark)
        if not (counted if live is roll else live.add(mark)):
            return False
        if mark.finding.verdict is not Verdict.OK:
            self._doubt(exchange, mark.at_ms)
        if exchange.target in self._hushed and exchange.target not in self.maintenance(
            Span(mark.at_ms, mark.at_ms + 1)
        ):
            self._stir(exchange.target, mark.at_ms)
        gap_ms = mark.at_ms - before.at_ms if before else 0
        late = gap_ms > SHORTEST_CADENCE_MS and before and gap_ms > 2 * reach_ms(before.interval_ms)
        if late or not self._as_before(live, mark.finding):
            self._stir(exchange.target, mark.at_ms)
        return counted

    def _as_before(self, roll: Roll, finding: Finding) -> bool:
        """Whether enough looks in a row said the same that one more of it is no news.

        A number in maintenance becomes downtime by lasting, so there every look is news.
        """
        if finding.cause is Cause.MAINTENANCE:
            return False
        recent = roll.marks[-(self.lasting.confirm + 1) :]
        for one in recent:
            if one.finding is not finding and one.finding.column is not finding.column:
                return False
        return finding.column is Column.UP or len(recent) > self.lasting.confirm

    def _doubt(self, exchange: Exchange, at_ms: int) -> None:
        row = self._doubtful.setdefault(exchange.target, deque())
        row.append(exchange)
        while row and (row[0].at_ms or 0) < at_ms - FOLLOW_UP_MS:
            row.popleft()

    def _stir(self, target: str, at_ms: int) -> None:
        self._restless[target] = at_ms + _RESTLESS_MS
        self.due_ms = 0

    def _control(self, exchange: Exchange, target: Watched) -> tuple[Finding, list[Ruling]]:
        """A control's look is evidence: first taken in, then judged, then everything doubtful is judged again."""
        at_ms = exchange.at_ms or 0
        first = judge(exchange, self.known)
        if first.verdict is Verdict.INCONCLUSIVE:
            return self.intern(first), []
        failed = first.verdict is not Verdict.OK
        self.known.controls.add(target.name, Look(at_ms, exchange.end_ms, target.interval_ms, failed))
        finding = judge(exchange, self.known) if failed else first
        return self.intern(finding), self._follow_up(exchange.end_ms)

    def _follow_up(self, now_ms: int) -> list[Ruling]:
        rulings: list[Ruling] = []
        if not self._doubtful:
            return rulings
        self._doubtful = {
            name: row for name, row in self._doubtful.items() if (row[-1].at_ms or 0) >= now_ms - FOLLOW_UP_MS
        }
        for name, row in self._doubtful.items():
            roll = self._live(name)
            recent = {one.at_ms or 0: one for one in row if (one.at_ms or 0) >= now_ms - FOLLOW_UP_MS}
            turned: dict[int, Finding] = {}
            counted: dict[int, Finding] = {}
            for mark in roll.marks:
                exchange = recent.get(mark.at_ms)
                if exchange is None or mark.finding.cause not in _NETWORKED or mark.finding.rule == DECLARED:
                    continue
                finding = self.intern(judge(exchange, self.known))
                if differs(finding, mark.finding):
                    turned[mark.at_ms] = finding
                    if not mark.context.repeated:
                        counted[mark.at_ms] = finding
            if turned:
                roll.judge_again(turned)
                if roll is not self.rolls[name]:
                    self.rolls[name].judge_again(counted)
                self._stir(name, now_ms)
                rulings.extend(self._followed(name, counted, now_ms))
        return rulings

    def _followed(self, name: str, turned: Mapping[int, Finding], now_ms: int) -> Iterable[Ruling]:
        edition = self.known.catalogue.edition
        for at_ms, finding in turned.items():
            yield Ruling(name, at_ms, finding, Origin.FOLLOW_UP, edition, now_ms)

    def forget_before(self, at_ms: int, controls_ms: int) -> None:
        """Drop what ended before an instant, and what the controls said before another."""
        for roll in (*self.rolls.values(), *self._beside.values()):
            roll.forget_before(at_ms)
        self.known.controls.forget_before(controls_ms)

    def timeline(self, target: str, now_ms: int) -> Timeline:
        """A target's timeline as far as it is kept in memory."""
        return self.rolls[target].timeline(now_ms)

    def incidents(self, target: str, now_ms: int) -> list[Incident]:
        """A target's incidents as far as its timeline is kept in memory."""
        roll = self._live(target)
        due_ms = due_after(roll.marks[-1], self.lasting) if roll.marks else 0
        told, timeline = self.watched[target].told, roll.timeline(now_ms)
        return incidents(
            target, timeline, now_ms, lasting=self.lasting, codes=roll.codes, due_ms=due_ms, told=told
        )

    def announcing(self, now_ms: int) -> bool:
        """Whether something may have to be told now."""
        return self.due_ms is not None and now_ms >= self.due_ms

    def announce(self, now_ms: int) -> tuple[Notice, ...]:
        """What people must be told now; they are taken to be told once this returns."""
        kin = self._kin = self._kin or Kin(self.watched.values())
        for one in self.told:  # what is told of many needs all of them, those that are well again too
            for name in kin.under(one.target) if one.closed_ms is None else ():
                self._restless.setdefault(name, now_ms)
        found = [
            (incident, self.watched[name].probe)
            for name in sorted({*self._restless, *concerned(self.silences, self.watched.values(), now_ms)})
            if name in self.rolls
            for incident in self.incidents(name, now_ms)
        ]
        resting = {
            name: one.spans for name, one in self.maintenance(Span(now_ms - REMEMBERED_MS, now_ms + 1)).items()
        }
        self._hushed = {name for name in self._restless if self._rests(name, resting.get(name, ()), now_ms)}
        desk: Desk = announce(
            found,
            self.told,
            now_ms,
            lasting=self.lasting,
            maintenance=resting,
            quiet=self._hushed,
            light=lambda probe: self.light(probe, now_ms),
            kin=kin,
            silences=self.silences,
            acknowledged=self.remarks,
        )
        self.told = desk.told
        self._rest(found, now_ms)
        return desk.notices

    def _rests(self, name: str, spans: Sequence[Span], now_ms: int) -> bool:
        """Whether a target is in maintenance, or was when it was last looked at: how it is since, nobody knows."""
        looked_ms = self.rolls[name].last_at_ms if name in self.rolls else None
        return any(one.holds(now_ms) or (looked_ms is not None and one.holds(looked_ms)) for one in spans)

    def _rest(self, found: Sequence[tuple[Incident, ProbeKind]], now_ms: int) -> None:
        """When to look next: when a waiting time runs out, and every few minutes while something is open."""
        open_targets = {
            one.target for one in self.told if one.closed_ms is None and one.kind is not Kind.UNOBSERVED
        }
        open_targets |= {one.target for one, _ in found if one.closed_ms is None}
        self._restless = {
            name: until for name, until in self._restless.items() if until > now_ms or name in open_targets
        }
        ends = [silence.end_ms for silence in self.silences if silence.end_ms > now_ms]
        if not self._restless:
            self.due_ms = min(ends, default=None)
            return
        moments = ends + [
            moment
            for one, _ in found
            for moment in (
                one.opened_ms + self.lasting.open_after_ms,
                one.opened_ms + API_UPDATE_MS,
                one.opened_ms + THROTTLED_FOR_MS,
                (one.closed_ms or 0) + self.lasting.resolve_after_ms,
                (one.closed_ms or 0) + FLAPPING_MS,
            )
            if moment > now_ms
        ]
        # A long outage does not settle and costs more each time it is read: it is read less often.
        longest = max(len(roll.marks) for name, roll in self.rolls.items() if name in self._restless)
        self.due_ms = min([*moments, now_ms + max(_LOOK_AGAIN_MS, longest * SECOND)])

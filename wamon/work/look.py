"""Look once at a target: ask, judge at once, write both down together, and decide when to look again."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from wamon.core.cadence import (
    Beat,
    Due,
    Usage,
    beat,
    launched,
    next_look,
    offset_ms,
    recalled,
    regular_after,
    returned,
    shifted,
    slot_of,
    slots_in,
)
from wamon.core.finding import Cause, Context, Finding, Mark, Ruling, Verdict
from wamon.core.minutes import tells_of_failures
from wamon.core.notice import Notice
from wamon.core.observation import WAY_BACK, Exchange, ProbeKind
from wamon.core.segments import reach_ms
from wamon.core.shapes import token_facts
from wamon.core.timeline import MINUTE, SECOND, Span
from wamon.core.usage import regain_ms, usage_percent
from wamon.core.vigil import Observed, Vigil
from wamon.core.watched import EVIDENCE
from wamon.ledger.failures import LedgerError

_log = logging.getLogger("wamon.look")

TELL = "tell"
"""The job that tells people; a look brings it forward when something may have to be told."""

EVIDENCE_EVERY_MS = 5 * SECOND
"""Controls and the token are asked at once after a failure, but not more often than this."""

SOON_MS = 2 * SECOND
"""Looks after a start are spread over so long."""

_ABOUT_TOKENS = frozenset({Cause.AUTHENTICATION, Cause.PERMISSION})


class Asker(Protocol):
    """Sends one exchange. Never raises for what it sees."""

    async def ask(self, name: str, at_ms: int) -> Exchange: ...


class Book(Protocol):
    """The append-only book of observations and rulings, and the outbox."""

    async def record(
        self, exchange: Exchange, context: Context, ruling: Ruling, *, keep_exchange: bool = False
    ) -> object | None:
        """None when it could not be written down yet."""
        ...

    async def append_rulings(self, rulings: Sequence[Ruling], *, declaration: int | None = None) -> object:
        """A person's come with the number of their declaration."""
        ...

    async def enqueue(self, notices: Iterable[Notice]) -> object: ...


class Counting(Protocol):
    """Counters of looks; verdicts as first given."""

    def attempt(self, target: str, verdict: str, durations_ms: Mapping[str, float]) -> None: ...

    def unrecorded(self, target: str) -> None: ...

    def token_expiry(self, account: str, at_s: float | None) -> None: ...

    def certificate_expiry(self, target: str, at_s: float) -> None: ...


class Watch:
    """The running watch: every target's beat, and what is due for it next."""

    def __init__(
        self,
        vigil: Vigil,
        asker: Asker,
        book: Book,
        counting: Counting,
        clock: Callable[[], int],
        *,
        recheck_ms: int = 10 * SECOND,
        wake: Callable[[str, int], None] = lambda _name, _at_ms: None,
    ) -> None:
        self.vigil = vigil
        self.asker = asker
        self.book = book
        self.counting = counting
        self.clock = clock
        self.recheck_ms = recheck_ms
        self.wake = wake
        self.refused: Callable[[str, int], None] = lambda _name, _at_ms: None
        """Hears of a target and the instant of a look after which a cap allowed no extra one."""
        self.repeated: Callable[[int], bool] = lambda _at_ms: False
        """Whether an instant was watched before the clock was set back."""
        self.on_step: list[Callable[[int], None]] = []
        """Who hears by how much the clock was set."""
        self.last: dict[str, tuple[int, Finding]] = {}
        self._beats: dict[str, Beat] = {}
        self._due: dict[str, Due] = {}
        self._evidence_ms: dict[str, int] = {}
        self._usage: dict[str, Usage] = {}
        self._stepped_ms = 0

    def due(self, name: str, now_ms: int) -> int:
        """When a target is looked at next, after now; a slot that has passed is gone."""
        due = self._due.get(name)
        if due is not None and due.at_ms > now_ms:
            return due.at_ms
        return self.slot_after(name, now_ms)

    def passed(self, name: str, span: Span) -> int:
        """How many of a target's regular slots lie in a span."""
        target = self.vigil.watched[name]
        return slots_in(span, target.interval_ms, offset_ms(target.place, target.interval_ms))

    def slot_after(self, name: str, at_ms: int) -> int:
        """A target's first regular slot after an instant."""
        target = self.vigil.watched[name]
        return regular_after(target.place, target.probe, target.interval_ms, at_ms)

    def slot(self, name: str, at_ms: int) -> int:
        """The regular slot of a target that an instant belongs to."""
        target = self.vigil.watched[name]
        return slot_of(at_ms, target.interval_ms, offset_ms(target.place, target.interval_ms))

    def step(self, step_ms: int) -> None:
        """The clock was set: who was to be looked at again, or spared, in a while still is; others at their slots.

        Evidence may be asked for at once: "not more often than" would last as long as the step.
        """
        self._due = {
            name: msgspec.structs.replace(due, at_ms=due.at_ms + step_ms)
            for name, due in self._due.items()
            if (now := self._beats.get(name)) is not None and (now.failures or now.throttled)
        }
        self._beats = {name: shifted(one, step_ms) for name, one in self._beats.items()}
        self._evidence_ms.clear()
        self._stepped_ms += step_ms
        for hear in self.on_step:
            hear(step_ms)

    def catch_up(self, name: str, now_ms: int) -> None:
        """After a start: look soon where the next slot would leave a hole that a look now does not.

        A restart of a second must not cost the interval around the slot that fell into it. After a longer stop the
        hole is there anyway, and the regular slots are soon enough.
        """
        last, now = self.last.get(name), self._beats.get(name)
        if last is None or (now is not None and now.throttled):
            return
        soon_ms = now_ms + offset_ms(self.vigil.watched[name].place, SOON_MS)
        reach = 2 * reach_ms(self.vigil.watched[name].interval_ms)
        if soon_ms - last[0] <= reach < self.due(name, now_ms) - last[0]:
            self._due[name] = Due(soon_ms)

    async def look(self, name: str) -> None:
        """One look, written down durably before this returns. Trouble with the book never stops the watch."""
        planned = self.planned(name)
        started_ms, stepped_ms = self.clock(), self._stepped_ms
        exchange = await self.asker.ask(name, started_ms)
        if self._stepped_ms != stepped_ms:  # set meanwhile: the look belongs to the clock on which it ended
            at_ms = started_ms + self._stepped_ms - stepped_ms
            exchange = msgspec.structs.replace(exchange, at_ms=at_ms)
        await self.take(exchange, extra=bool(planned and planned.extra))

    def planned(self, name: str) -> Due | None:
        """What a look that begins now was planned as; None for a regular one. It is planned no more."""
        return self._due.pop(name, None)

    async def take(self, exchange: Exchange, *, extra: bool = False) -> Finding:
        """Judge what was seen, plan the next look, tell who must hear of it, and write it down; what was found."""
        name = exchange.target
        observed = self.vigil.observe(exchange, repeated=self.repeated(exchange.at_ms or 0))
        overruled = self.vigil.overrule(name, observed.mark) if observed.fresh else []
        self._use(exchange)
        self._plan(name, exchange, observed.finding, extra=extra)
        self._count(exchange, observed)
        self._ask_for_evidence(exchange, observed.finding)
        if self.vigil.due_ms is not None:
            self.wake(TELL, max(self.vigil.due_ms, self.clock()))
        if overruled:
            self.last[name] = (observed.mark.at_ms, overruled[-1][1].finding)
        await self._write(exchange, observed, overruled)
        return observed.finding

    def remember(self, name: str, marks: Sequence[Mark]) -> None:
        """Take up where an earlier run ended: how many looks failed, and how many extra ones were spent."""
        target = self.vigil.watched[name]
        recent = recalled(target.place, target.interval_ms, marks)
        if recent is not None:
            self._beats[name] = recent
            self.last[name] = (marks[-1].at_ms, marks[-1].finding)

    def recall(self, name: str, now: Beat) -> None:
        """Take up what the book tells of a target's canaries; one that failed is followed by another soon."""
        self._beats[name] = now
        if now.failures and not now.awaited:
            soon_ms = self.clock() + 1 + offset_ms(name, SOON_MS)
            self._next(name, soon_ms)
            due = self._due[name]
            self._due[name] = msgspec.structs.replace(due, at_ms=max(due.at_ms, soon_ms))

    def spares(self, name: str, now_ms: int) -> bool:
        """Whether a target's quota is so full that what is left of it is left to the business."""
        usage = self._usage.get(self.vigil.watched[name].quota)
        return usage is not None and usage.spares(now_ms)

    def _use(self, exchange: Exchange) -> None:
        percent = usage_percent(exchange)
        if percent is not None:
            self._usage[self.vigil.watched[exchange.target].quota] = Usage(exchange.at_ms or 0, percent)

    def _plan(self, name: str, exchange: Exchange, finding: Finding, *, extra: bool) -> None:
        """A failing target is looked at again soon, a throttled one late, any other at its slot."""
        target = self.vigil.watched[name]
        started_ms = exchange.at_ms or 0
        self.last[name] = (started_ms, finding)
        if target.probe is ProbeKind.ROUNDTRIP:
            self._plan_canary(name.removesuffix(WAY_BACK), finding, started_ms)
            return
        if not target.asked:
            return
        after = launched if target.probe is ProbeKind.MESSAGE else beat
        now = after(self._beats.get(name), finding, started_ms, extra=extra, regain_ms=regain_ms(exchange))
        self._beats[name] = now
        if target.probe not in EVIDENCE or now.throttled:
            self._next(name, started_ms)

    def _plan_canary(self, name: str, finding: Finding, at_ms: int) -> None:
        """A canary's way back is known: one that failed is followed by a fresh one soon."""
        before = self._beats.get(name)
        if before is None or not before.awaited:
            return
        self._beats[name] = returned(before, finding)
        self._next(name, at_ms)

    def _next(self, name: str, at_ms: int) -> None:
        target, now = self.vigil.watched[name], self._beats[name]
        due = next_look(
            target.place,
            target.probe,
            target.interval_ms,
            now,
            recheck_ms=self.recheck_ms,
            extras_of_token=self._extras(target.quota, now.started_ms) if now.failures else (),
            spared=self.spares(name, at_ms),
        )
        self._due[name] = due
        self.wake(name, due.at_ms)
        if due.refused:
            self.refused(name, at_ms)

    def _extras(self, quota: str, now_ms: int) -> Iterator[int]:
        """Extra looks of all targets that share a quota: when made; now, where granted."""
        for name, target in self.vigil.watched.items():
            if target.quota == quota:
                made, granted = self._beats.get(name), self._due.get(name)
                yield from made.extras_ms if made else ()
                if granted is not None and granted.extra:
                    yield now_ms

    def _count(self, exchange: Exchange, observed: Observed) -> None:
        verdict = observed.finding.verdict.value
        self.counting.attempt(exchange.target, verdict, exchange.durations_ms)
        if exchange.certificate_expires_ms is not None:
            self.counting.certificate_expiry(exchange.target, exchange.certificate_expires_ms / SECOND)
        facts = token_facts(exchange.body) if exchange.probe is ProbeKind.TOKEN else None
        if facts is not None:
            account = self.vigil.watched[exchange.target].account
            self.counting.token_expiry(account, facts.expires_at_s)

    def _ask_for_evidence(self, exchange: Exchange, finding: Finding) -> None:
        """A failure makes every control look at once; an authentication error asks about the token at once."""
        target = self.vigil.watched[exchange.target]
        if finding.verdict is Verdict.OK or target.probe in EVIDENCE:
            return
        for name, other in self.vigil.watched.items():
            about_token = other.probe is ProbeKind.TOKEN and other.account == target.account
            wanted = other.probe is ProbeKind.CONTROL or (about_token and finding.cause in _ABOUT_TOKENS)
            if wanted and self._may_ask(name, other.probe):
                self.wake(name, self.clock())

    def _may_ask(self, name: str, probe: ProbeKind) -> bool:
        """Evidence is asked for every few seconds at most, the token's once a minute, and not while limited."""
        now_ms = self.clock()
        limited = self._beats.get(name)
        if limited is not None and limited.throttled:
            return False
        gap_ms = EVIDENCE_EVERY_MS if probe is ProbeKind.CONTROL else MINUTE
        if now_ms - self._evidence_ms.get(name, 0) < gap_ms:
            return False
        self._evidence_ms[name] = now_ms
        return True

    async def _write(
        self, exchange: Exchange, observed: Observed, overruled: Sequence[tuple[int, Ruling]]
    ) -> None:
        keep = self.vigil.watched[exchange.target].probe is ProbeKind.TOKEN or tells_of_failures(exchange)
        try:
            written = await self.book.record(
                exchange, observed.mark.context, self.vigil.ruling(exchange, observed), keep_exchange=keep
            )
            if written is None:
                self.counting.unrecorded(exchange.target)
            if observed.follow_ups:
                await self.book.append_rulings(observed.follow_ups)
            for number, ruling in overruled:
                await self.book.append_rulings([ruling], declaration=number)
        except LedgerError as trouble:
            self.counting.unrecorded(exchange.target)
            _log.error("a look at %s could not be recorded: %s", exchange.target, trouble)

    async def tell(self) -> tuple[Notice, ...]:
        """Put into the outbox what people must be told now."""
        now_ms = self.clock()
        if not self.vigil.announcing(now_ms):
            return ()
        notices = self.vigil.announce(now_ms)
        if notices:
            await self.book.enqueue(notices)
        return notices

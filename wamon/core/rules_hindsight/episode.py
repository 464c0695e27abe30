"""Neighbouring looks of one verdict and cause, and what is known around them, read once when first asked."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from wamon.core.evidence import Record, TokenLook
from wamon.core.finding import Cause, Verdict
from wamon.core.rules_hindsight.history import History
from wamon.core.timeline import DAY, HOUR, MINUTE

MOST_EVIDENCE = 8
"""So many observations are named with a ruling; more of the same would prove nothing more."""

USAGE_BEFORE_MS = 10 * MINUTE
ABOUT_TOKENS = frozenset({Cause.AUTHENTICATION, Cause.PERMISSION})

HEALTH_REASONS = {
    141002: Cause.TEMPLATE,
    141006: Cause.PAYMENT,
    141010: Cause.INTEGRITY,
    141014: Cause.INTEGRITY,
}
"""What Meta's health status gives as the reason of a block, by code ("Health status", read 2025-10-22)."""


class Said(NamedTuple):
    """What `debug_token` said of one token around an episode; neither good nor bad where that is too little."""

    good: bool
    bad: bool
    evidence: tuple[str, ...]


class Usage(NamedTuple):
    """How full the quotas were, ordered: instants, the fullest one so far in percent, and the looks that told."""

    instants: Sequence[int]
    fullest: Sequence[int]
    names: Sequence[str]


class Episode:
    """The indices of the first and the last of a row of looks, both included, and what is known around them."""

    def __init__(self, past: History, first: int, last: int) -> None:
        self.past = past
        self.first, self.last = first, last
        marks = past.record.marks
        self.start_ms, self.end_ms = marks[first].at_ms, marks[last].at_ms
        self._near = marks[max(0, first - 1) : last + 2]
        self._said: dict[str | None, Said] = {}

    def said(self, fingerprint: str | None) -> Said:
        """What was said of a token meanwhile."""
        if fingerprint not in self._said:
            self._said[fingerprint] = said_of_token(
                self.past.tokens, fingerprint, self.start_ms, self.end_ms, self.past.token_reach_ms
            )
        return self._said[fingerprint]

    @cached_property
    def rotated(self) -> bool:
        """Whether the token changed between the looks on either side."""
        return len({mark.context.token_fingerprint for mark in self._near}) > 1

    @cached_property
    def version_changed(self) -> bool:
        """Whether the served version changed, as far as it is known."""
        return len({mark.context.served_version for mark in self._near} - {None}) > 1

    @cached_property
    def account_event(self) -> bool:
        """Whether Meta reported an event of the account meanwhile."""
        events_ms = self.past.events_ms
        return bisect_left(events_ms, self._near[0].at_ms) < bisect_right(events_ms, self._near[-1].at_ms)

    @cached_property
    def ailing(self) -> bool:
        """Whether any word on health around it says that this number, or all of its account, cannot work."""
        return any(
            (told.blocked and (self._is_own(one) or told.wide)) or (self._is_own(one) and told.connected is False)
            for one in self._telling_health
            for _, told in one.health_around(self.start_ms, self.end_ms)
        )

    @cached_property
    def reason_in_health(self) -> tuple[Cause, tuple[str, ...]] | None:
        """Why this number was blocked all along: every word within an hour agrees, and both sides have one."""
        said = [
            (told, one.marks[place].at_ms, one.name(place))
            for one in self._telling_health
            if self._is_own(one)
            for place, told in one.health_around(self.start_ms, self.end_ms, HOUR)
        ]
        causes = {HEALTH_REASONS.get(told.code or 0) if told.blocked else None for told, _, _ in said}
        before = any(at_ms <= self.end_ms for _, at_ms, _ in said)
        after = any(at_ms >= self.start_ms for _, at_ms, _ in said)
        cause = next(iter(causes)) if len(causes) == 1 and before and after else None
        return None if cause is None else (cause, tuple(name for _, _, name in said))

    @property
    def _telling_health(self) -> list[Record]:
        household = self.past.household
        return [one for one in household if any(context.told.health for context in one.contexts)]

    def _is_own(self, one: Record) -> bool:
        """Whether a record speaks of this very number."""
        own = self.past.record
        return one.target == own.target or (bool(own.number) and one.number == own.number)

    @cached_property
    def refused_elsewhere(self) -> tuple[str, ...]:
        """Doubtful refusals of another app's token or permission in the same minutes."""
        reach_ms = self.past.record.marks[self.first].interval_ms
        return tuple(
            one.name(place)
            for one in self.past.strangers
            for place in one.places(self.start_ms - reach_ms, self.end_ms + reach_ms)
            if self._doubtful(one, place)
        )

    def _doubtful(self, one: Record, place: int) -> bool:
        found = one.findings[place]
        refused = found.verdict is Verdict.USER_ERROR and found.cause in ABOUT_TOKENS and found.provisional
        return refused and not self.said(one.marks[place].context.token_fingerprint).bad

    @cached_property
    def answered_before(self) -> bool:
        """Whether the target was answered well within a day before."""
        own = self.past.record
        places = own.places(self.start_ms - DAY, self.start_ms)
        return any(own.findings[place].verdict is Verdict.OK for place in reversed(places))

    @cached_property
    def usage(self) -> Usage:
        """What the account's usage headers told, from ten minutes before on."""
        told = sorted(self._usage())
        return Usage(
            [at_ms for at_ms, _, _ in told],
            list(accumulate((percent for _, percent, _ in told), max)),
            [name for _, _, name in told],
        )

    def _usage(self) -> Iterator[tuple[int, int, str]]:
        for one in self.past.household:
            if all(context.told.usage is None for context in one.contexts):
                continue
            for place in one.places(self.start_ms - USAGE_BEFORE_MS, self.end_ms):
                percent = one.marks[place].context.told.usage
                if percent is not None:
                    yield one.marks[place].at_ms, percent, one.name(place)


def said_of_token(
    tokens: Sequence[TokenLook], fingerprint: str | None, start_ms: int, end_ms: int, reach_ms: int
) -> Said:
    """What was said of a token from the first to the last look of an episode, both included.

    Without any such statement those within one of their own intervals count: to be good they must stand on both
    sides, and one that says otherwise spoils it.
    """
    first = bisect_left(tokens, start_ms - reach_ms, key=_at)
    last = bisect_right(tokens, end_ms + reach_ms, key=_at)
    same = [one for one in tokens[first:last] if one.token_fingerprint == fingerprint]
    during = [one for one in same if start_ms <= one.at_ms <= end_ms]
    before = [one for one in same if 0 < start_ms - one.at_ms <= one.interval_ms]
    after = [one for one in same if 0 < one.at_ms - end_ms <= one.interval_ms]
    said = during or [*before, *after]
    enough = bool(during or (before and after))
    return Said(
        good=enough and all(one.good for one in said),
        bad=any(one.bad for one in said) and not any(one.good for one in said),
        evidence=tuple(one.name for one in said[:MOST_EVIDENCE]),
    )


def _at(look: TokenLook) -> int:
    return look.at_ms

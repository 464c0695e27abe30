"""Who is told what: which notices a channel hears, when it may be written to at once, and how often."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.cadence import next_daily
from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import BlankFacts, ExpiryFacts, TroubleFacts
from wamon.core.timeline import from_ms

_GOES_ON = frozenset({NoticePhase.CHANGED, NoticePhase.REMINDER, NoticePhase.RESOLVED})


class Hours(NamedTuple):
    """From one time of day to another, past midnight where the end is the earlier one."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


class Quiet(msgspec.Struct, frozen=True):
    """The hours of every day, in a zone, in which nobody is to be woken for less than critical trouble."""

    hours: Hours
    zone: ZoneInfo

    def holds(self, at_ms: int) -> bool:
        """Whether an instant lies in them."""
        now = from_ms(at_ms).astimezone(self.zone).time()
        start, end = self.hours
        return start <= now < end if start < end else now >= start or now < end

    def end_ms(self, at_ms: int) -> int:
        """When they end next, after an instant."""
        return next_daily(at_ms, self.zone, self.hours.end)

    def __str__(self) -> str:
        return f"{self.hours.start:%H:%M} to {self.hours.end:%H:%M}, {self.zone.key}"


class Subscription(msgspec.Struct, frozen=True):
    """What one channel is told; what is left empty means all of them.

    ``accounts`` are those of its targets too: what is told of an account concerns each of its targets.
    ``hourly_cap``: so many letters within an hour, None for no end of them. Critical notices heed neither it
    nor ``quiet``.
    """

    kinds: frozenset[Kind] = frozenset()
    severities: frozenset[Severity] = frozenset()
    targets: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    quiet: Quiet | None = None
    hourly_cap: int | None = None
    hidden: frozenset[str] = frozenset()
    """Names of other accounts and of their targets, which a letter to it must not say."""

    def wants(self, notice: Notice) -> bool:
        """Whether it is told of this."""
        return (
            _any(self.kinds, _kinds(notice))
            and _any(self.severities, {notice.severity})
            and (not (self.targets or self.accounts) or self._concerned(notice))
        )

    def _concerned(self, notice: Notice) -> bool:
        facts = notice.facts
        if isinstance(facts, ExpiryFacts) and facts.thing != "certificate":
            return facts.name in self.accounts
        return not self.targets.isdisjoint(about(notice))


def _any(wanted: frozenset[Kind] | frozenset[Severity], found: Iterable[Kind | Severity]) -> bool:
    return not wanted or not wanted.isdisjoint(found)


def _kinds(notice: Notice) -> set[Kind]:
    """What a notice is told as: an error of our own that stops an account is an outage for whoever runs it."""
    stops = notice.kind is Kind.USER_ERROR and notice.severity is Severity.CRITICAL
    return {notice.kind, Kind.OUTAGE} if stops else {notice.kind}


def about(notice: Notice) -> set[str]:
    """The targets that a notice is about, as far as it names them."""
    facts = notice.facts
    if isinstance(facts, TroubleFacts):
        return {facts.incident.target, *facts.members}
    if isinstance(facts, BlankFacts):
        return {one.target for one in facts.blanks}
    return set(notice.target.split(", "))


def addressed(
    notice: Notice, subscriptions: Mapping[str, Subscription], told: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The channels that are told. ``told`` are those that heard of the same incident before.

    Whoever heard of trouble hears how it goes on and that it is over, whatever became of its kind and severity;
    of an end nobody hears who did not hear of the beginning.
    """
    if notice.phase is NoticePhase.RESOLVED and not told.isdisjoint(subscriptions):
        return tuple(name for name in subscriptions if name in told)
    return tuple(
        name
        for name, one in subscriptions.items()
        if one.wants(notice) or (notice.phase in _GOES_ON and name in told)
    )


def hears(*kinds: Kind | str) -> Subscription:
    """A channel of these kinds of notice, whatever they are about and at any hour."""
    return Subscription(kinds=frozenset(map(Kind, kinds)))

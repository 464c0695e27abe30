"""Scenarios as data: which fault strikes which calls when, how the world turns, and what should be made of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import chain, repeat
from typing import Any

from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import Span
from wamon.simulator.faults import Fault, GraphError, Unreachable, strikes_at_accept
from wamon.simulator.world import Change


class Place(StrEnum):
    """What listens on a port of its own."""

    GRAPH = "graph"
    ENDPOINT = "endpoint"
    CONTROL = "control"
    REFERENCE = "reference"


class Call(StrEnum):
    """What a request is after, as a fault can be aimed at it."""

    EDGE = "edge"
    NUMBER = "number"
    SEND = "send"
    DEBUG_TOKEN = "debug_token"  # noqa: S105
    ACCOUNT = "account"
    HANDSHAKE = "handshake"
    SIGNED_EVENT = "signed_event"
    PAGE = "page"
    REFERENCE = "reference"


TO_GRAPH = frozenset({Call.EDGE, Call.NUMBER, Call.SEND, Call.DEBUG_TOKEN, Call.ACCOUNT})
"""Calls that Graph answers."""

MANAGED = frozenset({Call.NUMBER, Call.ACCOUNT})
"""Calls that need a token and change nothing."""

AUTHENTICATED = MANAGED | {Call.SEND}
"""Calls that an app's user token opens."""


@dataclass(frozen=True, slots=True)
class Spell:
    """From ``start_ms`` to ``end_ms`` the calls meet the faults, one after the other and round again.

    None among the faults lets one call through. ``rounds`` ends it early, after so many rounds; None never does.
    Raises ValueError for a spell without faults, and for a GraphError aimed at what is not Graph.
    """

    start_ms: int
    end_ms: int
    calls: frozenset[Call]
    faults: tuple[Fault | None, ...]
    rounds: int | None = None

    def __post_init__(self) -> None:
        if not self.faults:
            raise ValueError("a spell needs at least one fault; None lets a call through")
        if not self.calls <= TO_GRAPH and any(isinstance(fault, GraphError) for fault in self.faults):
            strangers = ", ".join(sorted(self.calls - TO_GRAPH))
            raise ValueError(f"a GraphError comes from Graph only, not in answer to {strangers}: take Instead")

    @property
    def ends_connections(self) -> bool:
        """Whether all its faults strike at accept."""
        return all(map(strikes_at_accept, self.faults))

    def strikes(self, at_ms: int, calls: frozenset[Call]) -> bool:
        """Whether it is on at an instant for one of these calls."""
        return self.start_ms <= at_ms < self.end_ms and bool(self.calls & calls)


@dataclass(frozen=True, slots=True)
class Cable:
    """From ``start_ms`` to ``end_ms`` these places cannot be connected to."""

    start_ms: int
    end_ms: int
    places: frozenset[Place] = frozenset(Place)
    how: Unreachable = field(default_factory=Unreachable)


@dataclass(frozen=True, slots=True)
class Told:
    """One status of a message: what happens ``after_ms`` it was taken in, and how that is reported.

    The report is posted ``late_ms`` after it happened, ``copies`` times over. ``code`` is that of a failure.
    """

    message_status: str
    after_ms: int
    late_ms: int = 0
    copies: int = 1
    code: int = 131026


DELIVERED = (Told("sent", 900), Told("delivered", 2_100))
UNDELIVERABLE = (Told("failed", 1_500),)
SILENT: tuple[Told, ...] = ()
TWICE = (Told("sent", 900, copies=2), Told("delivered", 2_100, copies=3))
OUT_OF_ORDER = (Told("sent", 900, late_ms=9_000), Told("delivered", 2_100), Told("read", 4_000, late_ms=-1_000))
FAILED_THEN_DELIVERED = (Told("sent", 900), Told("failed", 1_500, code=131000), Told("delivered", 2_600))


def late(ms: int, reports: tuple[Told, ...] = DELIVERED) -> tuple[Told, ...]:
    """The same, all of it reported so much later."""
    return tuple(replace(one, late_ms=one.late_ms + ms) for one in reports)


@dataclass(frozen=True, slots=True)
class Reporting:
    """What Meta reports of every message that it takes in from ``start_ms`` to ``end_ms``."""

    start_ms: int
    end_ms: int
    reports: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class News:
    """At ``at_ms`` Meta posts a webhook that is about no message that was sent: a field and its value."""

    at_ms: int
    field: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Episode:
    """One story: what goes wrong, and what wamon should make of it.

    ``verdict`` and ``cause`` are what stands in the end; ``first_verdict`` is what live judging says where the
    weekly pass turns it.
    """

    title: str
    story: str
    span: Span
    verdict: Verdict
    cause: Cause
    first_verdict: Verdict | None = None
    spells: tuple[Spell, ...] = ()
    cables: tuple[Cable, ...] = ()
    changes: tuple[Change, ...] = ()
    reportings: tuple[Reporting, ...] = ()
    news: tuple[News, ...] = ()


@dataclass(frozen=True, slots=True)
class MetaPost:
    """What Meta's page says of an outage from ``at_ms`` on; ``claimed_ms`` is the time it carries, if another."""

    at_ms: int
    said: str
    text: str = ""
    claimed_ms: int | None = None

    @property
    def time_ms(self) -> int:
        """The instant that stands beside the post."""
        return self.at_ms if self.claimed_ms is None else self.claimed_ms


@dataclass(frozen=True, slots=True)
class MetaOutage:
    """An outage on Meta's page: nothing until its first post, over once the latest one says so."""

    outage_id: str
    org: str
    service_id: str
    posts: tuple[MetaPost, ...]

    def posted(self, now_ms: int) -> tuple[MetaPost, ...]:
        """The posts that stand there at an instant."""
        return tuple(post for post in self.posts if post.at_ms <= now_ms)

    def is_over(self, now_ms: int) -> bool:
        """Whether the latest post says that it is resolved."""
        posts = self.posted(now_ms)
        return bool(posts) and posts[-1].said == "Resolved"


@dataclass(frozen=True, slots=True)
class Script:
    """What Meta's status page will say: outages, and daily figures as (day, percent, published at)."""

    outages: tuple[MetaOutage, ...] = ()
    figures: tuple[tuple[date, float, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stretch of virtual time and the episodes in it; ``script`` is what Meta's status page makes of them."""

    span: Span
    episodes: tuple[Episode, ...] = ()
    script: Script = Script()

    @property
    def spells(self) -> tuple[Spell, ...]:
        """Every spell; where several strike at once the first stands."""
        return tuple(spell for episode in self.episodes for spell in episode.spells)

    @property
    def cables(self) -> tuple[Cable, ...]:
        """Every stretch of unreachable places."""
        return tuple(cable for episode in self.episodes for cable in episode.cables)

    @property
    def reportings(self) -> tuple[Reporting, ...]:
        """What is reported of messages, where it is not the usual; of several at once the first stands."""
        return tuple(one for episode in self.episodes for one in episode.reportings)

    @property
    def news(self) -> tuple[News, ...]:
        """Every webhook that is about no message."""
        return tuple(one for episode in self.episodes for one in episode.news)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change of the world, by instant."""
        return tuple(sorted((turn for one in self.episodes for turn in one.changes), key=lambda turn: turn.at_ms))


QUIET = Scenario(Span(0, 0))
"""Nothing happens."""


class SpellBook:
    """Deals out the faults of spells: each spell counts its own calls, so a scenario always plays the same."""

    def __init__(self, spells: Iterable[Spell]) -> None:
        self._spells = tuple((spell, _deal(spell)) for spell in spells)

    def at_accept(self, at_ms: int, calls: frozenset[Call]) -> Fault | None:
        """The fault that ends a connection at an instant, before anyone knows which of the calls it is for."""
        return self._next(at_ms, calls, at_accept=True)

    def fault(self, at_ms: int, call: Call) -> Fault | None:
        """The fault that a call at an instant meets, or None."""
        return self._next(at_ms, frozenset({call}), at_accept=False)

    def _next(self, at_ms: int, calls: frozenset[Call], at_accept: bool) -> Fault | None:
        for spell, faults in self._spells:
            if spell.ends_connections is at_accept and spell.strikes(at_ms, calls):
                return next(faults, None)
        return None


def _deal(spell: Spell) -> Iterator[Fault | None]:
    rounds = repeat(spell.faults) if spell.rounds is None else repeat(spell.faults, spell.rounds)
    return chain.from_iterable(rounds)

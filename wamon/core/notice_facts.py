"""What a notice says below its first line, as facts: the words around them are the templates'."""

import msgspec

from wamon.core.finding import Cause
from wamon.core.incident import Incident, Kind
from wamon.core.timeline import Span


class TroubleFacts(msgspec.Struct, frozen=True, tag=True):
    """One incident as people were told of it. ``maintenance``: what was declared over it, in order.

    ``members`` are the targets it speaks for, where it is told of several at once.
    """

    incident: Incident
    resolved: bool
    maintenance: tuple[Span, ...] = ()
    members: tuple[str, ...] = ()


class WithdrawnFacts(msgspec.Struct, frozen=True, tag=True):
    """An incident that was told, and that later evidence has undone."""

    target: str
    opened_ms: int


class Blank(msgspec.Struct, frozen=True):
    """A stretch of a target in which nothing could be said."""

    target: str
    span: Span
    cause: Cause


class BlankFacts(msgspec.Struct, frozen=True, tag=True):
    """All that was not observed at the same time, afterwards."""

    blanks: tuple[Blank, ...]


class RestatedFacts(msgspec.Struct, frozen=True, tag=True):
    """Past days that say something else: ``changes`` by day, ``reasons`` where a pass found them.

    ``more_changes`` and ``more_reasons`` count what is not listed.
    """

    changes: tuple[str, ...]
    more_changes: int = 0
    reasons: tuple[str, ...] = ()
    more_reasons: int = 0
    by_person: bool = False


class FlawFacts(msgspec.Struct, frozen=True, tag=True):
    """A flaw of an endpoint that answers: what was seen when, why it matters, and since when people know of it."""

    at_ms: int
    seen: str
    meaning: str
    told_ms: int | None = None


class SilenceFacts(msgspec.Struct, frozen=True, tag=True):
    """No webhook since an instant, and when it was over.

    ``usual`` and ``weak`` are what the same hours of ``weeks`` weeks brought, as a rule and in a weak one.
    """

    since_ms: int
    usual: int = 0
    weak: int = 0
    weeks: int = 0
    over_ms: int | None = None


class ExpiryFacts(msgspec.Struct, frozen=True, tag=True):
    """Something ends on a day (None: never): ``thing`` is token, certificate or graph_version."""

    thing: str
    name: str
    which: str
    ends_ms: int | None
    now_ms: int
    renewed: bool


class DigestRow(msgspec.Struct, frozen=True):
    """One row's figures as they are printed; ``unproved`` is empty where all is proved."""

    name: str
    platform: str
    experienced: str
    unproved: str
    observed: str


class DigestIncident(msgspec.Struct, frozen=True):
    """One incident as a digest tells it; ``began`` is in the zone of the days."""

    began: str
    lasted: str
    what: str
    whose: str
    target: str


class DigestFacts(msgspec.Struct, frozen=True, tag=True):
    """What the days from ``first`` to ``last`` were like; ``calm`` where there is nothing to tell of them.

    ``unseen`` is the time that nobody observed.
    """

    first: str
    last: str
    zone: str
    weekly: bool
    rows: tuple[DigestRow, ...]
    incidents: tuple[DigestIncident, ...]
    more_incidents: int
    changed: tuple[str, ...]
    more_changed: int
    ahead: tuple[str, ...]
    calm: bool
    unseen: tuple[str, ...] = ()


class BurnFacts(msgspec.Struct, frozen=True, tag=True):
    """How fast a budget burns (``down_ms`` 0: no longer), and what this month has spent of what it allows."""

    objective_percent: float
    down_ms: int
    long_ms: int
    spent_ms: int
    allowed_ms: int


class SummaryLine(msgspec.Struct, frozen=True):
    """What was last said of one thing, and when."""

    at_ms: int
    said: str


class SummaryFacts(msgspec.Struct, frozen=True, tag=True):
    """What a channel was not told at once, as one letter: what goes on, what is over by now, what was just a note.

    ``quiet`` are its quiet hours in words where those held it back, else it was ``hourly_cap``; ``more`` counts
    what is not listed.
    """

    quiet: str
    hourly_cap: int
    going_on: tuple[SummaryLine, ...]
    over: tuple[SummaryLine, ...]
    notes: tuple[SummaryLine, ...]
    more: int = 0


class HeldBackFacts(msgspec.Struct, frozen=True, tag=True):
    """What began and ended in a silence that is over now, whose it was and why."""

    start_ms: int
    end_ms: int
    author: str
    because: str
    held: tuple[SummaryLine, ...]


class TrialFacts(msgspec.Struct, frozen=True, tag=True):
    """A letter that only shows that letters arrive."""

    at_ms: int


class LastWordFacts(msgspec.Struct, frozen=True, tag=True):
    """The service ended, and is about to be started again."""

    at_ms: int


Facts = (
    TroubleFacts
    | WithdrawnFacts
    | BlankFacts
    | RestatedFacts
    | FlawFacts
    | SilenceFacts
    | ExpiryFacts
    | DigestFacts
    | BurnFacts
    | SummaryFacts
    | HeldBackFacts
    | TrialFacts
    | LastWordFacts
)
"""One shape for each template of `wamon.letters`."""

COUNTS_AS = {
    Kind.OUTAGE: "downtime",
    Kind.ENDPOINT: "downtime of your endpoint, never of the platform",
    Kind.DISRUPTION: "network trouble, never as downtime of the platform",
    Kind.USER_ERROR: "up for the platform, shown apart",
}
"""How an incident of a kind counts; any other counts as unobserved."""

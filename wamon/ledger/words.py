"""The ledger's own words: what is written down besides observations and rulings."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import msgspec

from wamon.core import publication as core
from wamon.core.finding import Context, Finding, Ruling
from wamon.core.observation import Exchange
from wamon.core.receipt import AccountEvent, Gist, MessageReport
from wamon.core.timeline import Span, iso

FigureValue = int | float | str | None | dict[str, int]
"""What one published figure may be."""


class Recorded(NamedTuple):
    """The acknowledgement of an observation: it is on the disk. ``new`` is false when the key was there before.

    Target and instant are the key; the first observation of a key stands, so nothing re-creates one.
    """

    target: str
    at_ms: int
    new: bool

    @property
    def name(self) -> str:
        """The key as rulings and commands quote it: ``target@instant``."""
        return f"{self.target}@{iso(self.at_ms)}"


class Witnessed(NamedTuple):
    """An observation kept whole, with its first finding and the later ruling that stands, if one does."""

    exchange: Exchange
    context: Context
    first: Finding
    standing: Ruling | None


class Appended(NamedTuple):
    """A later ruling as the book has it: its number, and the declaration it came with (a person's)."""

    n: int
    ruling: Ruling
    declaration: int | None
    withdrawn: bool


class MissedReason(StrEnum):
    """Why a slot passed without an observation."""

    OVERLAP = "overlap"
    MISFIRE = "misfire"
    QUOTA = "quota"
    STOPPED = "stopped"
    CLOCK = "clock"


class Missed(NamedTuple):
    """``slots`` slots in a row, the first at ``at_ms``, that passed without an observation."""

    target: str
    at_ms: int
    reason: MissedReason
    slots: int


class Publication(msgspec.Struct, frozen=True):
    """A day's figures as they were told. The ledger gives ``n`` and ``revision``; what a caller sets is ignored.

    ``target`` may be any name that has days, ``platform`` too. ``zone`` is the one the day was cut in.
    """

    target: str
    day: date
    zone: str
    published_at_ms: int
    state: str
    figures: Mapping[str, FigureValue]
    reason: str
    author: str
    revision: int = 0
    n: int = 0


class Notice(msgspec.Struct, frozen=True):
    """What people are told. ``key`` names the fact announced; the book holds each key once, for ever.

    ``channels`` are those it is to reach; ``not_before_ms`` holds it back.
    """

    key: str
    kind: str
    phase: str
    target: str
    severity: str
    title: str
    body: str
    created_at_ms: int
    html: str | None = None
    evidence: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    not_before_ms: int | None = None


class DispatchState(StrEnum):
    """How far a notice came on one channel. The first two are tried again, the others are final."""

    QUEUED = "queued"
    FAILED = "failed"
    SENT = "sent"
    GIVEN_UP = "given_up"
    SUPPRESSED = "suppressed"


OPEN_STATES = frozenset({DispatchState.QUEUED, DispatchState.FAILED})
"""A dispatch in one of these is still owed."""


class Dispatch(msgspec.Struct, frozen=True):
    """One step of a notice on one channel. ``attempt`` counts from 1; 0 is the queueing."""

    key: str
    channel: str
    state: DispatchState
    attempt: int
    at_ms: int
    next_attempt_ms: int | None = None
    error: str | None = None


class Owed(NamedTuple):
    """A notice that is due on a channel, and the last step it made there."""

    notice: Notice
    last: Dispatch


class Declaration(msgspec.Struct, frozen=True):
    """What a person declared: maintenance, a silence, a ruling, a note. ``content`` is the caller's, as JSON.

    The ledger gives ``n``; the ``withdrawn_*`` fields tell of its withdrawal.
    """

    kind: str
    content: Mapping[str, object]
    declared_at_ms: int
    author: str
    because: str
    n: int = 0
    withdrawn_at_ms: int | None = None
    withdrawn_by: str | None = None
    withdrawn_because: str | None = None


class Sizes(NamedTuple):
    """What ``db stats`` shows: bytes on the disk, rows per table, and the span of the observations."""

    database_bytes: int
    wal_bytes: int
    free_bytes: int
    rows: dict[str, int]
    observations: Span | None


class Arrival(NamedTuple):
    """What is kept of one authentic webhook. ``body_sha256`` is its key: Meta repeats a body byte by byte."""

    account: str
    received_at_ms: int
    body_sha256: bytes
    gist: Gist


class Reported(NamedTuple):
    """A status report as the book has it. ``n`` grows in the order of arrival."""

    n: int
    received_at_ms: int
    account: str
    report: MessageReport


class Happened(NamedTuple):
    """An account event as the book has it."""

    n: int
    received_at_ms: int
    account: str
    event: AccountEvent


class ReceivedHour(NamedTuple):
    """What came for one account within an hour of UTC: webhooks, status reports, incoming messages."""

    hour_ms: int
    account: str
    receipts: int
    reports: int
    inbound: int


Trail = tuple[core.Publication, core.Publication]
"""What was first said of a row's day, and what stands, in the core's words."""

"""What to do with the outbox: which letters go out now, how they read, and what each attempt leaves behind."""

import html
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_words import duration_text
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, from_ms

FIRST_WAIT_MS = 5 * SECOND
LONGEST_WAIT_MS = HOUR
GIVE_UP_AFTER_MS = DAY
FEWEST_ATTEMPTS = 5
"""Nothing is given up before so many attempts: a daemon that was off for two days, or a clock that
jumped a year ahead, must not lose a notice to its first hiccup."""
LATE_AFTER_MS = 5 * MINUTE
_NOT_DELIVERED = "Not delivered when it happened:"
_KEYS = "notice: "


class Tone(StrEnum):
    """The mood of a letter, for channels that show a colour or a sign."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


class Outcome(StrEnum):
    """What became of one notice on one channel; the results of ``wamon_notifications_total``."""

    SENT = "sent"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    SUPPRESSED = "suppressed"


class Reason(StrEnum):
    """Why a letter goes, waits, or ended as it did."""

    NEW = "new"
    RETRY = "retry"
    TOGETHER = "together"
    BACK_OFF = "back_off"
    QUIET_HOURS = "quiet_hours"
    HOURLY_CAP = "hourly_cap"
    DELIVERED = "delivered"
    TRY_AGAIN = "try_again"
    TOO_OLD = "too_old"
    IMPOSSIBLE = "impossible"


FINAL = frozenset({Outcome.SENT, Outcome.GIVEN_UP, Outcome.SUPPRESSED})
"""After one of these, a notice is no longer pending on that channel."""


class Tellable(Protocol):
    """What the outbox needs to know of a notice; phase and severity are the words of CONTRACT sections 7 and 8."""

    @property
    def key(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def created_at_ms(self) -> int: ...


class Pending(msgspec.Struct, frozen=True):
    """One notice that one channel has not been told yet.

    ``attempt`` counts the attempts made. Before the first, ``next_attempt_ms`` is when the notice may go out
    at the earliest (0: at once); afterwards, when it is tried again. ``html`` is an alternative to the body.
    ``tried_at_ms`` is when the last attempt was made.
    """

    notice: Tellable
    channel: str
    attempt: int = 0
    next_attempt_ms: int = 0
    html: str | None = None
    tried_at_ms: int = 0

    @property
    def queued_at_ms(self) -> int:
        """When the notice was written: what it says was true then."""
        return self.notice.created_at_ms

    @property
    def incident(self) -> str | None:
        """The name shared by all notices of one incident; None for a notice that stands alone."""
        phase = self.notice.phase
        return None if phase == NoticePhase.NOTE else self.notice.key.rpartition(f":{phase}")[0]


class Letter(msgspec.Struct, frozen=True):
    """What a channel is given to send; ``html`` is an alternative to the body for channels that show it."""

    key: str
    title: str
    body: str
    tone: Tone = Tone.INFO
    html: str | None = None


class Delivery(msgspec.Struct, frozen=True):
    """What a channel said. ``detail`` is a sentence for the operator, free of secrets.

    ``permanent``: no further attempt can succeed before a person changes something.
    """

    ok: bool
    permanent: bool = False
    detail: str = ""


class Mailing(msgspec.Struct, frozen=True):
    """Send this letter now. ``covers`` are the notices it tells, oldest first; the last one leads."""

    letter: Letter
    covers: tuple[Pending, ...]
    reason: Reason


class Summing(msgspec.Struct, frozen=True):
    """Send what many notices say as one letter: ``notice`` is that letter as facts, its words are the templates'.

    ``covers`` are the notices it tells, oldest first; the last one leads.
    """

    notice: Notice
    covers: tuple[Pending, ...]
    reason: Reason


class Waiting(msgspec.Struct, frozen=True):
    """Not now: these notices are next looked at ``until_ms``."""

    covers: tuple[Pending, ...]
    until_ms: int
    reason: Reason = Reason.BACK_OFF


class Dispatch(msgspec.Struct, frozen=True):
    """One attempt, as a row. ``next_attempt_ms`` is None once nothing more will be tried."""

    notice_key: str
    channel: str
    at_ms: int
    attempt: int
    outcome: Outcome
    reason: Reason
    detail: str = ""
    next_attempt_ms: int | None = None


def plan(pending: Iterable[Pending], now_ms: int) -> list[Mailing | Waiting]:
    """What to do with the notices one channel has not been told, oldest first."""
    return [decide(together, now_ms) for together in by_incident(pending)]


def by_incident(pending: Iterable[Pending]) -> list[tuple[Pending, ...]]:
    """Notices of one incident together: nobody reads "resolved" before "opened", a stale pair is one letter."""
    groups: dict[tuple[str | None, str], list[Pending]] = {}
    for one in sorted(pending, key=lambda one: one.queued_at_ms):
        alone = "" if one.incident else one.notice.key
        groups.setdefault((one.incident, alone), []).append(one)
    return [tuple(group) for group in groups.values()]


def decide(covers: tuple[Pending, ...], now_ms: int, late: str = "late") -> Mailing | Waiting:
    """Whether the letter of one incident goes now. ``late`` says in its first line why it comes when it comes."""
    due_ms = min(due_at_ms(one, now_ms) for one in covers)
    if due_ms > now_ms:
        return Waiting(covers, due_ms)
    reason = Reason.TOGETHER if len(covers) > 1 else Reason.RETRY if covers[0].attempt else Reason.NEW
    return Mailing(compose(covers, now_ms, late), covers, reason)


def due_at_ms(one: Pending, now_ms: int) -> int:
    """When this notice may go. A clock that was put back has left instants far ahead: they hold nothing up."""
    if one.attempt:
        stranded = now_ms < one.tried_at_ms or one.next_attempt_ms - now_ms > LONGEST_WAIT_MS
    else:
        stranded = one.next_attempt_ms <= one.queued_at_ms
    return now_ms if stranded else one.next_attempt_ms


def compose(covers: Sequence[Pending], now_ms: int, late: str = "late") -> Letter:
    """The letter for one notice, or for several of one incident (oldest first), as it reads now."""
    lead, earlier = covers[-1], covers[:-1]
    marks = []
    if any(one.notice.phase == NoticePhase.OPENED for one in earlier):
        marks.append("(first told now)")
    if (late_ms := now_ms - lead.queued_at_ms) >= LATE_AFTER_MS:
        marks.append(f"({late}: {duration_text(late_ms)})")
    missed = [f"{from_ms(one.queued_at_ms):%Y-%m-%d %H:%M} UTC  {one.notice.title}" for one in earlier]
    keys = ", ".join(one.notice.key for one in reversed(covers))
    return Letter(
        key=lead.notice.key,
        title=_marked(lead.notice.title, marks),
        body=_text(lead.notice.body, missed, keys),
        tone=tone_of(lead.notice),
        html=None if lead.html is None else _html(lead.html, missed, keys),
    )


def _marked(title: str, marks: list[str]) -> str:
    """Marks go behind a leading ``[SEVERITY]``: filters look for that one, eyes read what follows it."""
    severity, rest = re.fullmatch(r"(\[[^\]]*\] )?(.*)", title, re.DOTALL).groups(default="")  # type: ignore[union-attr]
    return severity + " ".join([*marks, rest])


def _text(body: str, missed: list[str], keys: str) -> str:
    told = [_NOT_DELIVERED, *missed] if missed else []
    paragraphs = [body, "\n".join(told), f"{_KEYS}{keys}"]
    return "\n\n".join(one for one in paragraphs if one)


def _html(body: str, missed: list[str], keys: str) -> str:
    lines = "".join(f"<li>{html.escape(one)}</li>" for one in missed)
    told = f"<p>{_NOT_DELIVERED}</p><ul>{lines}</ul>" if missed else ""
    return f"{body}{told}<p>{_KEYS}{html.escape(keys)}</p>"


def with_word(letter: Letter, word: str) -> Letter:
    """The letter with one more sentence before its keys."""
    body, _, keys = letter.body.rpartition(_KEYS)
    page = letter.html
    if page is not None:
        start, _, end = page.rpartition(f"<p>{_KEYS}")
        page = f"{start}<p>{html.escape(word)}</p><p>{_KEYS}{end}"
    return msgspec.structs.replace(letter, body=f"{body}{word}\n\n{_KEYS}{keys}", html=page)


_TONES = {"critical": Tone.FAILURE, "urgent": Tone.WARNING}


def tone_of(lead: Tellable | Notice) -> Tone:
    """The mood of a letter that is led by a notice."""
    return Tone.SUCCESS if lead.phase == NoticePhase.RESOLVED else _TONES.get(lead.severity, Tone.INFO)


def settle(mailing: Mailing, delivery: Delivery, now_ms: int, jitter: float) -> list[Dispatch]:
    """The rows one attempt leaves, one per notice it covered. ``jitter`` lies in [0, 1)."""
    if delivery.ok:
        return [_told(one, mailing, delivery, now_ms) for one in mailing.covers]
    return [_untold(one, delivery, now_ms, jitter) for one in mailing.covers]


def _told(one: Pending, mailing: Mailing, delivery: Delivery, now_ms: int) -> Dispatch:
    leads = one.notice.key == mailing.letter.key
    return Dispatch(
        one.notice.key,
        one.channel,
        now_ms,
        one.attempt + 1,
        Outcome.SENT if leads else Outcome.SUPPRESSED,
        Reason.DELIVERED if leads else Reason.TOGETHER,
        delivery.detail if leads else f"told together with {mailing.letter.key}",
    )


def _untold(one: Pending, delivery: Delivery, now_ms: int, jitter: float) -> Dispatch:
    attempt = one.attempt + 1
    reason = _why_untold(one, delivery, now_ms)
    again = reason is Reason.TRY_AGAIN
    return Dispatch(
        one.notice.key,
        one.channel,
        now_ms,
        attempt,
        Outcome.FAILED if again else Outcome.GIVEN_UP,
        reason,
        delivery.detail,
        next_attempt_ms(attempt, one.queued_at_ms, now_ms, jitter) if again else None,
    )


def _why_untold(one: Pending, delivery: Delivery, now_ms: int) -> Reason:
    if delivery.permanent:
        return Reason.IMPOSSIBLE
    too_old = now_ms - one.queued_at_ms >= GIVE_UP_AFTER_MS and one.attempt + 1 >= FEWEST_ATTEMPTS
    return Reason.TOO_OLD if too_old else Reason.TRY_AGAIN


def next_attempt_ms(attempt: int, first_queued_ms: int, now_ms: int, jitter: float) -> int:
    """When to try again after ``attempt`` failed attempts (1 or more); ``jitter`` in [0, 1).

    5 to 10 s after the first, doubling up to 30 to 60 min. A wait never jumps over the instant at which the
    notice is due to be given up, so that one last attempt is made there.
    """
    shortest = min(FIRST_WAIT_MS << (attempt - 1), LONGEST_WAIT_MS // 2)
    again_ms = now_ms + int(shortest * (1 + jitter))
    last_ms = first_queued_ms + GIVE_UP_AFTER_MS
    return min(again_ms, last_ms) if now_ms < last_ms else again_ms

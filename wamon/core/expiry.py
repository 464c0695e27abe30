"""What ends on a known day: told 90, 30 and 7 days before, each once for ever, and again when it is renewed."""

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import ExpiryFacts
from wamon.core.timeline import DAY, from_ms, iso, parse_iso

THRESHOLDS_DAYS = (90, 30, 7)
URGENT_DAYS = 7


class Thing(StrEnum):
    """What may end."""

    TOKEN = "token"  # noqa: S105  # the word
    CERTIFICATE = "certificate"
    GRAPH_VERSION = "graph_version"


class Ending(NamedTuple):
    """A thing with an end. ``name`` is its account or target, ``which`` more of it (``v21.0``); None ends never.

    ``seen_ms`` is when this very end was first seen. A certificate that is made for ninety days is not told
    of at ninety: that it has an end is no news then.
    """

    thing: Thing
    name: str
    ends_ms: int | None
    seen_ms: int = 0
    which: str = ""

    @property
    def subject(self) -> str:
        """What all notices of this thing are called by, whenever it ends."""
        return f"expiry:{self.thing.value}:{self.name}"


def expiry_notices(endings: Iterable[Ending], told: Collection[str], now_ms: int) -> list[Notice]:
    """What is to be told now. ``told`` are the keys of all notices of this kind, in whatever order."""
    return [
        notice for one in endings for notice in (*_renewed(one, told, now_ms), *_approaching(one, told, now_ms))
    ]


def _approaching(one: Ending, told: Collection[str], now_ms: int) -> Iterator[Notice]:
    """The nearest threshold that was passed, unless it was told; those passed before it are not made up for."""
    if one.ends_ms is None or (one.thing is Thing.TOKEN and one.ends_ms <= now_ms):
        return  # a token that has ended is an incident, and told as one
    passed = [days for days in THRESHOLDS_DAYS if one.ends_ms - now_ms <= days * DAY and _is_news(one, days)]
    if not passed:
        return
    name = f"{one.subject}@{iso(one.ends_ms)}"
    days = min(passed)
    if any(f"{name}:{other}d" in told for other in THRESHOLDS_DAYS if other <= days):
        return
    again = any(key.startswith(f"{name}:") for key in told)
    phase = NoticePhase.REMINDER if again else NoticePhase.OPENED
    yield _notice(
        one, f"{name}:{days}d", phase, Severity.URGENT if days <= URGENT_DAYS else Severity.STANDARD, now_ms
    )


def _is_news(one: Ending, days: int) -> bool:
    longest = days == THRESHOLDS_DAYS[0]
    return not (one.thing is Thing.CERTIFICATE and longest and (one.ends_ms or 0) - one.seen_ms <= days * DAY)


def _renewed(one: Ending, told: Collection[str], now_ms: int) -> Iterator[Notice]:
    """Whoever was told of an end hears that it is off: of the latest end they were told of."""
    ends = {
        key.removeprefix(f"{one.subject}@").rpartition(":")[0] for key in told if key.startswith(f"{one.subject}@")
    }
    if not ends:
        return
    latest = max(ends)
    name = f"{one.subject}@{latest}"
    later = one.ends_ms is None or one.ends_ms - parse_iso(latest) >= DAY
    if later and f"{name}:resolved" not in told:
        weight = Severity.URGENT if f"{name}:{URGENT_DAYS}d" in told else Severity.STANDARD
        yield _notice(one, f"{name}:resolved", NoticePhase.RESOLVED, weight, now_ms)


def _notice(one: Ending, key: str, phase: NoticePhase, weight: Severity, now_ms: int) -> Notice:
    return Notice(
        key=key,
        kind=Kind.EXPIRY,
        phase=phase,
        target=one.name,
        severity=weight,
        title=_title(one, phase, weight, now_ms),
        facts=ExpiryFacts(
            one.thing.value, one.name, one.which, one.ends_ms, now_ms, phase is NoticePhase.RESOLVED
        ),
        created_at_ms=now_ms,
    )


_NAMES = {
    Thing.TOKEN: "the access token of account {name}",
    Thing.CERTIFICATE: "the certificate of {name}",
    Thing.GRAPH_VERSION: "Graph {which}, which account {name} asks for,",
}

_ACTIONS = {
    Thing.TOKEN: "make a new system-user token, put it in the place of the old one, reload",
    Thing.CERTIFICATE: "renew it, and see why it did not renew itself",
    Thing.GRAPH_VERSION: "try a newer version, then set [graph] version",
}


def thing_text(one: Ending) -> str:
    """``the certificate of webhook``."""
    return _NAMES[one.thing].format(name=one.name, which=one.which)


def ending_text(one: Ending, now_ms: int) -> str:
    """``the certificate of webhook ends in 29 days, on 2026-12-08``."""
    if one.ends_ms is None:
        return f"{thing_text(one)} never ends"
    days, day = (one.ends_ms - now_ms) // DAY, from_ms(one.ends_ms).date()
    if days < 0:
        return f"{thing_text(one)} ended on {day}"
    return f"{thing_text(one)} ends {_in(days)}, on {day}"


def action_text(one: Ending) -> str:
    """What to do before it ends."""
    return _ACTIONS[one.thing]


def _in(days: int) -> str:
    return "within a day" if days == 0 else "in a day" if days == 1 else f"in {days} days"


def _title(one: Ending, phase: NoticePhase, weight: Severity, now_ms: int) -> str:
    said = ending_text(one, now_ms)
    if phase is NoticePhase.RESOLVED:
        return f"[RESOLVED] Our side · renewed: {said}"
    return f"[{weight.value.upper()}] Our side · {said} · do: {_ACTIONS[one.thing]}"

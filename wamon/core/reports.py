"""A report of an application, read: exchanges become outcomes of real messages, and nothing else is kept."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from wamon.core.observation import Exchange, ProbeKind
from wamon.core.reading import read_exchange, read_object
from wamon.core.timeline import DAY, MINUTE
from wamon.core.traffic import Direction, Facts, Outcome, concerned, reported
from wamon.core.watched import Watched

MOST_EXCHANGES = 250
"""So many exchanges may stand in one report: they are read in one go, and nothing else goes on meanwhile."""

OLDEST_MS = DAY
AHEAD_MS = 5 * MINUTE
"""An exchange that is older, or begins so far ahead of our clock, is not taken."""

_SENDING = frozenset({None, ProbeKind.TRAFFIC, ProbeKind.MESSAGE})
_LARGEST_CODE = 10**7
_HTTP = range(100, 600)


class Report(NamedTuple):
    """What one report tells; ``ignored`` counts the exchanges that were not taken, by the reason."""

    outcomes: tuple[Outcome, ...]
    ignored: Mapping[str, int]


class ReportError(ValueError):
    """A body that is no report at all; its text says what one looks like."""


class _IgnoredError(Exception):
    """Why one exchange is not taken."""


def read_report(raw: bytes, targets: Sequence[Watched], account: str, now_ms: int) -> Report:
    """Read a JSON array of exchanges, or one to a line, as at an instant. Raises ReportError.

    ``account`` is whose they are where neither the exchange nor its number says so.
    """
    outcomes: list[Outcome] = []
    ignored: Counter[str] = Counter()
    senders = _Senders(targets, account)
    for one in _exchanges(raw):
        try:
            outcomes.append(_outcome(one, senders, now_ms))
        except _IgnoredError as why:
            ignored[str(why)] += 1
    return Report(tuple(outcomes), ignored)


def _exchanges(raw: bytes) -> Iterable[bytes]:
    if raw.lstrip()[:1] == b"[":
        try:
            found: list[bytes] = [bytes(one) for one in msgspec.json.decode(raw, type=list[msgspec.Raw])]
        except (ValueError, RecursionError):
            raise ReportError("not JSON; a report is an array of exchanges, or one exchange to a line") from None
    else:
        found = [line for line in raw.split(b"\n") if line.strip()]
    if not found:
        raise ReportError("empty; a report is an array of exchanges, or one exchange to a line")
    if len(found) > MOST_EXCHANGES:
        raise ReportError(f"{len(found)} exchanges are too many for one report; send at most {MOST_EXCHANGES}")
    return found


def _outcome(line: bytes, senders: "_Senders", now_ms: int) -> Outcome:
    document, _ = read_object(line)
    if document is None:
        raise _IgnoredError("not a JSON object")
    exchange = read_exchange(document)
    _demand_call(exchange, now_ms)
    whose, number = senders.of(exchange.target, document)
    found = reported(exchange, whose, number)
    if found is None or not senders.counted(found):
        raise _IgnoredError("no traffic target counts what this number sends")
    return found._replace(facts=_bounded(found.facts))


def _demand_call(exchange: Exchange, now_ms: int) -> None:
    """A call that sends, of about now, that says how it ended. Raises _IgnoredError."""
    if exchange.probe not in _SENDING:
        raise _IgnoredError("probe: only calls that send are counted, as traffic")
    if exchange.at_ms is None:
        raise _IgnoredError("at: missing, or no instant such as 2026-11-01T00:00:30.250Z")
    if exchange.at_ms < now_ms - OLDEST_MS:
        raise _IgnoredError("at: older than a day")
    if exchange.at_ms > now_ms + AHEAD_MS:
        raise _IgnoredError("at: more than five minutes ahead; set the clock of the machine that reports")
    if exchange.reached is None and exchange.failure is None:
        raise _IgnoredError("says neither how far the call got nor how it failed")


class _Senders:
    """Who may have sent, of all that is watched; made once for a report, however many are watched."""

    def __init__(self, targets: Sequence[Watched], account: str) -> None:
        self._targets, self._account = targets, account
        self._owners = {one.number: one.account for one in targets if one.number}
        self._accounts = {one.account for one in targets}
        self._counting = {
            one.name: one
            for one in targets
            if one.probe is ProbeKind.TRAFFIC and one.direction in ("", Direction.SEND.value)
        }
        self._counted: dict[tuple[str, str], bool] = {}

    def of(self, target: str, document: Mapping[str, Any]) -> tuple[str, str]:
        """The account and the number's id. An id that nobody configured is not kept: it might be anything."""
        said, named = document.get("phone_number_id"), document.get("account")
        number = said if isinstance(said, str) and said in self._owners else ""
        if target:
            one = self._counting.get(target)
            if one is None:
                raise _IgnoredError("target: no traffic target of that name counts sending")
            return one.account, one.number or number
        known = isinstance(named, str) and named in self._accounts
        return self._owners.get(number) or (str(named) if known else self._account), number

    def counted(self, one: Outcome) -> bool:
        """Whether any target counts it."""
        key = one.account, one.number
        if key not in self._counted:
            self._counted[key] = bool(concerned(one, self._targets))
        return self._counted[key]


def _bounded(facts: Facts) -> Facts:
    """Without numbers that are no code and no HTTP status: a person's might stand there."""
    known = facts.http_status is None or facts.http_status in _HTTP
    return msgspec.structs.replace(
        facts,
        codes=tuple(code for code in facts.codes if abs(code) < _LARGEST_CODE),
        subcode=facts.subcode if facts.subcode is None or abs(facts.subcode) < _LARGEST_CODE else None,
        http_status=facts.http_status if known else None,
    )

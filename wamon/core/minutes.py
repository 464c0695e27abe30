"""A minute of real messages: outcomes gathered until it is judged once, and the observation that it is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from wamon.core.finding import Column, Finding
from wamon.core.graph_error import dicts
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.receipt import MESSAGES
from wamon.core.timeline import MINUTE, SECOND
from wamon.core.traffic import DELIVERED_TO, FAILED, SENT, Facts, Outcome, Source, as_exchange

NEEDED = 5
"""A minute with fewer outcomes is no observation (ARITHMETIC section 4)."""

GRACE_MS = 30 * SECOND
"""So long after its end a minute is judged: webhooks need a moment to arrive, and come in any order."""

_FAILURES_LISTED = 200
"""Failed messages that a minute names one by one; the others are counted."""
_READS = frozenset({"read", "played"})


def minute_of(at_ms: int) -> int:
    """The beginning of the minute of UTC that an instant lies in."""
    return at_ms - at_ms % MINUTE


class Minute(NamedTuple):
    """The outcomes of one minute, each message once: how many of each kind, and the messages that failed.

    ``delivered_ms`` says when messages were delivered, ``late_ms`` how long after Meta's instant each `sent` came.
    """

    start_ms: int
    counts: Mapping[Facts, int]
    failed: Mapping[bytes, Facts] = {}
    delivered_ms: Mapping[bytes, int] = {}
    late_ms: Sequence[int] = ()

    @property
    def at_ms(self) -> int:
        """Its instant as an observation, the middle: a minute between two others owns itself."""
        return self.start_ms + MINUTE // 2

    @property
    def outcomes(self) -> int:
        """How many there were."""
        return sum(self.counts.values())


class _Growing:
    """A minute that outcomes still come to. Of a message counts what went furthest."""

    __slots__ = ("counts", "delivered_ms", "late_ms", "messages")

    def __init__(self) -> None:
        self.counts: Counter[Facts] = Counter()
        self.messages: dict[bytes, tuple[Facts, bool]] = {}
        self.delivered_ms: dict[bytes, int] = {}
        self.late_ms: dict[bytes, int] = {}

    def add(self, one: Outcome) -> None:
        """Take in an outcome, in any order and as often as it comes."""
        facts, message = one.facts, one.message
        if not message:
            self.counts[facts] += 1
            return
        if facts.message_status == SENT:
            self.late_ms.setdefault(message, one.late_ms)
        elif facts.message_status == DELIVERED_TO:
            self.delivered_ms.setdefault(message, one.at_ms)
        before, counted = self.messages.get(message, (facts, False))
        if _rank(facts) > _rank(before):
            if counted:
                self._discount(before)
                self.counts[facts] += 1
            before = facts
        if not counted and facts.message_status not in _READS:
            counted = True
            self.counts[before] += 1
        self.messages[message] = before, counted

    def _discount(self, facts: Facts) -> None:
        self.counts[facts] -= 1
        if not self.counts[facts]:
            del self.counts[facts]


_FURTHER = {SENT: 0, FAILED: 1, "played": 2, "read": 3, "delivered": 4}
"""Delivered wins over failed, as several devices may say both; failed wins over sent."""


def _rank(facts: Facts) -> int:
    return _FURTHER[facts.message_status]


class Minutes:
    """One target's outcomes, gathered by the minute until each minute is judged, once.

    A message that somebody read is an outcome only where something else is told of it in that minute: it was sent
    at another time, and would hide that sending fails now.
    """

    def __init__(self, judged: Iterable[int] = ()) -> None:
        self._growing: dict[int, _Growing] = {}
        self._judged = set(judged)

    def add(self, one: Outcome) -> bool:
        """Take in an outcome; False where its minute was judged before."""
        start_ms = minute_of(one.at_ms)
        if start_ms in self._judged:
            return False
        growing = self._growing.get(start_ms)
        if growing is None:
            growing = self._growing[start_ms] = _Growing()
        growing.add(one)
        return True

    def ripe(self, now_ms: int) -> list[Minute]:
        """The minutes to be judged now, the earliest first; each is given once."""
        ended = [start_ms for start_ms in sorted(self._growing) if start_ms + MINUTE + GRACE_MS <= now_ms]
        full = [start_ms for start_ms in ended if self._growing[start_ms].counts.total() >= NEEDED]
        self._judged.update(full)
        return [_whole(start_ms, self._growing.pop(start_ms)) for start_ms in full]

    @property
    def growing(self) -> bool:
        """Whether outcomes wait for their minute to be judged."""
        return bool(self._growing)

    def forget_before(self, at_ms: int) -> None:
        """Drop what is too old to become an observation."""
        self._growing = {start_ms: one for start_ms, one in self._growing.items() if start_ms >= at_ms}
        self._judged = {start_ms for start_ms in self._judged if start_ms >= at_ms}


def _whole(start_ms: int, growing: _Growing) -> Minute:
    failed = {
        message: facts
        for message, (facts, counted) in growing.messages.items()
        if counted and facts.message_status == FAILED
    }
    return Minute(start_ms, dict(growing.counts), failed, growing.delivered_ms, tuple(growing.late_ms.values()))


def observation(target: str, minute: Minute, known: Knowledge) -> Exchange:
    """A minute as one exchange: that of the outcome that speaks for it, with the count of all beside it.

    At least half of the outcomes down: the most frequent of those. Else the most frequent of the column that most
    of the others have. ``against`` counts all of the column of a minute that is not good.
    """
    found = {facts: judge(as_exchange(facts, minute.at_ms), known) for facts in minute.counts}
    column = _prevailing(minute.counts, found)
    chosen = max(
        (facts for facts in minute.counts if found[facts].column is column),
        key=lambda facts: (minute.counts[facts], facts.source is Source.WEBHOOK),
    )
    shown = as_exchange(chosen, minute.at_ms, target)
    body = shown.body
    if chosen.source is Source.WEBHOOK and chosen.message_status == FAILED:
        body = _failures(chosen, minute, found)
    against = sum(outcomes for facts, outcomes in minute.counts.items() if found[facts].column is column)
    counted = {} if column is Column.UP else {"against": against}
    return msgspec.structs.replace(shown, body={**body, "minute": {**counted, **_document(minute)}})


_ORDER = (Column.UP, Column.USER, Column.NETWORK, Column.UNOBSERVED)


def _prevailing(counts: Mapping[Facts, int], found: Mapping[Facts, Finding]) -> Column:
    columns: Counter[Column] = Counter()
    for facts, outcomes in counts.items():
        columns[found[facts].column] += outcomes
    if 2 * columns[Column.DOWN] >= columns.total():
        return Column.DOWN
    return max(_ORDER, key=lambda column: (columns[column], -_ORDER.index(column)))


def _failures(chosen: Facts, minute: Minute, found: Mapping[Facts, Finding]) -> dict[str, Any]:
    """Every message that failed as the minute did, one by one: one that was delivered all the same is known again.

    Where others than these speak against the minute, a last one stands for them that has no id.
    """
    column = found[chosen].column
    alike = [(message, facts) for message, facts in minute.failed.items() if found[facts].column is column]
    alike.sort(key=lambda one: one[1] is not chosen)
    listed = alike[:_FAILURES_LISTED]
    statuses = [
        {"id": message.hex(), "status": FAILED, "errors": [{"code": code} for code in facts.codes]}
        for message, facts in listed
    ]
    if len(listed) < sum(outcomes for facts, outcomes in minute.counts.items() if found[facts].column is column):
        statuses.append({"id": "", "status": FAILED, "errors": [{"code": code} for code in chosen.codes]})
    return {"entry": [{"changes": [{"field": MESSAGES, "value": {"statuses": statuses}}]}]}


def _document(minute: Minute) -> dict[str, Any]:
    """How many outcomes of which kind: the facts that the minute was judged by."""
    kinds = sorted(minute.counts.items(), key=lambda one: -one[1])
    return {"outcomes": minute.outcomes, "kinds": [_kind(facts, outcomes) for facts, outcomes in kinds]}


def _kind(facts: Facts, outcomes: int) -> dict[str, Any]:
    told = {"outcomes": outcomes, "source": facts.source.value, "codes": list(facts.codes)}
    if facts.source is Source.WEBHOOK:
        return {**told, "message_status": facts.message_status}
    reached, failure = facts.reached, facts.failure
    return {
        **told,
        "reached": None if reached is None else reached.name.lower(),
        "failure": None if failure is None else failure.value,
        "http_status": facts.http_status,
    }


def tells_of_failures(exchange: Exchange) -> bool:
    """Whether an exchange is a minute in which something failed: then it is kept whole, good as it may be."""
    return failed_of(exchange)[0] > 0


def failed_of(exchange: Exchange) -> tuple[int, int]:
    """How many outcomes of a minute failed, whoever's fault, and of how many; (0, 0) for what is no minute."""
    if not is_minute(exchange):
        return 0, 0
    kinds = [one for one in dicts(exchange.body["minute"].get("kinds")) if isinstance(one.get("outcomes"), int)]
    return sum(one["outcomes"] for one in kinds if _is_failed(one)), sum(one["outcomes"] for one in kinds)


def _is_failed(kind: dict[str, Any]) -> bool:
    status = kind.get("http_status")
    return bool(kind.get("codes") or kind.get("failure") or (isinstance(status, int) and status >= 400))


def is_minute(exchange: Exchange) -> bool:
    """Whether an exchange is a whole minute already, as `observation` makes it."""
    body = exchange.body
    return exchange.probe is ProbeKind.TRAFFIC and isinstance(body, dict) and isinstance(body.get("minute"), dict)

"""The traffic lines of a recording: held until their minutes are judged, on the data's clock, as a watch would."""

from collections.abc import Iterable, Iterator, Mapping

from wamon.core.evidence import name_of
from wamon.core.graph_error import DELIVERED
from wamon.core.knowledge import Knowledge
from wamon.core.minutes import GRACE_MS, Minutes, is_minute, minute_of, observation
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.receipt import gist
from wamon.core.timeline import MINUTE
from wamon.core.traffic import FAILED, Outcome, heard, reported
from wamon.core.watched import Watched

_KEY = b"recording"
"""Hashes of a recording are compared within it only."""

_NEVER_MS = 1 << 62
_AFTER_MIDDLE_MS = MINUTE // 2 + GRACE_MS


class TrafficLines:
    """Lines of real messages: webhook bodies, reported calls, and minutes that a watch judged."""

    def __init__(self, targets: Iterable[Watched]) -> None:
        self._targets: Mapping[str, Watched] = {one.name: one for one in targets if one.probe is ProbeKind.TRAFFIC}
        self._minutes = {name: Minutes() for name in self._targets}
        self._whole: list[Exchange] = []
        self._open_from_ms = 0
        self._failed: set[bytes] = set()
        self._arrived: dict[bytes, int] = {}
        self.delivered: dict[str, str] = {}
        """Messages that failed and were delivered: the id that their minute has, and the line that proves it."""
        self.due_ms = _NEVER_MS
        """When minutes are judged next; never while none is held."""

    def take(self, exchange: Exchange, now_ms: int) -> bool:
        """Hold a line of a traffic target; False for any other line, which is a look of its own."""
        target = self._targets.get(exchange.target)
        if target is None:
            return False
        if is_minute(exchange):
            self._whole.append(exchange)
        for one in () if is_minute(exchange) else _outcomes(exchange, target):
            self._acquit(one, exchange)
            if one.at_ms >= self._open_from_ms:
                self._minutes[target.name].add(one)
        self.due_ms = min(self.due_ms, _judged_after(now_ms))
        return True

    def _acquit(self, one: Outcome, line: Exchange) -> None:
        """Remember who failed and who was delivered, in whichever order it is told."""
        if one.facts.message_status == FAILED:
            self._failed.add(one.message)
        elif one.facts.message_status in DELIVERED:
            self._arrived[one.message] = line.at_ms or 0
        else:
            return
        if one.message in self._failed and one.message in self._arrived:
            self.delivered[one.message.hex()] = name_of(line.target, self._arrived[one.message])

    def ripe(self, now_ms: int, known: Knowledge, *, ended: bool = False) -> list[Exchange]:
        """The minutes to judge now, in their order. Once the data has ``ended``, all whose middle has passed."""
        if now_ms < self.due_ms and not ended:
            return []
        heard_ms = now_ms + _AFTER_MIDDLE_MS if ended else now_ms
        found = [
            observation(name, minute, known)
            for name, minutes in self._minutes.items()
            for minute in minutes.ripe(heard_ms)
        ]
        found += [one for one in self._whole if _judged_ms(one) <= heard_ms]
        self._whole = [one for one in self._whole if _judged_ms(one) > heard_ms]
        held = bool(self._whole) or any(minutes.growing for minutes in self._minutes.values())
        self.due_ms = _judged_after(now_ms) if held else _NEVER_MS
        return sorted(found, key=_judged_ms)

    def close_before(self, at_ms: int) -> None:
        """Days are closed up to an instant: what happened before it comes too late."""
        self._open_from_ms = at_ms
        for minutes in self._minutes.values():
            minutes.forget_before(at_ms)
        self._arrived = {message: told_ms for message, told_ms in self._arrived.items() if told_ms >= at_ms}


def _judged_ms(minute: Exchange) -> int:
    """When a watch judges a minute."""
    return (minute.at_ms or 0) + _AFTER_MIDDLE_MS


def _judged_after(now_ms: int) -> int:
    """When a watch judges minutes next."""
    return minute_of(now_ms - GRACE_MS) + MINUTE + GRACE_MS


def _outcomes(exchange: Exchange, target: Watched) -> Iterator[Outcome]:
    """What one line tells of its target."""
    at_ms, kept = exchange.at_ms or 0, gist(exchange.body, _KEY)
    if kept is None:
        found = reported(exchange, target.account, target.number)
        yield from () if found is None else (found,)
        return
    for one in heard(target.account, at_ms, kept):
        if target.direction in ("", one.direction.value):
            yield one

"""Minutes in which real messages failed: for a while it is watched whether they are delivered after all."""

from collections.abc import Iterator

import msgspec

from wamon.core.finding import Origin, Ruling
from wamon.core.graph_error import DELIVERED, status_reports
from wamon.core.observation import Exchange
from wamon.core.roll import FOLLOW_UP_MS
from wamon.core.rules_hindsight.messages import ARRIVED, acquitted
from wamon.core.traffic import Outcome

_PROOFS = 3


class Failing(msgspec.Struct):
    """A minute that was judged against somebody: the messages that failed in it, and who was delivered since."""

    minute: Exchange
    failed: frozenset[str]
    delivered: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def is_acquitted(self) -> bool:
        """Whether too little is left of it."""
        return bool(self.delivered) and acquitted(self.minute, len(self.failed), len(self.delivered))


class Acquitting:
    """The failing minutes of a quarter of an hour; older ones are left to the weekly pass."""

    def __init__(self) -> None:
        self._minutes: dict[tuple[str, int], Failing] = {}
        self._of_message: dict[str, list[Failing]] = {}

    def watch(self, minute: Exchange) -> None:
        """A minute in which something failed was judged."""
        failed = frozenset(one.wamid for one in status_reports(minute.body) if one.error is not None and one.wamid)
        if not failed:
            return
        failing = self._minutes[minute.target, minute.at_ms or 0] = Failing(minute, failed)
        for message in failed:
            self._of_message.setdefault(message, []).append(failing)

    def hear(self, one: Outcome, evidence: str) -> None:
        """What is told of a message, which may be one that failed."""
        if one.facts.message_status in DELIVERED and self._of_message:
            message = one.message.hex()
            for failing in self._of_message.get(message, ()):
                failing.delivered.setdefault(message, evidence)

    def rulings(self, edition: str, now_ms: int) -> Iterator[Ruling]:
        """The minutes of which too little is left, each once; those that are too old are watched no more."""
        for (target, at_ms), failing in list(self._minutes.items()):
            if failing.is_acquitted:
                proofs = tuple(sorted(failing.delivered.values())[:_PROOFS])
                yield Ruling(target, at_ms, ARRIVED, Origin.FOLLOW_UP, edition, now_ms, proofs)
            elif now_ms - at_ms <= FOLLOW_UP_MS:
                continue
            self._forget(target, at_ms)

    def _forget(self, target: str, at_ms: int) -> None:
        gone = self._minutes.pop((target, at_ms))
        for message in gone.failed:
            left = [one for one in self._of_message.pop(message, ()) if one is not gone]
            if left:
                self._of_message[message] = left

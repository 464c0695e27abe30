"""A canary's way back: what Meta reported of it, in any order, folded into one exchange at its end or deadline."""

from collections.abc import Iterable, Sequence
from enum import Enum

import msgspec

from wamon.core.observation import WAY_BACK, Exchange, Failure, Phase, ProbeKind, Receiver
from wamon.core.receipt import CANARY_PREFIX, MessageReport
from wamon.core.timeline import SECOND, iso

ENDS = frozenset({"delivered", "read", "played", "failed"})
"""After one of these nothing is waited for: it reached a handset, or Meta gave it up."""


class Fate(Enum):
    """What its sending tells of a canary."""

    LEAVING = "leaving"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REFUSED = "refused"


def mark_of(unique: str) -> str:
    """A canary's mark, from a text that is never used twice."""
    return f"{CANARY_PREFIX}{unique}"


class Canary(msgspec.Struct, frozen=True):
    """One message of our own: sent by ``target`` for its slot, awaited for ``deadline_ms`` from ``sent_ms`` on.

    ``mark`` is what it carries in ``biz_opaque_callback_data``, and Meta repeats in every status of it.
    """

    mark: str
    target: str
    slot_ms: int
    sent_ms: int
    deadline_ms: int
    extra: bool = False

    @property
    def way_back(self) -> str:
        """The target that its return is an observation of."""
        return f"{self.target}{WAY_BACK}"

    @property
    def until_ms(self) -> int:
        """The last instant at which it may come back."""
        return self.sent_ms + self.deadline_ms


class Heard(msgspec.Struct, frozen=True):
    """One status of the canary, and when our receiver got it."""

    report: MessageReport
    received_ms: int


def fate_of(exchange: Exchange | None, accepted: bool) -> Fate:
    """What becomes of a canary. It is refused when it never left whole, or was answered with an error.

    Without a whole answer, and where a crash left none on record, it may have been taken in: its webhook tells.
    """
    if accepted:
        return Fate.ACCEPTED
    if exchange is None or exchange.reached is Phase.SENT:
        return Fate.UNKNOWN
    return Fate.REFUSED


def is_over(canary: Canary, heard: Iterable[Heard], now_ms: int) -> bool:
    """Whether it is awaited no more: it has come to its end, or the deadline has passed."""
    return now_ms > canary.until_ms or _end_ms(_in_time(canary, heard)) is not None


def came_back(
    canary: Canary, heard: Iterable[Heard], fate: Fate, receiver: Receiver | None = None
) -> Exchange | None:
    """The exchange of a canary that is over; None where there is nothing to be judged.

    It ends with the first status that is final, or at the deadline. What comes later came late. Silence is judged
    only of what was accepted: ``receiver`` is how our own side fared meanwhile.
    """
    in_time = _in_time(canary, heard)
    if not in_time:
        return _silence(canary, receiver) if fate is Fate.ACCEPTED else None
    end_ms = _end_ms(in_time) or canary.until_ms
    told = [one.report for one in in_time if one.received_ms <= end_ms]
    return Exchange(
        canary.way_back,
        ProbeKind.ROUNDTRIP,
        canary.sent_ms,
        reached=Phase.ANSWERED,
        http_status=200,
        body=_as_webhook(canary, told),
        durations_ms={"total": float(max(0, in_time[0].received_ms - canary.sent_ms))},
    )


def _in_time(canary: Canary, heard: Iterable[Heard]) -> list[Heard]:
    return sorted((one for one in heard if one.received_ms <= canary.until_ms), key=_received)


def _end_ms(in_time: Sequence[Heard]) -> int | None:
    return next((one.received_ms for one in in_time if one.report.message_status in ENDS), None)


def _received(one: Heard) -> int:
    return one.received_ms


def _silence(canary: Canary, receiver: Receiver | None) -> Exchange:
    return Exchange(
        canary.way_back,
        ProbeKind.ROUNDTRIP,
        canary.sent_ms,
        reached=Phase.SENT,
        failure=Failure.DEADLINE_EXCEEDED,
        durations_ms={"total": float(canary.deadline_ms)},
        receiver=receiver,
        detail=f"no status of {canary.mark} by {iso(canary.until_ms)}",
    )


def _as_webhook(canary: Canary, told: Sequence[MessageReport]) -> dict[str, object]:
    """The statuses in the shape of Meta's webhook, so that the one reader of such bodies reads them."""
    statuses = [
        {
            "id": canary.mark,
            "status": one.message_status,
            **({"timestamp": str(one.at_ms // SECOND)} if one.at_ms is not None else {}),
            **({"errors": [{"code": code} for code in one.codes]} if one.codes else {}),
        }
        for one in told
    ]
    return {"entry": [{"changes": [{"field": "messages", "value": {"statuses": statuses}}]}]}

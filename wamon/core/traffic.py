"""Real messages by the minute: what Meta's webhooks and applications tell of them, made into observations."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from wamon.core.catalogue import telling_texts
from wamon.core.graph_error import DELIVERED
from wamon.core.hearsay import APPLICATION
from wamon.core.members import direct
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.core.receipt import HASH_BYTES, MESSAGES, Gist, MessageReport
from wamon.core.rules_live import seen
from wamon.core.watched import Watched

RECIPIENT_FROM = HASH_BYTES
"""Of what tells messages apart, the part behind this is the recipient's."""

SENT, DELIVERED_TO, FAILED, RECEIVED = "sent", "delivered", "failed", "received"
_TELLING = DELIVERED | {SENT, FAILED}


@direct
class Direction(StrEnum):
    """Which half of the platform an outcome speaks for."""

    SEND = "send"
    RECEIVE = "receive"


@direct
class Source(StrEnum):
    """Who told."""

    WEBHOOK = "webhook"
    APPLICATION = APPLICATION


class Facts(msgspec.Struct, frozen=True):
    """What judging reads of an outcome: no text, number or id, so that many outcomes share one.

    ``message_status`` is Meta's word in a webhook (``received`` for an incoming message). All others but the codes
    are those of a reported call; ``good``: its body had the shape of success, ``error``: it was an error of
    Graph's, with or without a code. ``words`` are the texts in it that the catalogue asks for, nobody else's.
    """

    source: Source
    message_status: str = ""
    codes: tuple[int, ...] = ()
    subcode: int | None = None
    is_transient: bool | None = None
    reached: Phase | None = Phase.ANSWERED
    failure: Failure | None = None
    http_status: int | None = 200
    good: bool = False
    error: bool = False
    words: tuple[str, ...] = ()


class Outcome(NamedTuple):
    """What became of one real message, or of a call that an application made.

    ``at_ms`` is Meta's instant of a status, the beginning of a call. ``number`` is Meta's id of the phone number,
    empty where not known. ``message`` tells messages apart (a keyed hash); empty where every outcome is its own.
    ``late_ms`` is how long after Meta's instant its webhook was here.
    """

    at_ms: int
    account: str
    number: str
    direction: Direction
    facts: Facts
    message: bytes = b""
    late_ms: int = 0


def heard(account: str, received_ms: int, gist: Gist) -> Iterator[Outcome]:
    """The outcomes that an authentic webhook tells of, those of our own canaries left out."""
    for report in gist.reports:
        if report.canary is None and report.message_status in _TELLING:
            yield of_report(account, received_ms, report)
    for row in gist.inbound:
        at_ms = _instant(row.at_ms, received_ms)
        facts = Facts(Source.WEBHOOK, RECEIVED)
        yield from [Outcome(at_ms, account, row.number, Direction.RECEIVE, facts)] * row.messages
    for event in gist.events:
        codes = event.facts.get("codes")
        if event.field == MESSAGES and isinstance(codes, Sequence):
            for code in codes:
                facts = Facts(Source.WEBHOOK, RECEIVED, (code,))
                yield Outcome(received_ms, account, event.number, Direction.RECEIVE, facts)


def of_report(account: str, received_ms: int, report: MessageReport) -> Outcome:
    """The outcome that one status of one message is."""
    status, codes = report.message_status, report.codes
    facts = Facts(Source.WEBHOOK, status, codes if status == FAILED else ())
    at_ms = _instant(report.at_ms, received_ms)
    message = report.message + report.recipient
    return Outcome(at_ms, account, report.number, Direction.SEND, facts, message, received_ms - at_ms)


def _instant(at_ms: int | None, received_ms: int) -> int:
    """Meta's own instant; nothing happened after it was heard of."""
    return received_ms if at_ms is None else min(at_ms, received_ms)


def reported(exchange: Exchange, account: str, number: str = "") -> Outcome | None:
    """The outcome that a call which an application reports is; None without an instant.

    Of its body only codes and whether it had the shape of success are kept.
    """
    if exchange.at_ms is None:
        return None
    one = seen(msgspec.structs.replace(exchange, probe=ProbeKind.TRAFFIC))
    error = one.error
    facts = Facts(
        Source.APPLICATION,
        codes=() if error is None or error.code is None else (error.code,),
        subcode=None if error is None else error.subcode,
        is_transient=None if error is None else error.is_transient,
        reached=exchange.reached,
        failure=exchange.failure,
        http_status=exchange.http_status,
        good=error is None and one.shaped,
        error=error is not None,
        words=() if error is None else _words(f"{error.message} {error.details}"),
    )
    return Outcome(exchange.at_ms, account, number, Direction.SEND, facts)


def _words(text: str) -> tuple[str, ...]:
    lowered = text.lower()
    return tuple(one for one in telling_texts() if one in lowered)


def as_exchange(facts: Facts, at_ms: int, target: str = "") -> Exchange:
    """An outcome in the shape of an exchange, so that the same rules judge it."""
    body = _as_webhook(facts, ("",)) if facts.source is Source.WEBHOOK else _as_answer(facts)
    return Exchange(
        target,
        ProbeKind.TRAFFIC,
        at_ms,
        reached=facts.reached,
        failure=facts.failure,
        http_status=facts.http_status,
        body=body,
    )


def _as_answer(facts: Facts) -> dict[str, Any]:
    if facts.good:
        return {"success": True}
    error = {
        "code": next(iter(facts.codes), None),
        "error_subcode": facts.subcode,
        "is_transient": facts.is_transient,
        "message": "; ".join(facts.words) or None,
    }
    known = {key: value for key, value in error.items() if value is not None}
    return {"error": known} if known or facts.error else {}


def _as_webhook(facts: Facts, ids: Iterable[str]) -> dict[str, Any]:
    """The shape of Meta's webhook, so that the one reader of such bodies reads it."""
    errors = {"errors": [{"code": code} for code in facts.codes]} if facts.codes else {}
    if facts.message_status == RECEIVED:
        value: dict[str, Any] = errors or {"messages": [{}]}
    else:
        value = {"statuses": [{"id": one, "status": facts.message_status, **errors} for one in ids]}
    return {"entry": [{"changes": [{"field": MESSAGES, "value": value}]}]}


def concerned(one: Outcome, targets: Iterable[Watched]) -> list[str]:
    """The traffic targets that an outcome counts for.

    One that names its number counts that number alone, through whichever callback; one that does not counts all of
    its account, but for numbers that another account's targets name.
    """
    every = list(targets)
    owners = {target.account for target in every if target.number and target.number == one.number}
    return [
        target.name
        for target in every
        if target.probe is ProbeKind.TRAFFIC
        and target.direction in ("", one.direction.value)
        and (
            target.number == one.number
            if target.number
            else (target.account in owners if owners else target.account == one.account)
        )
    ]

"""What webhooks told beside all looks, laid out for a weekly pass: of which account, template, message."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from wamon.core.account_facts import Stated, TemplateFact
from wamon.core.evidence import TemplateLook
from wamon.core.gathering import Beside
from wamon.core.graph_error import ACCOUNT_FIELDS, COMPONENTS_FIELD, DELIVERED, TEMPLATE_FIELDS
from wamon.core.receipt import AccountEvent, template_hash
from wamon.core.roundtrip import Canary
from wamon.core.timeline import MINUTE, Span, iso, subtract
from wamon.core.watched import Watched

_STILL_LISTENING_MS = MINUTE
"""A receiver whose last sign of life is this young may well be listening now."""


class Heard(NamedTuple):
    """An event about an account, a number or a template, and at whose callback it arrived when."""

    account: str
    received_ms: int
    event: AccountEvent


class Delivery(NamedTuple):
    """A status of a canary of ours, known by the id it was sent with; ``at_ms`` is Meta's own instant."""

    account: str
    received_ms: int
    canary: str
    message_status: str
    at_ms: int | None = None


def beside(
    events: Iterable[Heard],
    deliveries: Iterable[Delivery],
    listening: Sequence[Span],
    targets: Iterable[Watched],
    within: Span,
    key: bytes,
) -> Beside:
    """The evidence of a stretch that stands in no look; ``key`` is that of this installation's hashes.

    An account that names its ``waba`` hears of that one alone. What is about another one may be about any account
    that does not: there it speaks against turns, and for one only where it came to that account's own callback.
    """
    every = list(targets)
    wabas = {one.account: "" for one in every} | {one.account: one.waba for one in every if one.waba}
    events_ms: dict[str, list[int]] = {}
    templates: dict[str, list[TemplateLook]] = {}
    for one in events:
        surely, possibly = _concerned(one, wabas)
        if one.event.field in ACCOUNT_FIELDS:
            for account in possibly:
                events_ms.setdefault(account, []).append(_at(one))
        elif one.event.field in TEMPLATE_FIELDS:
            for account in possibly if one.event.field == COMPONENTS_FIELD else surely:
                own = {target.template for target in every if target.account == account and target.template}
                templates.setdefault(account, []).extend(_looks(one, own, key))
    arrived = {
        one.canary: webhook_name(one.account, one.received_ms)
        for one in deliveries
        if one.message_status in DELIVERED
    }
    return Beside(events_ms, templates, arrived, unattended(listening, within))


def with_late(found: Beside, canaries: Iterable[Canary], deliveries: Iterable[Delivery]) -> Beside:
    """The same, and when those canaries were due that came back after their deadline only."""
    told: dict[str, list[Delivery]] = {}
    for one in deliveries:
        told.setdefault(one.canary, []).append(one)
    late: dict[str, dict[int, int]] = {}
    for canary in canaries:
        heard = told.get(canary.mark, ())
        due_ms = min((one.at_ms for one in heard if one.at_ms is not None), default=None)
        in_time = any(one.received_ms <= canary.until_ms for one in heard)
        if due_ms is not None and not in_time and due_ms <= canary.until_ms:
            late.setdefault(canary.way_back, {})[canary.sent_ms] = max(due_ms, canary.sent_ms)
    return msgspec.structs.replace(found, late=late)


def with_messages(found: Beside, acquitted: Mapping[bytes, tuple[str, int]]) -> Beside:
    """The same, and which real messages were delivered that had been reported failed: by hash, where and when."""
    named = {message.hex(): webhook_name(*told) for message, told in acquitted.items()}
    return msgspec.structs.replace(found, delivered={**found.delivered, **named})


def with_templates(found: Beside, stated: Iterable[Stated]) -> Beside:
    """The same, and how the accounts' own lists showed their templates."""
    templates = {account: list(rows) for account, rows in found.templates.items()}
    for one in stated:
        if isinstance(one.fact, TemplateFact):
            shown = TemplateLook(
                one.at_ms,
                f"{one.fact.name}/{one.fact.language}",
                f"account:{one.account}@{iso(one.at_ms)}",
                one.fact.template_status,
                one.fact.components,
            )
            templates.setdefault(one.account, []).append(shown)
    return msgspec.structs.replace(found, templates=templates)


def webhook_name(account: str, received_ms: int) -> str:
    """How a webhook is called as evidence; no target has such a name."""
    return f"webhook:{account}@{iso(received_ms)}"


def unattended(listening: Sequence[Span], within: Span) -> tuple[Span, ...]:
    """When nobody listened for webhooks. Nothing where nobody ever did: then nothing is known of it."""
    if not listening:
        return ()
    last_ms = max(one.end_ms for one in listening)
    open_ended = [Span(last_ms, within.end_ms)] if within.end_ms - last_ms < _STILL_LISTENING_MS else []
    return tuple(subtract([within], [*listening, *open_ended]))


def _at(one: Heard) -> int:
    return one.received_ms if one.event.at_ms is None else one.event.at_ms


def _concerned(one: Heard, wabas: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """The accounts that an event is about, and those that it may be about."""
    named = {account for account, waba in wabas.items() if waba and waba == one.event.waba_id}
    if named:
        return named, named
    nameless = {account for account, waba in wabas.items() if not waba}
    own = {one.account} if one.account in nameless or not one.event.waba_id else set()
    return own, own | nameless


def _looks(one: Heard, templates: Iterable[str], key: bytes) -> Iterator[TemplateLook]:
    """What an event says of those of an account's templates that it is about."""
    facts, changed = one.event.facts, one.event.field == COMPONENTS_FIELD
    for template in sorted(templates):
        name, _, language = template.partition("/")
        said = facts.get("language", language if changed else None)
        if facts.get("template") == template_hash(key, name) and said == language:
            word = str(facts.get("event", ""))
            evidence = webhook_name(one.account, one.received_ms)
            yield TemplateLook(_at(one), template, evidence, template_status=word, changed=changed)

"""Are we the problem? What Graph says of an account in one line each: fine, doubtful or wrong, and what to do."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from wamon.core.account_facts import (
    AccountFact,
    EntityHealth,
    HealthFact,
    MissingFact,
    NumberFact,
    Stated,
    SubscriptionFact,
    TemplateFact,
    UnreadFact,
)

_USABLE = "APPROVED"
_SENDABLE, _LIMITED = "AVAILABLE", "LIMITED"


class Light(StrEnum):
    """How a thing is: as it should be, to be looked at, or wrong."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Line(NamedTuple):
    """One thing about an account; ``remedy`` is empty where nothing has to be done."""

    account: str
    subject: str
    light: Light
    text: str
    remedy: str = ""


class Expected(NamedTuple):
    """What the configuration says of an account: its app, and the callbacks of which one should be Meta's."""

    app_id: str = ""
    callback_urls: tuple[str, ...] = ()


NOTHING_EXPECTED = Expected()

_Word = tuple[Light, str, str]


def lines(stated: Iterable[Stated], expected: Mapping[str, Expected]) -> Iterator[Line]:
    """A line for every fact, two for a number: its health and its callback."""
    for one in stated:
        for light, text, remedy in _words(one.fact, expected.get(one.account, NOTHING_EXPECTED)):
            yield Line(one.account, one.subject, light, text, remedy)


def _words(fact: AccountFact, expected: Expected) -> Iterator[_Word]:
    match fact:
        case TemplateFact():
            yield _template(fact)
        case SubscriptionFact():
            yield _subscription(fact, expected.app_id)
        case HealthFact(entities):
            yield _health(entities)
        case NumberFact():
            yield _health(fact.health.entities)
            yield _callback(fact.callback_url, expected.callback_urls)
        case MissingFact():
            yield Light.AMBER, "is not in the account's list", "compare name and language with WhatsApp Manager"
        case UnreadFact(code):
            yield _unread(code)


def _template(fact: TemplateFact) -> _Word:
    if fact.template_status == _USABLE:
        return Light.GREEN, "approved", ""
    remedy = "no canary can be sent with it: see why in WhatsApp Manager, or name another template"
    return Light.RED, f"Meta says {fact.template_status or 'nothing of its state'}", remedy


def _subscription(fact: SubscriptionFact, app_id: str) -> _Word:
    if not fact.app_ids:
        remedy = "subscribe your app to the account's webhooks: until then nobody hears of its messages"
        return Light.RED, "no app gets the account's webhooks", remedy
    if app_id and app_id not in fact.app_ids:
        remedy = "subscribe this app, or correct app_id"
        return (
            Light.RED,
            f"the app {app_id} does not get the account's webhooks, {len(fact.app_ids)} others do",
            remedy,
        )
    return Light.GREEN, f"{'the app' if app_id else 'an app'} gets the account's webhooks", ""


def _health(entities: Iterable[EntityHealth]) -> _Word:
    """The worst of all that a send depends on."""
    every = list(entities)
    stopped = [one for one in every if one.can_send not in (_SENDABLE, _LIMITED)]
    limited = [one for one in every if one.can_send == _LIMITED]
    if not every:
        return Light.AMBER, "Meta says nothing of its health", ""
    for light, bad in ((Light.RED, stopped), (Light.AMBER, limited)):
        if bad:
            return (
                light,
                ", ".join(map(_entity, bad)),
                "read the reason in WhatsApp Manager",
            )
    return Light.GREEN, "can send", ""


def _entity(one: EntityHealth) -> str:
    return f"{one.entity_type} {one.can_send}{f' ({one.code})' if one.code is not None else ''}"


def _callback(url: str, wanted: tuple[str, ...]) -> _Word:
    if not url:
        remedy = "set a callback URL for the app, the account or the number" if wanted else ""
        return Light.AMBER, "Meta shows no callback URL", remedy
    if not wanted:
        return Light.GREEN, f"its webhooks go to {url}", ""
    if any(url.rstrip("/") == one.rstrip("/") for one in wanted):
        return Light.GREEN, "its webhooks go where they should", ""
    remedy = "correct the callback URL at Meta, or the url that is watched here"
    return Light.RED, f"its webhooks go to {url}, which is neither public_url nor a watched endpoint", remedy


def _unread(code: int | None) -> _Word:
    if code is None:
        return Light.AMBER, "could not be read", ""
    return Light.AMBER, f"could not be read: code {code}", f"wamon explain {code}"

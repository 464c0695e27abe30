"""What Graph says of an account besides its looks: templates, subscriptions, callbacks, health; never judged."""

from typing import Any, NamedTuple

import msgspec

from wamon.core.gleaning import components_digest, listed
from wamon.core.graph_error import dicts, graph_error
from wamon.core.observation import Exchange, Phase

_ENTITIES_KEPT = 16


class TemplateFact(msgspec.Struct, frozen=True, tag="template"):
    """A template as the account's list shows it. ``components`` is a digest of all of them."""

    name: str
    language: str
    template_status: str = ""
    components: str = ""
    category: str = ""


class SubscriptionFact(msgspec.Struct, frozen=True, tag="subscribed_apps"):
    """Which apps get the account's webhooks, if any. ``override_url`` is the account's own callback, if set.

    Source: Meta, "Webhook overrides", read 2026-06.
    """

    app_ids: tuple[str, ...] = ()
    override_url: str = ""


class EntityHealth(NamedTuple):
    """Whether one of a node's entities may send: Meta's word, and the first reason it gives."""

    entity_type: str
    can_send: str
    code: int | None = None


class HealthFact(msgspec.Struct, frozen=True, tag="health"):
    """Meta's word on every entity that a send depends on ("Health status", read 2025-10-22)."""

    entities: tuple[EntityHealth, ...] = ()


class NumberFact(msgspec.Struct, frozen=True, tag="number"):
    """A number's health, and where its messages' webhooks go: the first callback that is set stands.

    Source: Meta, "Webhook overrides", read 2026-06.
    """

    health: HealthFact = HealthFact()
    number_url: str = ""
    account_url: str = ""
    app_url: str = ""

    @property
    def callback_url(self) -> str:
        """The callback in force; empty where Meta shows none."""
        return self.number_url or self.account_url or self.app_url


class MissingFact(msgspec.Struct, frozen=True, tag="missing"):
    """It was asked for, and is not in the answer."""


class UnreadFact(msgspec.Struct, frozen=True, tag="unread"):
    """It could not be read: the code of Meta's error, if there was one. Proves nothing."""

    code: int | None = None


AccountFact = TemplateFact | SubscriptionFact | HealthFact | NumberFact | MissingFact | UnreadFact


class Stated(NamedTuple):
    """A fact, when it was read, of which account and of what there (``subject``)."""

    at_ms: int
    account: str
    subject: str
    fact: AccountFact


def template_subject(name: str, language: str) -> str:
    """What the fact about a template is filed under."""
    return f"template {name}/{language}"


def number_subject(phone_number_id: str) -> str:
    """What the fact about a number is filed under."""
    return f"number {phone_number_id}"


SUBSCRIBED, HEALTH = "subscribed_apps", "health"


def template_fact(exchange: Exchange, name: str, language: str) -> AccountFact:
    """A template by name and language, off the account's list of them."""
    rows = _rows(exchange)
    if rows is None:
        return _unread(exchange)
    row = next((one for one in rows if (one.get("name"), one.get("language")) == (name, language)), None)
    if row is None:
        return MissingFact()
    components = row.get("components")
    digest = components_digest(components) if isinstance(components, list) else ""
    return TemplateFact(name, language, _text(row.get("status")), digest, _text(row.get("category")))


def subscription_fact(exchange: Exchange) -> AccountFact:
    """Who gets the account's webhooks."""
    rows = _rows(exchange)
    if rows is None:
        return _unread(exchange)
    apps = [one["whatsapp_business_api_data"] for one in rows if "whatsapp_business_api_data" in one]
    overrides = (_text(one.get("override_callback_uri")) for one in rows)
    return SubscriptionFact(
        tuple(sorted(_text(app.get("id")) for app in dicts(apps))), next(filter(None, overrides), "")
    )


def health_fact(exchange: Exchange) -> AccountFact:
    """The account's own health."""
    body = _answered(exchange)
    return _unread(exchange) if body is None else _health(body)


def number_fact(exchange: Exchange) -> AccountFact:
    """A number's health and callbacks."""
    body = _answered(exchange)
    if body is None:
        return _unread(exchange)
    urls = body.get("webhook_configuration")
    urls = urls if isinstance(urls, dict) else {}
    places = ("phone_number", "whatsapp_business_account", "application")
    return NumberFact(_health(body), *(_text(urls.get(place)) for place in places))


def _health(body: dict[str, Any]) -> HealthFact:
    told = body.get("health_status")
    rows = listed(told.get("entities")) if isinstance(told, dict) else []
    return HealthFact(tuple(_entity(one) for one in rows[:_ENTITIES_KEPT]))


def _entity(row: dict[str, Any]) -> EntityHealth:
    codes = (one.get("error_code") for one in listed(row.get("errors")))
    code = next((one for one in codes if isinstance(one, int) and not isinstance(one, bool)), None)
    return EntityHealth(_text(row.get("entity_type")), _text(row.get("can_send_message")), code)


def _answered(exchange: Exchange) -> dict[str, Any] | None:
    """The body of a good answer."""
    body = exchange.body
    good = exchange.reached is Phase.ANSWERED and exchange.http_status == 200 and isinstance(body, dict)
    return body if good and "error" not in body else None


def _rows(exchange: Exchange) -> list[dict[str, Any]] | None:
    body = _answered(exchange)
    return dicts(body["data"]) if body is not None and isinstance(body.get("data"), list) else None


def _unread(exchange: Exchange) -> UnreadFact:
    error = graph_error(exchange.body)
    return UnreadFact(None if error is None else error.code)


def _text(found: Any) -> str:
    return found[:_LONGEST_TEXT] if isinstance(found, str) else ""


_LONGEST_TEXT = 500

"""What Graph's nodes and their edges say: numbers, accounts, templates, subscriptions, tokens."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from wamon.simulator.faults import GraphError
from wamon.simulator.world import Account, App, Number, Template, Token, TokenState, World

Payload = dict[str, Any]
Query = Mapping[str, str]
_T = TypeVar("_T")
SYSTEM_USER_ID = "122000000000001"
Edge = Callable[[World, _T, Query], Payload]
Fields = Mapping[str, Callable[[World, _T], Any]]


class RefusedError(Exception):
    """Graph will not do it; ``error`` is what it answers."""

    def __init__(self, error: GraphError) -> None:
        super().__init__(error)
        self.error = error


def names(fields: str) -> list[str]:
    """Top-level names of a ``fields`` parameter: ``a,b{c,d},e.limit(2)`` gives a, b, e."""
    depth, flat = 0, ""
    for letter in fields:
        depth += letter in "{("
        flat += letter if depth == 0 else ""
        depth -= letter in "})"
    return [name.split(".")[0].strip() for name in flat.split(",") if name.strip()]


def select(
    kind: str, table: Fields[_T], default: tuple[str, ...], world: World, node: _T, query: Query
) -> Payload:
    """The wanted fields of a node, and always its id. Raises RefusedError for a field that it has not."""
    wanted = names(query["fields"]) if query.get("fields") else list(default)
    for name in wanted:
        if name not in table:
            text = f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})"
            raise RefusedError(GraphError(400, 100, message=text))
    values = {name: table[name](world, node) for name in [*wanted, "id"]}
    return {name: value for name, value in values.items() if value is not None}


def _health(own: list[tuple[str, str, str]], world: World, account: Account) -> Payload:
    """Meta's ``health_status``: the worst of all entities, and each by itself."""
    app_ids = account.subscribed_app_ids[:1] or (world.apps[0].app_id,)
    rows = [
        *own,
        ("WABA", account.account_id, account.can_send),
        ("BUSINESS", "3" + account.account_id[1:], "AVAILABLE"),
        *(("APP", app_id, "AVAILABLE") for app_id in app_ids),
    ]
    entities = [
        {"entity_type": kind, "id": name, "can_send_message": can} | REASONS[can] for kind, name, can in rows
    ]
    worst = max((can for _, _, can in rows), key=list(REASONS).index)
    return {"can_send_message": worst, "entities": entities}


REASONS: dict[str, Payload] = {
    "AVAILABLE": {},
    "LIMITED": {"additional_info": ["The display name is still in review."]},
    "BLOCKED": {
        "errors": [
            {
                "error_code": 141006,
                "error_description": "There is no valid payment method.",
                "possible_solution": "Add a payment method to the account.",
            }
        ]
    },
}
"""What an entity adds to its health, from best to worst."""


def _number_health(world: World, number: Number) -> Payload:
    account = _owner(world, number)
    return _health([("PHONE_NUMBER", number.number_id, number.can_send)], world, account)


def _owner(world: World, number: Number) -> Account:
    account = world.account(number.account_id)
    if account is None:
        raise LookupError(
            f"number {number.number_id} belongs to the account {number.account_id}, which is not there"
        )
    return account


def _callbacks(world: World, number: Number) -> Payload:
    urls = {
        "phone_number": number.callback_url,
        "whatsapp_business_account": _owner(world, number).callback_url,
        "application": world.callback_url,
    }
    return {level: url for level, url in urls.items() if url}


NUMBER_FIELDS: Fields[Number] = {
    "id": lambda _, number: number.number_id,
    "display_phone_number": lambda _, number: number.display,
    "verified_name": lambda _, number: number.verified_name,
    "quality_rating": lambda _, number: number.quality,
    "status": lambda _, number: number.state,
    "code_verification_status": lambda *_: "VERIFIED",
    "name_status": lambda *_: "APPROVED",
    "account_mode": lambda *_: "LIVE",
    "platform_type": lambda *_: "CLOUD_API",
    "host_platform": lambda *_: "CLOUD_API",
    "throughput": lambda *_: {"level": "STANDARD"},
    "is_official_business_account": lambda *_: False,
    "messaging_limit_tier": lambda *_: "TIER_10K",
    "whatsapp_business_manager_messaging_limit": lambda *_: "TIER_10K",
    "webhook_configuration": _callbacks,
    "health_status": _number_health,
}
NUMBER_DEFAULT = ("display_phone_number", "verified_name", "quality_rating")

ACCOUNT_FIELDS: Fields[Account] = {
    "id": lambda _, account: account.account_id,
    "name": lambda _, account: account.name,
    "timezone_id": lambda *_: "1",
    "currency": lambda *_: "EUR",
    "message_template_namespace": lambda _, account: f"ns_{account.account_id}",
    "account_review_status": lambda *_: "APPROVED",
    "business_verification_status": lambda *_: "verified",
    "country": lambda *_: "DE",
    "ownership_type": lambda *_: "SELF",
    "status": lambda *_: "ACTIVE",
    "health_status": lambda world, account: _health([], world, account),
}
ACCOUNT_DEFAULT = ("name", "timezone_id", "message_template_namespace")

TEMPLATE_FIELDS: Fields[Template] = {
    "id": lambda _, template: str(sum(template.name.encode()) * 1_000_003),
    "name": lambda _, template: template.name,
    "status": lambda _, template: template.state,
    "category": lambda _, template: template.category,
    "language": lambda _, template: template.language,
    "quality_score": lambda *_: {"score": "GREEN"},
    "components": lambda *_: [{"type": "BODY", "text": "This is a test of the connection."}],
}
TEMPLATE_DEFAULT = ("name", "status", "category", "language", "components")


def number_node(world: World, number: Number, query: Query) -> Payload:
    """``GET /{number}``."""
    return select("WhatsAppBusinessPhoneNumber", NUMBER_FIELDS, NUMBER_DEFAULT, world, number, query)


def profile(_: World, number: Number, query: Query) -> Payload:
    """``GET /{number}/whatsapp_business_profile``."""
    told = {"about": number.verified_name, "vertical": "RETAIL"}
    wanted = names(query["fields"]) if query.get("fields") else list(told)
    return {"data": [{"messaging_product": "whatsapp"} | {key: told[key] for key in wanted if key in told}]}


def account_node(world: World, account: Account, query: Query) -> Payload:
    """``GET /{account}``."""
    return select("WhatsAppBusinessAccount", ACCOUNT_FIELDS, ACCOUNT_DEFAULT, world, account, query)


def phone_numbers(world: World, account: Account, query: Query) -> Payload:
    """``GET /{account}/phone_numbers``."""
    return _page(
        [number_node(world, one, query) for one in world.numbers if one.account_id == account.account_id], query
    )


def templates(world: World, account: Account, query: Query) -> Payload:
    """``GET /{account}/message_templates``, narrowed by ``name``."""
    wanted = [one for one in account.templates if query.get("name", one.name) in one.name]
    kind = "WhatsAppMessageTemplate"
    return _page([select(kind, TEMPLATE_FIELDS, TEMPLATE_DEFAULT, world, one, query) for one in wanted], query)


def subscribed_apps(world: World, account: Account, _: Query) -> Payload:
    """``GET /{account}/subscribed_apps``; empty when webhooks of this account go nowhere."""
    apps = [app for app in world.apps if app.app_id in account.subscribed_app_ids]
    override = {"override_callback_uri": account.callback_url} if account.callback_url else {}
    return {"data": [{"whatsapp_business_api_data": _app_card(app)} | override for app in apps]}


def subscriptions(world: World, app: App) -> Payload:
    """``GET /{app}/subscriptions``."""
    fields = [{"name": "messages", "version": f"v{world.default_version}.0"}]
    row = {
        "object": "whatsapp_business_account",
        "callback_url": world.callback_url,
        "active": True,
        "fields": fields,
    }
    return {"data": [row] if world.callback_url and app == world.apps[0] else []}


def debug_token(world: World, caller: App | Token, query: Query) -> Payload:
    """``GET /debug_token``. Raises RefusedError when the caller is a stranger to the token's app."""
    if not query.get("input_token"):
        raise RefusedError(GraphError(400, 100, message="(#100) The parameter input_token is required"))
    token = world.token(query["input_token"])
    if token is None:
        return {"data": {"error": _inner("The access token cannot be read"), "is_valid": False, "scopes": []}}
    if token.app_id != caller.app_id:
        raise RefusedError(
            GraphError(400, 100, message="(#100) Ask with a token of the app that the input_token is for")
        )
    return {"data": _inspection(world, token)}


def _inspection(world: World, token: Token) -> Payload:
    app = world.app(token.app_id)
    wrong = {
        TokenState.EXPIRED: ("The session has expired", 463),
        TokenState.REVOKED: ("The token was revoked", 467),
    }
    problem = {"error": _inner(*wrong[token.state])} if token.state in wrong else {}
    return {
        "app_id": token.app_id,
        "type": "SYSTEM_USER",
        "application": app.name if app else "",
        "data_access_expires_at": 0,
        "expires_at": token.expires_at_s,
        **problem,
        "is_valid": token.state is TokenState.VALID,
        "issued_at": token.issued_at_s,
        "scopes": list(token.scopes),
        "granular_scopes": [
            {"scope": scope, "target_ids": list(token.account_ids)} for scope in token.scopes if token.account_ids
        ],
        "user_id": SYSTEM_USER_ID,
    }


def _inner(message: str, subcode: int | None = None) -> Payload:
    return {"code": 190, "message": message} | ({"subcode": subcode} if subcode else {})


def _app_card(app: App) -> Payload:
    return {"id": app.app_id, "link": f"https://www.facebook.com/games/?app_id={app.app_id}", "name": app.name}


def _page(rows: list[Payload], query: Query) -> Payload:
    limit = query.get("limit", "25")
    shown = rows[: int(limit) if limit.isdigit() else 25]
    return {"data": shown, "paging": {"cursors": {"before": "QVFI", "after": "QVFJ"}}} if shown else {"data": []}


NUMBER_EDGES: Mapping[str, Edge[Number]] = {"": number_node, "whatsapp_business_profile": profile}
ACCOUNT_EDGES: Mapping[str, Edge[Account]] = {
    "": account_node,
    "phone_numbers": phone_numbers,
    "message_templates": templates,
    "subscribed_apps": subscribed_apps,
}

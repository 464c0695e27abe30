"""Reading off an answer what it tells in passing: usage headers, the health of a number, templates."""

from bisect import bisect_right
from hashlib import sha256
from typing import Any

import msgspec

from wamon.core.graph_error import dicts
from wamon.core.observation import Exchange
from wamon.core.passing import NOTHING, USAGE_STEPS, Health, Passing, TemplateWord
from wamon.core.usage import USAGE_HEADERS, usage_percent

_CASE_USAGE, _APP_USAGE = USAGE_HEADERS
_SPEAKS_OF_ALL = frozenset({"WABA", "BUSINESS", "APP"})
_CONNECTED = "CONNECTED"
_TELLING = frozenset({"health_status", "status", "components", "data"})
"""A body without any of these keys tells nothing in passing: most looks end here."""

_OF_USAGE: dict[int | None, Passing] = {None: NOTHING, **{step: Passing(step) for step in USAGE_STEPS}}
"""What an answer tells that tells of nothing but a quota, as one object for all that tell the same."""

_TEMPLATES_KEPT = 8
_DIGEST_LETTERS = 16


def passing(exchange: Exchange) -> Passing:
    """What is worth keeping of an answer even where it was good. Never raises, whatever the body is."""
    headers, body = exchange.headers, exchange.body
    usage = usage_step(exchange) if _APP_USAGE in headers or _CASE_USAGE in headers else None
    if (
        not isinstance(body, dict)
        or _TELLING.isdisjoint(body)
        or (exchange.http_status or 200) >= 300
        or "error" in body
    ):
        return _OF_USAGE[usage]
    said, shown = health(body), templates(body)
    return Passing(usage, said, shown) if said is not None or shown else _OF_USAGE[usage]


def usage_step(exchange: Exchange) -> int | None:
    """How full the fullest quota is, as a step of `USAGE_STEPS`; None when the answer names none."""
    percent = usage_percent(exchange)
    return None if percent is None else USAGE_STEPS[bisect_right(USAGE_STEPS, percent) - 1]


def health(body: dict[str, Any]) -> Health | None:
    """How a node says it is; None where it says nothing of it.

    The entities decide whether something can be sent; the overall word only where none is listed, because it also
    turns to BLOCKED when nothing but calling is blocked ("Health status", read 2025-10-22).
    """
    told, state = body.get("health_status"), body.get("status")
    known = isinstance(state, str) and ("quality_rating" in body or "display_phone_number" in body)
    if not isinstance(told, dict) and not known:
        return None
    entities = listed(told.get("entities")) if isinstance(told, dict) else []
    overall = [told] if isinstance(told, dict) and not entities else []
    blocked = [one for one in [*entities, *overall] if one.get("can_send_message") == "BLOCKED"]
    return Health(
        node_id=body["id"] if isinstance(body.get("id"), str) else "",
        blocked=bool(blocked),
        wide=any(one.get("entity_type") in _SPEAKS_OF_ALL for one in blocked),
        connected=(state == _CONNECTED) if known else None,
        code=_reason(blocked),
    )


def _reason(blocked: list[dict[str, Any]]) -> int | None:
    """The first reason given. A sample of Meta's prints lists as objects with the keys "0", "1" and so on."""
    codes = (error.get("error_code") for one in blocked for error in listed(one.get("errors")))
    return next((code for code in codes if isinstance(code, int) and not isinstance(code, bool)), None)


def listed(found: Any) -> list[dict[str, Any]]:
    """A list of objects, also where Meta prints it as an object with the keys "0", "1" and so on."""
    return dicts(list(found.values()) if isinstance(found, dict) else found)


def templates(body: dict[str, Any]) -> tuple[TemplateWord, ...]:
    """The templates a node or a list of nodes shows, at most eight."""
    rows = [body] if "components" in body else dicts(body.get("data"))
    if not rows:
        return ()
    return tuple(word for row in rows[:_TEMPLATES_KEPT] if (word := _template(row)) is not None)


def _template(row: dict[str, Any]) -> TemplateWord | None:
    name, language, status = row.get("name"), row.get("language"), row.get("status")
    if not isinstance(name, str) or not isinstance(language, str):
        return None
    components = row.get("components")
    digest = components_digest(components) if isinstance(components, list) else ""
    return TemplateWord(name, language, status if isinstance(status, str) else "", digest)


def components_digest(components: Any) -> str:
    """Sixteen hexadecimal digits that change with any letter of the components, not with the order of keys.

    Empty for what no JSON of ours can carry: half a letter, or one list too deep in another.
    """
    try:
        plain = msgspec.json.encode(components, order="sorted")
    except (RecursionError, UnicodeEncodeError):
        return ""
    return sha256(plain).hexdigest()[:_DIGEST_LETTERS]

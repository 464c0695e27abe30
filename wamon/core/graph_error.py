"""Reading Meta's error out of a body, however broken: plain, wrapped, stringified, or inside a webhook."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

from wamon.core.timeline import SECOND

_NUMBER_IN_MESSAGE = re.compile(r"\(#(\d{1,9})\)")
_NODES_READ = 400
"""A nested body is searched breadth first, this many nodes at most: enough for any relay, no prey for a bomb."""

_ERROR_MARKS = ("message", "fbtrace_id", "type", "error_data", "error_subcode", "title")
_NOT_AN_ERROR = frozenset({"health_status", "entities"})
"""Nodes of a good answer that carry error codes of their own: a state, not a failure of the call."""

_OF_WEBHOOKS = frozenset({"entry", "statuses", "messaging_product"})
"""An object with none of these keys tells of no message."""

_OF_ERRORS = frozenset({"error", "errors", "error_code", "data"})
"""An object with none of these keys has no error in a documented place."""

ACCOUNT_FIELDS = frozenset({"account_update", "account_review_update"})
"""Webhook fields that tell of a restriction, a ban, a review, or of who may act for the account."""

COMPONENTS_FIELD = "message_template_components_update"
TEMPLATE_FIELDS = frozenset({"message_template_status_update", COMPONENTS_FIELD})

DELIVERED = frozenset({"delivered", "read", "played"})
"""Statuses that prove a message arrived at a handset, whatever else is reported of it."""


class GraphError(msgspec.Struct, frozen=True):
    """One error of Meta's. ``code`` is None where the body has none that can be read as a number.

    ``inbound`` marks an error that came inside an incoming message; ``wamid`` the message that failed.
    """

    code: int | None = None
    subcode: int | None = None
    message: str = ""
    details: str = ""
    is_transient: bool | None = None
    trace_id: str | None = None
    inbound: bool = False
    wamid: str | None = None


class StatusReport(msgspec.Struct, frozen=True):
    """One status of one message as a webhook reports it. ``sent_along`` is what the sender gave it to carry."""

    wamid: str
    message_status: str
    error: GraphError | None = None
    sent_along: str = ""


class TemplateEvent(msgspec.Struct, frozen=True):
    """What a webhook tells of a template; ``at_ms`` is None where it does not say when."""

    at_ms: int | None
    name: str
    language: str
    event: str = ""
    changed: bool = False


def graph_error(body: Any, *, nested: bool = True) -> GraphError | None:
    """The error in one of a body's documented places. With ``nested`` also one that a relay has wrapped."""
    if isinstance(body, dict) and (found := _plain(body)) is not None:
        return found
    if not isinstance(body, dict | list):
        return None
    if isinstance(body, dict) and _OF_WEBHOOKS.isdisjoint(body):
        return _wrapped(body) if nested else None
    return _reported(body) or (_wrapped(body) if nested else None)


def _reported(body: Any) -> GraphError | None:
    """The first error of a webhook body; one of a message that arrived all the same comes last."""
    errors = list(webhook_errors(body))
    if not errors:
        return None
    arrived = {one.wamid for one in status_reports(body) if one.message_status in DELIVERED}
    return next((one for one in errors if one.wamid is None or one.wamid not in arrived), errors[0])


def _plain(body: dict[str, Any]) -> GraphError | None:
    """The documented places: ``error``, ``errors``, ``data.error`` and the old ``error_code``."""
    if _OF_ERRORS.isdisjoint(body):
        return None
    error = body.get("error")
    if isinstance(error, dict):
        read = _read(error)
        return read if read.code is not None else (_wrapped(error) or read)
    if isinstance(error, str) and error:
        return GraphError(code=_number_in(error), message=error)
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return _read(errors[0])
    if (code := number_of(body.get("error_code"))) is not None:
        return GraphError(code, number_of(body.get("error_subcode")), _text(body.get("error_msg")))
    data = body.get("data")
    if isinstance(data, dict) and isinstance(data.get("error"), dict):
        return _read(data["error"])
    return None


def _read(error: dict[str, Any]) -> GraphError:
    message = _text(error.get("message")) or _text(error.get("title"))
    data = error.get("error_data")
    details = _text(data.get("details")) if isinstance(data, dict) else _text(data)
    transient = error.get("is_transient")
    code = number_of(error.get("code"))
    return GraphError(
        code=code if code is not None else _number_in(message),
        subcode=number_of(error.get("error_subcode", error.get("subcode"))),
        message=message,
        details=details or _text(error.get("details")),
        is_transient=transient if isinstance(transient, bool) else None,
        trace_id=_text(error.get("fbtrace_id")) or None,
    )


def _wrapped(body: Any) -> GraphError | None:
    """An error under a partner's own key, or in an array: the first node that looks like Meta's."""
    waiting: deque[Any] = deque([body])
    for _ in range(_NODES_READ):
        if not waiting:
            return None
        node = waiting.popleft()
        if isinstance(node, dict):
            if node is not body and _looks_like_an_error(node):
                return _read(node)
            waiting.extend(value for key, value in node.items() if key not in _NOT_AN_ERROR)
        elif isinstance(node, list):
            waiting.extend(node)
    return None


def _looks_like_an_error(node: dict[str, Any]) -> bool:
    return number_of(node.get("code")) is not None and any(mark in node for mark in _ERROR_MARKS)


def webhook_errors(body: Any) -> Iterator[GraphError]:
    """Errors inside webhook changes: on the value itself, on statuses, on incoming messages."""
    for value in _values(body):
        if "errors" in value:
            yield from map(_read, dicts(value["errors"]))
        for report in dicts(value["statuses"]) if "statuses" in value else ():
            for one in dicts(report.get("errors")):
                yield msgspec.structs.replace(_read(one), wamid=_text(report.get("id")) or None)
        for message in dicts(value["messages"]) if "messages" in value else ():
            if "errors" in message:
                for one in dicts(message["errors"]):
                    yield msgspec.structs.replace(_read(one), inbound=True)


def status_reports(body: Any) -> list[StatusReport]:
    """Every status of every message in a webhook body, in its order."""
    return [
        StatusReport(
            wamid=_text(report.get("id")),
            message_status=_text(report.get("status")),
            error=next((_read(one) for one in dicts(report.get("errors"))), None),
            sent_along=_text(report.get("biz_opaque_callback_data")),
        )
        for value in _values(body)
        for report in dicts(value.get("statuses"))
    ]


def inbound_messages(body: Any) -> int:
    """How many incoming messages a webhook body carries."""
    return sum(len(dicts(value.get("messages"))) for value in _values(body))


def account_event_times(body: Any) -> Iterator[int | None]:
    """When each event about the account itself happened, in ms; None where the body does not say."""
    for field, at_ms, _ in _changes(body):
        if field in ACCOUNT_FIELDS:
            yield at_ms


def template_events(body: Any) -> Iterator[TemplateEvent]:
    """Every event about a template: what became of it, or that somebody changed its components."""
    for field, at_ms, value in _changes(body):
        if field in TEMPLATE_FIELDS:
            yield TemplateEvent(
                at_ms,
                _text(value.get("message_template_name")),
                _text(value.get("message_template_language")),
                _text(value.get("event")),
                changed=field == COMPONENTS_FIELD,
            )


def _changes(body: Any) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
    """Field, instant (ms) and value of every change."""
    for payload in _payloads(body):
        for entry in dicts(payload.get("entry")):
            seconds = number_of(entry.get("time"))
            for change in dicts(entry.get("changes")):
                value = change.get("value")
                at_ms = None if seconds is None else seconds * SECOND
                yield _text(change.get("field")), at_ms, value if isinstance(value, dict) else {}


def _payloads(body: Any) -> list[dict[str, Any]]:
    return dicts(body if isinstance(body, list) else [body])


def _values(body: Any) -> Iterator[dict[str, Any]]:
    """The ``value`` of every change; a relay may send a list of payloads, or the bare value."""
    for payload in _payloads(body):
        if "statuses" in payload or payload.get("messaging_product") == "whatsapp":
            yield payload
        for entry in dicts(payload["entry"]) if "entry" in payload else ():
            for change in dicts(entry.get("changes")):
                if isinstance(change.get("value"), dict):
                    yield change["value"]


def dicts(found: Any) -> list[dict[str, Any]]:
    """The objects of a list; of anything else none."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""


def number_of(found: Any) -> int | None:
    """A code as Meta or a relay writes it: 190, "190", 190.0. Anything else is no code."""
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    if isinstance(found, float) and found.is_integer():
        return int(found)
    if isinstance(found, str) and found.strip().isdecimal() and len(found) < 20:
        return int(found)
    return None


def _number_in(message: str) -> int | None:
    """``(#190) Title``: the number in front of a title, for bodies without a code."""
    found = _NUMBER_IN_MESSAGE.search(message)
    return int(found.group(1)) if found else None

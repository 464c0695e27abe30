"""What is kept of a webhook of Meta's: a white list, read off a body of any shape; all the rest is dropped."""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wamon.core.graph_error import dicts, number_of
from wamon.core.timeline import SECOND

HASH_BYTES = 16
RECIPIENT_BYTES = 8
"""Recipients need only be told apart within one message."""

MESSAGES = "messages"
"""The field that statuses and incoming messages come under."""

MESSAGE_STATUSES = frozenset({"accepted", "sent", "delivered", "read", "played", "failed", "deleted", "warning"})
"""Statuses by name; any other one is kept as ``other``.

Source: the status webhook reference and message_history, read 2026-06; ``deleted`` and ``warning`` are old.
"""

OTHER = "other"

CANARY_PREFIX = "wamon:canary:"
"""How the ``biz_opaque_callback_data`` of a canary of ours begins; Meta returns it in every status."""

_CANARY = re.compile(rf"{CANARY_PREFIX}[A-Za-z0-9._:@-]{{1,100}}", re.ASCII)
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_WORD = re.compile(r"[A-Z][A-Z0-9_]{0,63}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,4})?", re.ASCII)
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)

_LARGEST_CODE = 10**7
_LARGEST_COUNT = 10**7
_CODES_KEPT = 8
_FIELDS_KEPT = 32
_MILLISECONDS_FROM = 10**11
"""An instant this large is in milliseconds already; as seconds it would lie in the year 5138."""
_LAST_MS = 10**14


class MessageReport(NamedTuple):
    """One status of one message, as Meta reported it.

    ``message`` and ``recipient`` are keyed hashes; ``at_ms`` is Meta's timestamp, None where it cannot be read.
    ``canary`` is the id that a canary of ours was sent with, ``opaque`` the hash of what anybody else sent along.
    """

    number: str
    message: bytes
    recipient: bytes
    message_status: str
    at_ms: int | None
    codes: tuple[int, ...] = ()
    canary: str | None = None
    opaque: bytes | None = None


class Inbound(NamedTuple):
    """How many incoming messages one number got, and Meta's timestamp of the latest of them."""

    number: str
    messages: int
    at_ms: int | None


class AccountEvent(NamedTuple):
    """What Meta says of an account, a number or a template, or of a request it could not handle.

    ``facts`` holds words of Meta's, small counts, error codes and keyed hashes (hexadecimal), never a text. Of
    ``messages``, ``codes`` are a request's that was lost, ``codes_beside`` those of a message or status that came.
    """

    field: str
    waba_id: str
    number: str
    at_ms: int | None
    facts: Mapping[str, object]


class Gist(NamedTuple):
    """All that is kept of one body. ``unread`` counts what stood in a known place and made no sense."""

    fields: tuple[str, ...] = ()
    reports: tuple[MessageReport, ...] = ()
    inbound: tuple[Inbound, ...] = ()
    events: tuple[AccountEvent, ...] = ()
    unread: int = 0

    @property
    def empty(self) -> bool:
        """Whether it tells of nothing: an event that only tries the way."""
        return not (self.reports or self.inbound or self.events or self.fields)


class _Change(NamedTuple):
    field: str
    value: dict[str, Any]
    waba_id: str
    number: str
    at_ms: int | None


def keyed_hash(key: bytes, kind: str, *texts: str) -> bytes:
    """What stands for a text that must not be kept: 16 bytes, the same for the same key, kind and texts."""
    joined = "\0".join((kind, *texts)).encode("utf-8", "surrogatepass")
    return hmac.digest(key, joined, "sha256")[:HASH_BYTES]


def message_hash(key: bytes, wamid: str) -> bytes:
    """What stands for a message: its wamid contains the recipient's number."""
    return keyed_hash(key, "message", wamid)


def template_hash(key: bytes, name: str) -> str:
    """What stands for a template's name in the facts of an event."""
    return keyed_hash(key, "template", name).hex()


def gist(body: Any, key: bytes) -> Gist | None:
    """Read a webhook body with the key of this installation; None for what is no webhook of Meta's.

    Total: whatever a field holds, it is read, counted as unread, or dropped.
    """
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        return None
    entries = dicts(body["entry"])
    changes = [change for entry in entries for change in _changes(entry)]
    reports: list[MessageReport] = []
    unread = len(body["entry"]) - len(entries)
    for change in changes:
        if change.field == MESSAGES:
            rows = change.value.get("statuses", ())
            read = [one for row in dicts(rows) if (one := _report(row, change, key)) is not None]
            unread += (len(rows) if isinstance(rows, list) else bool(rows)) - len(read)
            reports += read
    return Gist(
        tuple(dict.fromkeys(change.field for change in changes))[:_FIELDS_KEPT],
        tuple(reports),
        tuple(_inbound(changes)),
        tuple(event for change in changes if (event := _event(change, key)) is not None),
        unread,
    )


def _changes(entry: dict[str, Any]) -> Iterator[_Change]:
    waba_id, at_ms = _id(entry.get("id")), _instant_ms(entry.get("time"))
    for change in dicts(entry.get("changes")):
        field, value = change.get("field"), change.get("value")
        known = isinstance(field, str) and _FIELD.fullmatch(field) is not None
        value = value if isinstance(value, dict) else {}
        metadata = value.get("metadata")
        number = _id(metadata.get("phone_number_id")) if isinstance(metadata, dict) else ""
        yield _Change(str(field) if known else OTHER, value, waba_id, number, at_ms)


def _report(row: dict[str, Any], change: _Change, key: bytes) -> MessageReport | None:
    """None for a row without a message or without a status."""
    wamid, status = row.get("id"), row.get("status")
    if not isinstance(wamid, str) or not wamid or not isinstance(status, str) or not status:
        return None
    sent_along = row.get("biz_opaque_callback_data")
    canary, opaque = None, None
    if isinstance(sent_along, str) and sent_along:
        ours = _CANARY.fullmatch(sent_along) is not None
        canary, opaque = (sent_along, None) if ours else (None, keyed_hash(key, "opaque", sent_along))
    return MessageReport(
        change.number,
        message_hash(key, wamid),
        _recipient(row, key),
        status if status in MESSAGE_STATUSES else OTHER,
        _instant_ms(row.get("timestamp")),
        _codes(row.get("errors")) if "errors" in row else (),
        canary,
        opaque,
    )


def _recipient(row: dict[str, Any], key: bytes) -> bytes:
    """One recipient of a message: a group's members report one by one; some users have no number, only an id."""
    whom = row.get("recipient_id") or row.get("recipient_user_id")
    member = row.get("recipient_participant_id") or row.get("recipient_participant_user_id")
    texts = (text if isinstance(text, str) else "" for text in (whom, member))
    return keyed_hash(key, "recipient", *texts)[:RECIPIENT_BYTES]


def _inbound(changes: Sequence[_Change]) -> Iterator[Inbound]:
    for change in changes:
        messages = dicts(change.value.get("messages")) if change.field == MESSAGES else []
        if messages:
            instants = [_instant_ms(one.get("timestamp")) for one in messages]
            latest = max((at_ms for at_ms in instants if at_ms is not None), default=None)
            yield Inbound(change.number, len(messages), latest)


_Path = tuple[str, ...]

_EVENT: dict[str, _Path] = {"event": ("event",)}
_TEMPLATE: dict[str, _Path] = {"language": ("message_template_language",)}
_LIMITS: dict[str, _Path] = {
    name: (name,)
    for name in (
        "current_limit",
        "old_limit",
        "max_daily_conversations_per_business",
        "max_phone_numbers_per_business",
        "max_phone_numbers_per_waba",
    )
}

FACTS: Mapping[str, Mapping[str, _Path]] = {
    "account_update": _EVENT
    | {
        "ban_state": ("ban_info", "waba_ban_state"),
        "restriction": ("restriction_info", "restriction_type"),
        "violation": ("violation_info", "violation_type"),
    },
    "account_alerts": {
        "entity": ("entity_type",),
        "severity": ("alert_info", "alert_severity"),
        "alert_status": ("alert_info", "alert_status"),
        "alert": ("alert_info", "alert_type"),
    },
    "account_review_update": {"decision": ("decision",)},
    "business_capability_update": _LIMITS,
    "phone_number_quality_update": _EVENT | _LIMITS,
    "phone_number_name_update": {"decision": ("decision",)},
    "message_template_status_update": _EVENT
    | _TEMPLATE
    | {"reason": ("reason",), "category": ("message_template_category",)},
    "message_template_quality_update": _TEMPLATE
    | {"score": ("new_quality_score",), "previous_score": ("previous_quality_score",)},
    "message_template_components_update": _TEMPLATE,
    "template_category_update": _TEMPLATE
    | {
        "category": ("new_category",),
        "previous_category": ("previous_category",),
        "correct_category": ("correct_category",),
    },
    "security": _EVENT,
    "flows": _EVENT | {"flow_state": ("new_status",), "previous_flow_state": ("old_status",)},
}
"""Which words of which field are kept, under which name and from where.

Source: the webhook reference, field by field, read 2026-06.
"""


def _event(change: _Change, key: bytes) -> AccountEvent | None:
    """None for a field that tells nothing of the account; for ``messages`` only the errors of the value itself."""
    if change.field == MESSAGES:
        codes = _codes(change.value.get("errors")) if "errors" in change.value else ()
        came = bool(change.value.get("messages") or change.value.get("statuses"))
        facts: dict[str, object] = {"codes_beside" if came else "codes": codes} if codes else {}
    elif change.field in FACTS:
        named = ((name, _fact(change.value, path)) for name, path in FACTS[change.field].items())
        facts = {name: fact for name, fact in named if fact is not None} | _hashes(change, key)
    else:
        return None
    if not facts and change.field == MESSAGES:
        return None
    return AccountEvent(change.field, change.waba_id, change.number, change.at_ms, facts)


def _fact(node: Any, path: _Path) -> object:
    """A word of Meta's, a language or a small count; None for anything else. Of a list the first that has one."""
    for name in path:
        if isinstance(node, list):
            node = next((one for one in dicts(node) if name in one), None)
        if not isinstance(node, dict):
            return None
        node = node.get(name)
    if isinstance(node, str):
        return node if _WORD.fullmatch(node) or _LANGUAGE.fullmatch(node) else None
    counted = isinstance(node, int) and not isinstance(node, bool) and 0 <= node <= _LARGEST_COUNT
    return node if counted else None


def _hashes(change: _Change, key: bytes) -> dict[str, object]:
    """What an event is about, so that two of them can be compared: template, its components, number."""
    found: dict[str, object] = {}
    name, display = change.value.get("message_template_name"), change.value.get("display_phone_number")
    if isinstance(name, str):
        found["template"] = template_hash(key, name)
    if isinstance(display, str):
        found["display"] = keyed_hash(key, "display", display).hex()
    if change.field == "message_template_components_update":
        found["components"] = keyed_hash(key, "components", _components(change.value)).hex()
    return found


_COMPONENTS = (
    "message_template_title",
    "message_template_element",
    "message_template_footer",
    "message_template_buttons",
)


def _components(value: dict[str, Any]) -> str:
    """The texts of a template one after the other, its buttons' too."""
    found = []
    for name in _COMPONENTS:
        part = value.get(name)
        found += [name, part] if isinstance(part, str) else [name]
        for button in dicts(part):
            found += [f"{key}={text}" for key, text in sorted(button.items()) if isinstance(text, str)]
    return "\0".join(found)


def _codes(errors: Any) -> tuple[int, ...]:
    codes = (number_of(one.get("code")) for one in dicts(errors))
    return tuple(code for code in codes if code is not None and abs(code) < _LARGEST_CODE)[:_CODES_KEPT]


def _id(found: Any) -> str:
    """An id of Meta's; empty for anything that is none."""
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**20:
        found = str(found)
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def _instant_ms(found: Any) -> int | None:
    """Unix seconds, as text or number, in milliseconds; some fields already come in those."""
    number = number_of(found)
    if number is None or number <= 0:
        return None
    at_ms = number if number >= _MILLISECONDS_FROM else number * SECOND
    return at_ms if at_ms < _LAST_MS else None

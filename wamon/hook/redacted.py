"""An outcome as the JSON that leaves the process: a white list, in which no text of anybody's has a place."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from wamon.hook.call import Head, Outcome

UNPACKED_BYTES = 256 * 1024

TELLING_WORDS = (
    "reduce the amount of data", "parameter", "param ", "template message", "invalid_token", "invalid_request",
    "sorry, something went wrong", "working on it", "working on getting this fixed",
)  # fmt: skip
"""All that is told of a text of Meta's: those of these that it contains, because a verdict may hang on them."""

_CODE_IN_TEXT = re.compile(r"\(#\d{1,7}\)", re.ASCII)
_MARKUP = re.compile(r"[\s\ufeff]*(<\?xml|<!doctype html|<html|<head|<body|<!--)", re.IGNORECASE)
_HEADERS = {
    "x-fb-trace-id": re.compile(r"(?!.*\d{7})[A-Za-z0-9_+/=-]{4,64}", re.ASCII),
    "facebook-api-version": re.compile(r"v\d{1,2}\.\d", re.ASCII),
}
_LARGEST_CODE = 10**8


class UntoldError(Exception):
    """What an answer said cannot be made out."""


def document(one: Outcome, target: str) -> dict[str, Any]:
    """One exchange as wamon takes it (its JSON form is that of ``wamon classify``). Raises UntoldError."""
    at = datetime.fromtimestamp(one.at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
    made = {
        "probe": "traffic",
        "phone_number_id": one.number,
        "at": at.replace("+00:00", "Z"),
        "reached": one.reached,
        "failure": one.failure,
        "durations_ms": {"total": round(one.took_ms, 1)},
    }
    made |= {"target": target} if target else {}
    return made | (_answer(one, one.head) if one.head is not None else {})


def _answer(one: Outcome, head: Head) -> dict[str, Any]:
    found = dict(head.headers.items()) if head.http_status >= 300 else {}  # of a good answer nobody asks the trace
    headers = {name: value for name, form in _HEADERS.items() if form.fullmatch(value := found.get(name, ""))}
    if challenge := telling(found.get("www-authenticate", "")):
        headers["www-authenticate"] = challenge
    body = None if one.failure else skeleton(_plain(one.body, head.kind, head.headers.get("content-encoding", "")))
    return {"http_status": head.http_status, "headers": headers, "body": body}


def _plain(body: bytes, kind: Any, encoding: str) -> bytes:
    """The body without its compression: the client's own class knows how, whatever it agreed on."""
    if not encoding:
        return body
    try:
        plain = bytes(kind(200, headers={"content-encoding": encoding}, content=body).content)
    except Exception as unreadable:
        raise UntoldError from unreadable
    if len(plain) > UNPACKED_BYTES:
        raise UntoldError
    return plain


def skeleton(body: bytes) -> Any:
    """What wamon's rules read of a body: codes and shape."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _page(text)
    if not isinstance(found, dict):
        return "" if found is None else [] if isinstance(found, list) else "?"
    if "error" in found:
        return {"error": _error(found["error"])}
    if found.get("success") is True:
        return {"success": True}
    messages = found.get("messages")
    accepted = isinstance(messages, list) and any(isinstance(each, dict) and each.get("id") for each in messages)
    return {"messages": [{"id": "wamid"}]} if accepted else {}


def _page(text: str) -> str | None:
    if not text.strip():
        return None
    return f"{'<html>' if _MARKUP.match(text) else '?'} {telling(text)}"


def _error(error: Any) -> Any:
    if not isinstance(error, dict):
        return f"? {telling(error)}" if isinstance(error, str) else {}
    extra = error.get("error_data")
    details = extra.get("details") if isinstance(extra, dict) else extra
    trace = error.get("fbtrace_id")
    transient = error.get("is_transient")
    made = {
        "code": _code(error.get("code")),
        "error_subcode": _code(error.get("error_subcode")),
        "message": telling(error.get("message") or error.get("title")),
        "error_data": {"details": telling(details)},
        "is_transient": transient if isinstance(transient, bool) else None,
        "fbtrace_id": trace if isinstance(trace, str) and _HEADERS["x-fb-trace-id"].fullmatch(trace) else None,
    }
    return {name: value for name, value in made.items() if value is not None}


def _code(found: Any) -> int | None:
    if isinstance(found, str) and found.strip().isdecimal() and len(found) < 20:
        found = int(found)
    whole = isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < _LARGEST_CODE
    return int(found) if whole and found == int(found) else None


def telling(text: Any) -> str:
    """The words of a text that a verdict may hang on, and a code that stands in it like ``(#190)``."""
    if not isinstance(text, str):
        return ""
    code, lowered = _CODE_IN_TEXT.search(text), text.lower()
    return "; ".join([*([code[0]] if code else []), *(one for one in TELLING_WORDS if one in lowered)])

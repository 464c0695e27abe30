"""How Graph dresses an answer: JSON, the error envelope, trace ids, usage and version headers."""

import base64
import hashlib
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import msgspec

from wamon.simulator.faults import GraphError
from wamon.simulator.http11 import Answer

KINDS = {400: "invalid_request", 401: "invalid_token", 403: "invalid_request", 404: "invalid_request"}
"""The error kind that ``www-authenticate`` names, by HTTP status; ``unknown_error`` for every other."""

FIXED = (
    ("Vary", "Origin, Accept-Encoding"),
    ("Strict-Transport-Security", "max-age=15552000; preload"),
    ("Pragma", "no-cache"),
    ("Cache-Control", "private, no-cache, no-store, must-revalidate"),
    ("Expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
    (
        "X-FB-Connection-Quality",
        "EXCELLENT; q=0.9, rtt=7, rtx=0, c=10, mss=1380, tbw=3405, tp=-1, tpl=-1, uplat=92",
    ),
    ("Alt-Svc", 'h3=":443"; ma=86400'),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What one answer is marked with. ``sequence`` counts answers: ids follow from it and are the same each run.

    ``usage`` names the quota classes of the account that the call counts against; empty for calls without one.
    """

    sequence: int
    now_ms: int
    version: int
    revision: int
    usage_percent: int = 0
    account_id: str = ""
    usage: tuple[str, ...] = ()


def opaque(stamp: Stamp, kind: str, length: int) -> str:
    """A text that looks random, differs from answer to answer and is the same in every run."""
    seed = f"{kind}/{stamp.sequence}/{stamp.now_ms}".encode()
    return base64.urlsafe_b64encode(hashlib.sha512(seed).digest()).decode()[:length]


def json_answer(payload: Any, stamp: Stamp) -> Answer:
    """A good answer with Graph's headers."""
    headers = _headers(stamp, "application/json; charset=UTF-8")
    return Answer(200, _compact(payload), (("x-fb-trace-id", _trace(stamp)), *headers))


def error_answer(error: GraphError, stamp: Stamp) -> Answer:
    """An error in Graph's envelope; the trace id stands in the body and in ``x-fb-trace-id``."""
    trace = _trace(stamp)
    text = error.message or f"(#{error.code}) {TITLES.get(error.code or 0, 'Something went wrong')}"
    inside = {
        "message": text,
        "type": error.kind,
        "code": error.code,
        "error_subcode": error.subcode,
        "is_transient": error.is_transient,
        "error_data": error.details and {"messaging_product": "whatsapp", "details": error.details},
        "fbtrace_id": trace,
    }
    challenge = f'OAuth "Facebook Platform" "{KINDS.get(error.http_status, "unknown_error")}" "{text}"'
    headers = (("WWW-Authenticate", challenge), ("x-fb-trace-id", trace))
    body = _compact({"error": {key: value for key, value in inside.items() if value is not None}})
    return Answer(error.http_status, body, headers + _headers(stamp, "application/json"))


TITLES = {
    1: "The request could not be served",
    2: "Service temporarily unavailable",
    4: "Application request limit reached",
    10: "Application does not have permission for this action",
    80007: "Rate limit issues",
    100: "Invalid parameter",
    104: "An access token is required for this resource",
    131000: "Something went wrong",
    131016: "Service unavailable",
    131026: "Message undeliverable",
    131031: "Account has been locked",
    132001: "Template does not exist in the translation",
    133010: "Phone number not registered",
    190: "The access token is not valid",
    200: "Permissions error",
    2500: "An active access token must be used",
}
"""Short names by code, used where an error brings no text of its own."""


def _trace(stamp: Stamp) -> str:
    return "A" + opaque(stamp, "trace", 22)


def _compact(payload: Any) -> bytes:
    return msgspec.json.encode(payload)


def _headers(stamp: Stamp, content_type: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", content_type),
        ("facebook-api-version", f"v{stamp.version}.0"),
        ("x-fb-request-id", "A" + opaque(stamp, "request", 22)),
        ("x-fb-rev", str(stamp.revision)),
        ("X-FB-Debug", opaque(stamp, "debug", 86) + "=="),
        ("x-fb-rlafr", "0"),
        *_usage(stamp),
        *FIXED,
        ("Date", formatdate(stamp.now_ms / 1_000, usegmt=True)),
    )


def _usage(stamp: Stamp) -> tuple[tuple[str, str], ...]:
    """Usage headers, in percent; absent while usage is near zero."""
    if stamp.usage_percent == 0:
        return ()
    figures = {"call_count": stamp.usage_percent, "total_cputime": 1, "total_time": 1}
    app = (("x-app-usage", _compact(figures).decode()),)
    if not stamp.usage:
        return app
    rows = [{"type": kind, **figures, "estimated_time_to_regain_access": 0} for kind in stamp.usage]
    return (*app, ("x-business-use-case-usage", _compact({stamp.account_id: rows}).decode()))

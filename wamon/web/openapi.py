"""The OpenAPI description of the JSON face, with the names of the rows that are watched."""

from collections.abc import Iterable, Mapping
from typing import Any

from wamon.core.account_lines import Light
from wamon.core.days import PLATFORM
from wamon.core.finding import Cause, Column, Scope, Verdict
from wamon.core.incident import Kind
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState
from wamon.core.report import Report, State
from wamon.web.openapi_reports import REPORT_SECURITY, reports_path

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TRUTH: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SECONDS: Schema = {"type": "number", "minimum": 0, "description": "seconds"}
_RATIO: Schema = {"type": ["number", "null"], "maximum": 1, "description": "unrounded; null: nothing to divide by"}
_INSTANT: Schema = {"type": "string", "format": "date-time", "description": "UTC"}
_CODE: Schema = {"type": ["integer", "null"], "description": "Meta's number, never the HTTP status"}
_SUMS = (
    "down_s",
    "meta_down_s",
    "network_s",
    "user_error_s",
    "unproved_s",
    "maintenance_s",
    "unobserved_s",
    "blind_spot_s",
    "partial_s",
    "proven_down_s",
    "worst_down_s",
)
_RATIOS = ("coverage", "availability", "availability_meta", "availability_experienced")


def _words(kind: Iterable[str], *, null: bool = False) -> Schema:
    names: list[str | None] = [str(one) for one in kind]
    return {"enum": [*names, None]} if null else {"type": "string", "enum": names}


def _or_null(one: Schema) -> Schema:
    return {"anyOf": [one, {"type": "null"}]}


def _of(properties: Mapping[str, Schema], *, more: bool = False) -> Schema:
    """An object that has all of these; ``more``: and may have others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": more,
    }


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_FIGURES = dict.fromkeys(_SUMS, _SECONDS) | dict.fromkeys(_RATIOS, _RATIO)


def _schemas() -> dict[str, Schema]:
    return {
        "Error": _of({"error": _TEXT}),
        "Figures": _of({"seconds": _SECONDS, **_FIGURES}, more=True),
        "Periods": _of(dict.fromkeys(("today", "yesterday", "month", "last_month", "days"), _named("Figures"))),
        "Verdict": _verdict(),
        "Incident": _incident(),
        "Day": _day(),
        "Target": _target(),
        "Status": _status(),
        "Days": _of({"days": _list(_named("Day"))}),
        "Incidents": _of({"incidents": _list(_named("Incident"))}),
    }


def _verdict() -> Schema:
    return _of(
        {
            "verdict": _words(Verdict),
            "cause": _words(Cause),
            "provisional": _TRUTH,
            "rule": _TEXT,
            "scope": _words(Scope),
            "code": _CODE,
            "subcode": _CODE,
            "counts_as": _words(Column),
            "explanation": _TEXT,
            "remedy": _TEXT,
        }
    )


def _incident() -> Schema:
    return _of(
        {
            "target": _TEXT,
            "opened_at": _INSTANT,
            "closed_at": _or_null(_INSTANT),
            "verdict": _words(Verdict),
            "cause": _words(Cause),
            "kind": _words(Kind),
            "provisional": _TRUTH,
            "codes": _list({"type": "integer"}),
        },
        more=True,
    )


def _day() -> Schema:
    first = _of({"availability": _RATIO}, more=True)
    head = {"target": _TEXT, "date": {"type": "string", "format": "date"}, "state": _words(DayState)}
    tail = {"first_published": _or_null(first), "retroactive_s": _SECONDS, "reason": _TEXT}
    return _of({**head, "revision": _COUNT, "seconds": _SECONDS, **_FIGURES, **tail}, more=True)


def _target() -> Schema:
    return _of(
        {
            "target": _TEXT,
            "probe": _words(ProbeKind),
            "account": _TEXT,
            "component": _TEXT,
            "state": _words(State),
            "since": _or_null(_INSTANT),
            "last_observation_at": _or_null(_INSTANT),
            "verdict": _or_null(_named("Verdict")),
            "periods": _or_null(_named("Periods")),
            "latency": _or_null({"type": "object"}),
        },
        more=True,
    )


def _status() -> Schema:
    return _of(
        {
            "at": _INSTANT,
            "version": _TEXT,
            "timezone": _TEXT,
            "objective_percent": {"type": "number"},
            "state": _words(State),
            "headline": _TEXT,
            "management_reachability_only": _TRUTH,
            "targets": _list(_named("Target")),
            "platform": _or_null(_named("Periods")),
            "incidents": _list(_named("Incident")),
            "reference": _or_null({"type": "object"}),
            "ourselves": _list(_line()),
        },
        more=True,
    )


def _line() -> Schema:
    return _of({"account": _TEXT, "subject": _TEXT, "light": _words(Light), "text": _TEXT, "remedy": _TEXT})


def openapi_document(report: Report, *, reporting: bool = False) -> Schema:
    """The description as one document; ``target`` may be any row of now. ``reporting``: reports are taken."""
    rows = [*(one.name for one in report.targets), PLATFORM]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wamon",
            "version": report.version,
            "description": "Availability of the WhatsApp Business Cloud API, seen from the business's side."
            " Read only, but for reports of an application."
            " Times are seconds, ratios unrounded; docs/availability.md says what they mean.",
        },
        "paths": {
            "/api/v1/status": _path("status", "How everything is now", "Status"),
            "/api/v1/days": _path("days", "Days of rows, both ends included", "Days", _questions(rows)),
            "/api/v1/incidents": _path("incidents", "Incidents of the days shown, newest first", "Incidents"),
            **({"/api/v1/exchanges": reports_path()} if reporting else {}),
        },
        "components": {"schemas": _schemas(), **({"securitySchemes": REPORT_SECURITY} if reporting else {})},
    }


def _questions(rows: list[str]) -> list[Schema]:
    day = {"type": "string", "format": "date"}
    return [
        {"name": "from", "in": "query", "schema": day, "description": "the first day"},
        {"name": "to", "in": "query", "schema": day, "description": "the last day; not before the first"},
        {"name": "target", "in": "query", "schema": {"type": "string", "enum": rows}, "description": "one row"},
    ]


def _path(name: str, summary: str, schema: str, parameters: list[Schema] | None = None) -> Schema:
    tag = {"description": "asked again with If-None-Match, 304 says that nothing changed", "schema": _TEXT}
    answers: Schema = {
        "200": {
            "description": summary,
            "headers": {"ETag": tag},
            "content": {"application/json": {"schema": _named(schema)}},
        },
        "304": {"description": "nothing changed"},
    }
    if parameters:
        wrong = {"application/json": {"schema": _named("Error")}}
        answers["400"] = {"description": "a question that cannot be answered, and why", "content": wrong}
    return {"get": {"operationId": name, "summary": summary, "parameters": parameters or [], "responses": answers}}

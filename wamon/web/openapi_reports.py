"""What POST /api/v1/exchanges takes and answers, for the OpenAPI description."""

from typing import Any

from wamon.core.observation import PHASES, STEPS, Failure
from wamon.core.reports import MOST_EXCHANGES

Schema = dict[str, Any]

REPORT_SECURITY: Schema = {"reports": {"type": "http", "scheme": "bearer"}}

_REFUSALS = {
    "400": "no report: not JSON, empty, or too many exchanges",
    "401": "the bearer secret is missing or another",
    "413": "too large",
    "429": "too many reports a second; Retry-After says when",
    "503": "it cannot be stored now; Retry-After says when",
}


def reports_path() -> Schema:
    """The path item."""
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    taken: Schema = {
        "type": "object",
        "properties": {
            "taken": {"type": "integer", "minimum": 0},
            "duplicate": {"type": "boolean", "description": "this very report was here before, and counts once"},
            "ignored": {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 1},
                "description": "exchanges that were not taken, by the reason",
            },
        },
        "required": ["taken", "duplicate", "ignored"],
        "additionalProperties": False,
    }
    answers: Schema = {"200": {"description": "stored", "content": {"application/json": {"schema": taken}}}}
    answers |= {code: {"description": why, "content": refused} for code, why in _REFUSALS.items()}
    return {
        "post": {
            "operationId": "report",
            "summary": "Tell what became of messages that an application sent",
            "security": [{"reports": []}],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": MOST_EXCHANGES,
                            "items": _exchange(),
                        }
                    }
                },
            },
            "responses": answers,
        }
    }


def _exchange() -> Schema:
    text: Schema = {"type": "string"}
    return {
        "type": "object",
        "description": "what `wamon classify` reads, too; other keys are ignored, none is needed but `at`",
        "properties": {
            "at": {"type": "string", "format": "date-time"},
            "target": {**text, "description": "the name of a traffic target"},
            "phone_number_id": {
                **text,
                "description": "Meta's id of the sending number, where no target is named",
            },
            "account": {**text, "description": "the account, where neither says it"},
            "reached": {"enum": [*PHASES, None]},
            "failure": {"enum": [*map(str, Failure), None]},
            "http_status": {"type": ["integer", "null"]},
            "headers": {"type": "object"},
            "body": {"description": "Graph's answer; only codes and its shape are kept"},
            "durations_ms": {"type": "object", "properties": {one: {"type": "number"} for one in STEPS}},
        },
    }

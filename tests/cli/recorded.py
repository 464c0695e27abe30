"""Recorded exchanges, written as a recorder would."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FINE = {"id": "1", "display_phone_number": "15550783881", "verified_name": "Sturdy Shop"}
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]
VALID = {"data": {"is_valid": True, "scopes": SCOPES, "expires_at": 0}}
START = datetime(2026, 9, 7, tzinfo=UTC)


def line(target: str, probe: str, at: datetime, http_status: int, body: object) -> dict[str, Any]:
    """One exchange that was answered."""
    return {
        "target": target,
        "probe": probe,
        "at": at.isoformat().replace("+00:00", "Z"),
        "reached": "answered",
        "http_status": http_status,
        "body": body,
        "durations_ms": {"total": 100.0},
    }


def two_days() -> Iterator[Mapping[str, Any]]:
    """Every five minutes; on the first day 20 minutes are Meta's fault, and 30 a refusal of a valid token."""
    for number in range(2 * 288):
        at = START + timedelta(minutes=5 * number)
        http_status, body = 200, FINE
        if 120 <= number < 124:
            http_status, body = 500, {"error": {"code": 2, "message": "Service temporarily unavailable"}}
        if 200 <= number < 206:
            http_status, body = 401, {"error": {"code": 190, "message": "Error validating access token"}}
        yield line("cloud-api", "api", at, http_status, body)
        yield line("control-1", "control", at, 204, None)
        yield line("token", "token", at, 200, VALID)


def write(path: Path, exchanges: Iterable[Mapping[str, Any]], *more: str) -> Path:
    """As JSON Lines; ``more`` are lines as they are."""
    path.write_text("".join(f"{text}\n" for text in (*map(json.dumps, exchanges), *more)))
    return path

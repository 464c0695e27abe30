"""A recording as a long watch writes it: every key, headers, durations, now and then trouble. Always the same."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from wamon.core.timeline import DAY, SECOND, iso, to_ms

BEGIN_MS = to_ms(datetime(2026, 9, 7, tzinfo=UTC))
"""A Monday."""

INTERVAL_MS = 30 * SECOND
TARGETS = (("cloud-api", "api"), ("send", "message"), ("token", "token"), ("control-1", "control"))

Line = dict[str, Any]

_HEADERS = {
    "content-type": "application/json; charset=UTF-8",
    "facebook-api-version": "v25.0",
    "x-fb-rev": "1034567890",
    "strict-transport-security": "max-age=15552000; preload",
    "x-business-use-case-usage": '{"102290129340398":[{"type":"whatsapp","call_count":1,"total_cputime":1,'
    '"total_time":1,"estimated_time_to_regain_access":0}]}',
}
_NODE = {
    "verified_name": "Sturdy Shop",
    "code_verification_status": "VERIFIED",
    "display_phone_number": "+1 555-078-3881",
    "quality_rating": "GREEN",
    "platform_type": "CLOUD_API",
    "throughput": {"level": "STANDARD"},
    "id": "106540352242922",
}
_SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]
_GOOD: dict[str, Any] = {
    "api": _NODE,
    "token": {"data": {"app_id": "138483919580948", "is_valid": True, "expires_at": 0, "scopes": _SCOPES}},
    "control": None,
}


def recording(days: float, targets: tuple[tuple[str, str], ...] = TARGETS, seed: int = 7) -> Iterator[Line]:
    """Lines of all targets, sorted by ``at``; a few in a thousand are failures, most of them in rows."""
    chance = Random(seed)  # the same recording every time
    trouble: dict[str, list[Line]] = {name: [] for name, _ in targets}
    for slot in range(int(days * DAY) // INTERVAL_MS):
        due = sorted((slot * INTERVAL_MS + chance.randrange(900), name, probe) for name, probe in targets)
        for offset_ms, name, probe in due:
            if not trouble[name] and chance.random() < 0.0008:
                trouble[name] = [chance.choice(_FAILURES)] * chance.choice((1, 3, 6, 20))
            said = trouble[name].pop() if trouble[name] and probe not in ("token", "control") else None
            yield _line(name, probe, BEGIN_MS + offset_ms, said, chance)


def _line(name: str, probe: str, at_ms: int, said: Line | None, chance: Random) -> Line:
    first_ms = 90 + chance.randrange(900) / 10
    trace = f"A{chance.getrandbits(60):015x}"
    line: Line = {
        "target": name,
        "probe": probe,
        "at": iso(at_ms),
        "request_fingerprint": f"sha256:{name}-request",
        "token_fingerprint": "sha256:one-token" if probe != "control" else None,
        "reached": "answered",
        "failure": None,
        "http_status": 200,
        "headers": _HEADERS | {"x-fb-trace-id": trace, "date": "Mon, 07 Sep 2026 00:00:30 GMT"},
        "body": _body(probe, trace),
        "durations_ms": {
            "dns": 1.2,
            "connect": 9.8,
            "tls": 21.0,
            "first_byte": round(first_ms, 1),
            "total": round(first_ms + 1.5, 1),
        },
    }
    return line | (said or {})


def _body(probe: str, trace: str) -> Any:
    if probe != "message":
        return _GOOD[probe]
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "15550000000", "wa_id": "15550000000"}],
        "messages": [{"id": f"wamid.{trace}", "message_status": "accepted"}],
    }


def _refused(http_status: int, code: int, message: str) -> Line:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEf"}
    return {"http_status": http_status, "body": {"error": error}}


def _lost(reached: str, failure: str) -> Line:
    return {"reached": reached, "failure": failure, "http_status": None, "headers": {}, "body": None}


_FAILURES = (
    _refused(500, 2, "(#2) Service temporarily unavailable"),
    _refused(500, 131016, "(#131016) Service unavailable"),
    _refused(401, 190, "Error validating access token: Session has expired"),
    _refused(400, 100, "(#100) Invalid parameter"),
    _refused(400, 4, "(#4) Application request limit reached"),
    _lost("sent", "read_timeout"),
    _lost("none", "connect_timeout"),
)


def write(path: Path, days: float, **chosen: Any) -> int:
    """The recording as JSON Lines; how many lines."""
    with path.open("w") as out:
        return sum(bool(out.write(json.dumps(one) + "\n")) for one in recording(days, **chosen))

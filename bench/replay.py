"""How many recorded exchanges `wamon replay` judges in a second, and how much memory that takes.

Nine days of four targets every 30 seconds, 103,680 lines with every key that a recorder writes: good answers of a
phone-number node, an hour of errors, a token that is refused, a path that fails. Bounds: 25,000 a second, 300 MiB.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from wamon.core.timeline import HOUR, SECOND, iso, parse_iso
from wamon.replay import Plan, replay

FIRST_MS = parse_iso("2026-09-07T00:00:00Z")
DAYS = 9
STEP_MS = 30 * SECOND
MUST, AIM, MEBIBYTES = 25_000, 50_000, 300

NODE = {
    "id": "106540352242922",
    "display_phone_number": "+1 555-000-0000",
    "verified_name": "Bench",
    "quality_rating": "GREEN",
    "status": "CONNECTED",
    "throughput": {"level": "STANDARD"},
    "health_status": {"can_send_message": "AVAILABLE", "entities": [{"entity_type": "APP", "id": "1"}]},
}
TOKEN = {"data": {"is_valid": True, "expires_at": 0, "scopes": ["whatsapp_business_management"]}}
HEADERS = {
    "x-fb-trace-id": "AbCdEfGhIjK",
    "facebook-api-version": "v25.0",
    "content-type": "application/json; charset=UTF-8",
    "x-business-use-case-usage": '{"1":[{"type":"messaging","call_count":1}]}',
}


def answered(target: str, probe: str, at_ms: int, status: int, body: object) -> dict[str, object]:
    return {
        "target": target,
        "probe": probe,
        "at": iso(at_ms + at_ms // 7 % 900),
        "request_fingerprint": f"request-{target}",
        "token_fingerprint": "token-1",
        "reached": "answered",
        "failure": None,
        "http_status": status,
        "headers": HEADERS,
        "body": body,
        "durations_ms": {"dns": 1.2, "connect": 9.8, "tls": 21.0, "first_byte": 140.0, "total": 171.5},
    }


def failure(code: int) -> dict[str, object]:
    return {"error": {"code": code, "message": f"(#{code}) Trouble", "fbtrace_id": "AbC"}}


def api(at_ms: int) -> dict[str, object]:
    hour = (at_ms - FIRST_MS) // HOUR
    if hour == 30:
        return answered("cloud-api", "api", at_ms, 500, failure(2))
    if hour in (80, 81):
        return answered("cloud-api", "api", at_ms, 401, failure(190))
    return answered("cloud-api", "api", at_ms, 200, NODE)


def edge(at_ms: int) -> dict[str, object]:
    if (at_ms - FIRST_MS) // HOUR == 120:
        lost = answered("edge", "edge", at_ms, 0, None)
        return lost | {"reached": "none", "failure": "connect_timeout", "http_status": None}
    return answered("edge", "edge", at_ms, 400, failure(104))


def lines() -> Iterator[str]:
    for at_ms in range(FIRST_MS, FIRST_MS + DAYS * 24 * HOUR, STEP_MS):
        yield json.dumps(api(at_ms))
        yield json.dumps(edge(at_ms))
        yield json.dumps(answered("token", "token", at_ms, 200, TOKEN))
        yield json.dumps(answered("control-1", "control", at_ms, 200, "<html>here</html>"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "exchanges.jsonl")
        number = path.write_text("\n".join(lines())) and DAYS * 24 * HOUR // STEP_MS * 4
        best = 0.0
        for _ in range(3):
            began, spent = time.perf_counter(), time.process_time()
            replay(path, Plan(), StringIO())
            wall, cpu = time.perf_counter() - began, time.process_time() - spent
            best = max(best, number / wall)
            print(f"{number} lines in {wall:.2f} s ({cpu:.2f} s of CPU): {number / wall:,.0f} a second")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"best: {best:,.0f} a second, must {MUST:,} ({best / MUST:.2f} x), aim {AIM:,} ({best / AIM:.2f} x)")
    print(f"peak memory: {peak:.0f} MiB, must {MEBIBYTES}")
    sys.exit(best < MUST or peak > MEBIBYTES)


if __name__ == "__main__":
    main()

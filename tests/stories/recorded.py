"""Recorded days for the stories: lines of exchanges as CONTRACT section 4 has them, and a replay of them."""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wamon.core.timeline import iso, to_ms
from wamon.replay import Plan, replay

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONDAY = to_ms(datetime(2026, 11, 2, tzinfo=UTC))
TUESDAY = MONDAY + DAY
"""The day of the vectors; Monday and Wednesday are its observed neighbours."""

Line = dict[str, Any]

NODE = {"reached": "answered", "http_status": 200, "body": {"id": "106540352242922"}}
EXPIRED = {
    "reached": "answered",
    "http_status": 401,
    "body": {"error": {"message": "(#190) Expired", "type": "OAuthException", "code": 190, "fbtrace_id": "T"}},
}
SYSTEM = {
    "reached": "answered",
    "http_status": 500,
    "body": {"error": {"message": "(#131016) Service unavailable", "code": 131016, "fbtrace_id": "T"}},
}
UPDATE = {"reached": "answered", "http_status": 500, "body": {"error": {"message": "(#2) Down", "code": 2}}}
MALFORMED = {"reached": "answered", "http_status": 400, "body": {"error": {"message": "(#100) Bad", "code": 100}}}
THROTTLED = {"reached": "answered", "http_status": 400, "body": {"error": {"message": "(#4) Many", "code": 4}}}
UNREACHED = {"reached": "none", "failure": "connect_timeout"}
SITE = {"reached": "answered", "http_status": 200}
VALID = {
    "reached": "answered",
    "http_status": 200,
    "body": {
        "data": {
            "is_valid": True,
            "expires_at": 0,
            "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
        }
    },
}
INVALID = {"reached": "answered", "http_status": 200, "body": {"data": {"is_valid": False, "scopes": []}}}


def at(text: str, day_ms: int = TUESDAY) -> int:
    """``10:00`` or ``10:00:10`` of Tuesday."""
    hours, minutes, seconds = (int(part) for part in (*text.split(":"), "0")[:3])
    return day_ms + hours * HOUR + minutes * MINUTE + seconds * SECOND


def every(first: str, last: str, step_ms: int = MINUTE) -> range:
    """Instants from first to last, both included."""
    return range(at(first), at(last) + 1, step_ms)


def line(at_ms: int, said: Line, target: str = "cloud-api", probe: str = "api", **rest: Any) -> Line:
    """One line of a recording."""
    return {"target": target, "probe": probe, "at": iso(at_ms), **said, **rest}


@dataclass(frozen=True)
class Watch:
    """What one target said: good looks at its interval from first to last, with other words at some instants."""

    target: str = "cloud-api"
    probe: str = "api"
    good: Line = field(default_factory=lambda: NODE)
    step_ms: int = MINUTE
    first_ms: int = MONDAY + 20 * HOUR
    last_ms: int = TUESDAY + DAY + 4 * HOUR

    def lines(self, said: dict[int, Line] | None = None, skip: Iterable[int] = (), **rest: Any) -> Iterator[Line]:
        """Every look in order."""
        words, left_out = said or {}, set(skip)
        instants = sorted({*range(self.first_ms, self.last_ms + 1, self.step_ms), *words} - left_out)
        for one in instants:
            yield line(one, words.get(one, self.good), self.target, self.probe, **rest)


def bad(said: Line, instants: Iterable[int]) -> dict[int, Line]:
    """The same words at every instant."""
    return dict.fromkeys(instants, said)


def merged(*rows: Iterable[Line]) -> list[Line]:
    """Several targets' lines, by instant."""
    return sorted((one for row in rows for one in row), key=lambda one: one["at"])


@dataclass(frozen=True)
class Story:
    """The document of a replay, with what its readers ask of it."""

    document: dict[str, Any]
    complaints: str

    def day(self, target: str = "cloud-api", date: str = "2026-11-03") -> Line:
        """One row of days."""
        (row,) = [one for one in self.document["days"] if (one["target"], one["date"]) == (target, date)]
        return row

    def incidents(self, *keys: str) -> list[tuple[Any, ...]]:
        """The rows of incidents, by some of their keys."""
        return [tuple(one[key] for key in keys) for one in self.document["incidents"]]

    def told(self) -> list[tuple[str, str, str]]:
        """Clock time, kind and phase of every notice."""
        return [(one["at"][11:19], one["kind"], one["phase"]) for one in self.document["notifications"]]

    def titles(self) -> list[str]:
        """First lines of all notices."""
        return [one["title"] for one in self.document["notifications"]]


def play(tmp_path: Path, lines: Iterable[Line | str], plan: Plan | None = None) -> Story:
    """Write the lines down and replay them; a line that is text is written as it is."""
    path = tmp_path / "exchanges.jsonl"
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
    complaints = io.StringIO()
    document = replay(path, plan or Plan(), complaints)
    return Story(json.loads(json.dumps(document)), complaints.getvalue())

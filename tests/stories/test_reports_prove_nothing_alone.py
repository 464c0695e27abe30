"""Reports of an application alone never turn a verdict towards Meta; a signed event beside them may."""

from pathlib import Path

import pytest

from tests.stories.recorded import EXPIRED, MINUTE, SECOND, SYSTEM, Line, at, line, play

ACCEPTED = {"reached": "answered", "http_status": 200, "body": {"messages": [{"id": "wamid.X"}]}}
NOON = at("12:00")


def reported(call: Line, minute_ms: int) -> list[Line]:
    """Six calls of one minute, as an application told them."""
    return [line(minute_ms + n * SECOND, call, "real", "traffic") for n in range(6)]


def signed(minute_ms: int, code: int | None = 131016) -> list[Line]:
    """Six messages of one minute, failed with a code or else sent, as Meta's own webhooks told them."""
    told = {"status": "sent"} if code is None else {"status": "failed", "errors": [{"code": code}]}
    rows = [{"id": f"wamid.{n}", "timestamp": str(minute_ms // SECOND), **told} for n in range(6)]
    body = {"entry": [{"changes": [{"field": "messages", "value": {"statuses": rows}}]}]}
    answer = {"reached": "answered", "http_status": 200, "body": body}
    return [line(minute_ms + 5 * SECOND, answer, "real", "traffic")]


def told(*burst: list[Line]) -> list[Line]:
    """Good minutes, a burst at noon, and good ones again."""
    good = [NOON + n * MINUTE for n in (*range(-10, 0), *range(3, 13))]
    lines = [one for minute_ms in good for one in reported(ACCEPTED, minute_ms)]
    return sorted([*lines, *(one for minute in burst for one in minute)], key=lambda one: str(one["at"]))


REFUSED = reported(EXPIRED, NOON + MINUTE)
"""A doubtful refusal between two minutes of system faults: `mixed_burst` would call it Meta's."""


@pytest.mark.parametrize(
    ("before", "after", "turned"),
    [
        (reported(SYSTEM, NOON), reported(SYSTEM, NOON + 2 * MINUTE), False),
        (signed(NOON), reported(SYSTEM, NOON + 2 * MINUTE), True),
        (reported(SYSTEM, NOON), signed(NOON + 2 * MINUTE), True),
        ([*signed(NOON), *reported(SYSTEM, NOON)], reported(SYSTEM, NOON + 2 * MINUTE), True),
        ([*signed(NOON, None), *reported(SYSTEM, NOON)], reported(SYSTEM, NOON + 2 * MINUTE), False),
    ],
    ids=[
        "reports alone",
        "a webhook before",
        "a webhook after",
        "webhooks and reports in one minute",
        "a webhook that tells of no failure",
    ],
)
def test_a_refusal_amid_reported_faults_is_turned_only_with_a_signed_event_beside_them(
    tmp_path: Path, before: list[Line], after: list[Line], turned: bool
) -> None:
    story = play(tmp_path, told(before, REFUSED, after))
    rows = [(one["rule"], one["to"], one["observations"]) for one in story.document["reclassified"]]
    assert rows == ([("mixed_burst", "system_error", 1)] if turned else [])
    assert story.day("real")["down_s"] == (180.0 if turned else 120.0)

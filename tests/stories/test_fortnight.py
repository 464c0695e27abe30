"""A fortnight of two targets at 30 s, and the figures that a calculation by hand gives (issue 3, "must show").

Every look is at its slot, so a look owns 15 s to either side (the arithmetic, 1.4: half the way to its neighbour),
and n bad looks in a row own 30 n seconds. At a hole a look owns 45 s (H = 0.75 * max(30 s, 60 s)).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from wamon.core.timeline import to_ms

from .recorded import (
    EXPIRED,
    HOUR,
    MINUTE,
    SECOND,
    SITE,
    SYSTEM,
    THROTTLED,
    UNREACHED,
    UPDATE,
    VALID,
    Line,
    Story,
    Watch,
    bad,
    merged,
    play,
)

API, SEND = "cloud-api", "send"
NODE = {"reached": "answered", "http_status": 200, "body": {"id": "106540352242922", "quality_rating": "GREEN"}}
SENT = {"reached": "answered", "http_status": 200, "body": {"messages": [{"id": "wamid.A"}]}}
NO_TEMPLATE = {
    "reached": "answered",
    "http_status": 404,
    "body": {"error": {"message": "(#132001)", "code": 132001}},
}
STEP_MS = 30 * SECOND


def on(day: int, clock: str) -> int:
    """A moment of November 2026; the 2nd and the 9th are Mondays."""
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return to_ms(datetime(2026, 11, day, hours, minutes, seconds, tzinfo=UTC))


def row(first_ms: int, looks: int, step_ms: int = STEP_MS) -> list[int]:
    """So many looks in a row."""
    return [first_ms + number * step_ms for number in range(looks)]


FIRST_MS, LAST_MS = on(1, "22:00:00"), on(16, "02:00:00")
"""From the Sunday before to the Monday after, so that the 14 days are whole and have observed neighbours."""

HOLE = range(on(8, "03:00:00"), on(8, "03:20:00"))
"""Nothing ran for 20 minutes."""

CABLE = row(on(14, "20:00:05"), 6, MINUTE)
"""Our own line was cut: the control's looks of these minutes failed."""

API_SAID = {
    **bad(SYSTEM, row(on(3, "10:00:00"), 10)),  # an outage of ten looks
    **bad(SYSTEM, [on(4, "12:00:00")]),  # a blip
    **bad(EXPIRED, row(on(5, "08:00:00"), 60)),  # a token refused, which debug_token called valid meanwhile
    **bad(UNREACHED, row(on(7, "14:00:00"), 5)),  # the path to Meta
    **bad(THROTTLED, row(on(12, "16:00:00"), 20)),  # our own quota
    **bad(UNREACHED, row(on(14, "20:00:00"), 10)),  # our own line
}
SEND_SAID = {
    **bad(NO_TEMPLATE, row(on(6, "11:00:10"), 20)),  # a template that does not exist
    **bad(SYSTEM, row(on(9, "23:56:10"), 20)),  # over midnight, long enough for Meta's rule
    **bad(UPDATE, row(on(13, "09:00:10"), 30)),  # a quarter of an hour on one day
    **bad(UNREACHED, row(on(14, "20:00:10"), 10)),  # our own line
}

HAND: dict[tuple[str, int], dict[str, float]] = {
    # 10 looks own 10 * 30 s. Proven: from the first to the last, 9 * 30. Worst: from the answer before (09:59:30)
    # to the one after (10:05:00), 11 * 30. Under ten minutes, so nothing of it by Meta's rule.
    (API, 3): {"down_s": 300, "proven_down_s": 270, "worst_down_s": 330},
    # A lone failure is forgiven, but the worst case still asks what was between 11:59:30 and 12:00:30.
    (API, 4): {"worst_down_s": 60},
    # 60 looks, first the user's (see the first publication), then Meta's: 60 * 30, 59 * 30, 61 * 30.
    (API, 5): {"down_s": 1800, "meta_down_s": 1800, "proven_down_s": 1770, "worst_down_s": 1830},
    # 20 looks refused for a cause that is the template's: no proof is missing that Meta works.
    (SEND, 6): {"user_error_s": 600, "worst_down_s": 600},
    # 5 looks of column network: the blind spot, and no downtime, not even at worst.
    (API, 7): {"network_s": 150, "blind_spot_s": 150},
    # From the look at 02:59:30 to that at 03:20:00 are 1230 s, of which 45 belong to either.
    (API, 8): {"unobserved_s": 1140, "worst_down_s": 1140},
    # The same from 02:59:40 to 03:20:10.
    (SEND, 8): {"unobserved_s": 1140, "worst_down_s": 1140},
    # 20 looks from 23:56:10 to 00:05:40 own 23:55:55 to 00:05:55, 600 s: a chain by Meta's rule, cut at midnight
    # last. Proven reaches from the first to the last, worst from 23:55:40 to 00:06:10.
    (SEND, 9): {"down_s": 245, "meta_down_s": 245, "proven_down_s": 230, "worst_down_s": 260},
    (SEND, 10): {"down_s": 355, "meta_down_s": 355, "proven_down_s": 340, "worst_down_s": 370},
    # 20 looks throttled: that proves Graph's front only.
    (API, 12): {"user_error_s": 600, "unproved_s": 600, "worst_down_s": 600},
    # 30 looks: 30 * 30, 29 * 30, 31 * 30.
    (SEND, 13): {"down_s": 900, "meta_down_s": 900, "proven_down_s": 870, "worst_down_s": 930},
    # 10 looks of each while the control failed too: nobody knows.
    (API, 14): {"unobserved_s": 300, "worst_down_s": 300},
    (SEND, 14): {"unobserved_s": 300, "worst_down_s": 300},
}
SECONDS = (
    "down_s", "meta_down_s", "network_s", "user_error_s", "unproved_s", "maintenance_s", "unobserved_s",
    "blind_spot_s", "partial_s", "proven_down_s", "worst_down_s",
)  # fmt: skip


def recording() -> list[Line]:
    def seen(
        target: str, probe: str, good: Line, late_s: int, step_ms: int, said: dict[int, Line]
    ) -> Iterator[Line]:
        watch = Watch(target, probe, good, step_ms, FIRST_MS + late_s * SECOND, LAST_MS)
        return watch.lines(said, skip=HOLE)

    return merged(
        seen(API, "api", NODE, 0, STEP_MS, API_SAID),
        seen(SEND, "message", SENT, 10, STEP_MS, SEND_SAID),
        seen("control-1", "control", SITE, 5, MINUTE, bad(UNREACHED, CABLE)),
        seen("token", "token", VALID, 20, HOUR // 4, {}),
    )


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return play(tmp_path_factory.mktemp("fortnight"), recording())


@pytest.mark.parametrize("target", [API, SEND, "platform"])
@pytest.mark.parametrize("day", range(2, 16))
def test_every_day_has_the_figures_of_the_hand(fortnight: Story, target: str, day: int) -> None:
    """Sends are all that the platform's row is built from: nothing here came back."""
    hand = dict.fromkeys(SECONDS, 0.0) | HAND.get((SEND if target == "platform" else target, day), {})
    found = fortnight.day(target, f"2026-11-{day:02d}")
    assert {key: found[key] for key in SECONDS} == hand
    assert found["seconds"] == 86_400
    # The ratios, written out: nothing was declared as maintenance.
    observed = 86_400 - hand["unobserved_s"]
    assert found["coverage"] == 1 - hand["unobserved_s"] / 86_400
    assert found["availability"] == 1 - hand["down_s"] / (observed - hand["network_s"])
    stopped = hand["down_s"] + hand["network_s"] + hand["user_error_s"]
    assert found["availability_experienced"] == 1 - stopped / observed
    assert found["availability_meta"] == 1 - hand["meta_down_s"] / 86_400


def test_what_was_said_first_of_the_refused_token_stays_visible(fortnight: Story) -> None:
    """On the 6th at 00:15 the day was closed with the user's fault; the pass of Monday the 9th gave it to Meta."""
    refused = fortnight.day(API, "2026-11-05")
    assert (refused["revision"], refused["first_published"]) == (2, {"availability": 1.0})
    others = [one for one in fortnight.document["days"] if one["date"] != "2026-11-05" or one["target"] != API]
    assert {one["revision"] for one in others if one["state"] != "open"} == {1}


def test_a_pass_with_a_weeks_hindsight_settles_a_day(fortnight: Story) -> None:
    """The last pass runs with the last line, on the 16th: it sees a week beyond the 8th and no day after it."""
    states = {one["date"]: one["state"] for one in fortnight.document["days"] if one["target"] == API}
    assert {states[f"2026-11-{day:02d}"] for day in range(2, 9)} == {"settled"}
    assert {states[f"2026-11-{day:02d}"] for day in range(9, 16)} == {"closed"}
    assert states["2026-11-16"] == "open"


def test_sixty_looks_turned_by_one_rule(fortnight: Story) -> None:
    (turned,) = fortnight.document["reclassified"]
    assert turned == {
        "target": API,
        "from": "user_error",
        "to": "system_error",
        "rule": "same_token_valid",
        "observations": 60,
        "seconds": 60 * 30,
    }


INCIDENTS: list[tuple[Any, ...]] = [
    # Owned edges: 15 s before the first bad look, 15 s after the last one.
    (API, "2026-11-03T09:59:45Z", "2026-11-03T10:04:45Z", "system_error", "service"),
    (API, "2026-11-05T07:59:45Z", "2026-11-05T08:29:45Z", "system_error", "authentication"),
    (SEND, "2026-11-06T10:59:55Z", "2026-11-06T11:09:55Z", "user_error", "template"),
    (API, "2026-11-07T13:59:45Z", "2026-11-07T14:02:15Z", "network_error", "path"),
    # 45 s after the last look, 45 s before the next.
    (API, "2026-11-08T03:00:15Z", "2026-11-08T03:19:15Z", "inconclusive", "none"),
    (SEND, "2026-11-08T03:00:25Z", "2026-11-08T03:19:25Z", "inconclusive", "none"),
    (SEND, "2026-11-09T23:55:55Z", "2026-11-10T00:05:55Z", "system_error", "service"),
    (API, "2026-11-12T15:59:45Z", "2026-11-12T16:09:45Z", "user_error", "throttling"),
    (SEND, "2026-11-13T08:59:55Z", "2026-11-13T09:14:55Z", "system_error", "service"),
    (API, "2026-11-14T19:59:45Z", "2026-11-14T20:04:45Z", "network_error", "local_network"),
    (SEND, "2026-11-14T19:59:55Z", "2026-11-14T20:04:55Z", "network_error", "local_network"),
]


def test_every_incident_has_its_owned_edges_and_the_blip_has_none(fortnight: Story) -> None:
    keys = ("target", "opened_at", "closed_at", "verdict", "cause")
    assert fortnight.incidents(*keys) == INCIDENTS


def test_a_month_of_one_fortnight_is_its_seconds_added_and_divided_once(fortnight: Story) -> None:
    """D of the sends: 245 + 355 + 900 = 1500 s of 14 days less 1140 + 300 s that nobody saw."""
    days = [fortnight.day(SEND, f"2026-11-{day:02d}") for day in range(2, 16)]
    down_s = sum(one["down_s"] for one in days)
    observed_s = sum(one["seconds"] - one["unobserved_s"] for one in days)
    assert (down_s, observed_s) == (1_500, 14 * 86_400 - 1_440)
    assert 1 - down_s / observed_s == pytest.approx(0.998_758_4, abs=1e-7)

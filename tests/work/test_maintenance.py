"""Windows in a person's words: what is read, what is refused and with which sentence, how they are said again."""

from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from wamon.core.maintenance import Once, Recurring, Window
from wamon.core.observation import ProbeKind
from wamon.core.timeline import DAY, HOUR, MINUTE, iso, parse_iso
from wamon.core.watched import Watched
from wamon.ledger.words import Declaration
from wamon.work.maintenance import (
    MaintenanceAsked,
    about_text,
    content_of,
    phase,
    read_window,
    retroactive,
    standing,
    when_text,
    window_of,
)

NOW = parse_iso("2026-11-03T09:00:00Z")
BERLIN = ZoneInfo("Europe/Berlin")
TARGETS = (
    Watched("cloud-api", ProbeKind.API, MINUTE),
    Watched("webhook", ProbeKind.WEBHOOK, MINUTE),
    Watched("send", ProbeKind.MESSAGE, HOUR, "client"),
)


def read(**words: Any) -> Window:
    asked = MaintenanceAsked(**({"because": "database moves", "author": "anna"} | words))
    return read_window(asked, TARGETS, BERLIN, NOW)


ONCE = [
    ({"from_": "2026-11-04T02:00", "to": "2026-11-04T04:00"}, "2026-11-04T01:00:00Z", "2026-11-04T03:00:00Z"),
    ({"from_": "2026-11-04 02:00", "for_": "90m"}, "2026-11-04T01:00:00Z", "2026-11-04T02:30:00Z"),
    ({"from_": "2026-11-04", "to": "2026-11-05"}, "2026-11-03T23:00:00Z", "2026-11-04T23:00:00Z"),
    ({"from_": "2026-11-04T02:00Z", "for_": "1h"}, "2026-11-04T02:00:00Z", "2026-11-04T03:00:00Z"),
    ({"from_": "2026-11-04T02:00-03:00", "for_": "1h"}, "2026-11-04T05:00:00Z", "2026-11-04T06:00:00Z"),
    ({"from_": "now", "for_": "2h"}, "2026-11-03T09:00:00Z", "2026-11-03T11:00:00Z"),
    ({"to": "2026-11-03T11:00"}, "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z"),
    ({"from_": "2026-11-04T02:00", "for_": "1h", "zone": "UTC"}, "2026-11-04T02:00:00Z", "2026-11-04T03:00:00Z"),
    # Of a time that comes twice it is the first one; a time that is skipped is taken by the offset before.
    ({"from_": "2026-10-25T02:30", "for_": "1h"}, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
    ({"from_": "2026-03-29T02:30", "to": "2026-03-29T03:45"}, "2026-03-29T01:30:00Z", "2026-03-29T01:45:00Z"),
]


@pytest.mark.parametrize(("words", "start", "end"), ONCE)
def test_a_window_of_its_own(words: dict[str, str], start: str, end: str) -> None:
    when = read(**words).when
    assert isinstance(when, Once)
    assert (iso(when.start_ms), iso(when.end_ms)) == (start, end)


RECURRING = [
    ({"every": "day"}, Recurring(time(2), 2 * HOUR, date(2026, 11, 3))),
    ({"every": "thursday, monday,monday"}, Recurring(time(2), 2 * HOUR, date(2026, 11, 3), (0, 3))),
    ({"every": "Sunday", "first": date(2026, 1, 1)}, Recurring(time(2), 2 * HOUR, date(2026, 1, 1), (6,))),
    (
        {"every": "day", "last": date(2026, 11, 3)},
        Recurring(time(2), 2 * HOUR, date(2026, 11, 3), (), date(2026, 11, 3)),
    ),
]


@pytest.mark.parametrize(("words", "when"), RECURRING)
def test_a_recurring_window_begins_today_unless_it_is_said(words: dict[str, Any], when: Recurring) -> None:
    window = read(at="02:00", for_="2h", **words)
    assert (window.when, window.zone, window.declared_at_ms) == (when, "Europe/Berlin", NOW)


REFUSED = [
    ({}, "say when: --from 2026-11-01T02:00 --to 2026-11-01T04:00, or --every monday --at 02:00 --for 2h"),
    ({"from_": "now"}, "a window needs one end: --to 2026-11-01T04:00 or --for 2h"),
    (
        {"from_": "now", "to": "2027-01-01", "for_": "2h"},
        "a window needs one end: --to 2026-11-01T04:00 or --for 2h",
    ),
    (
        {"from_": "now", "every": "day"},
        "one window is either once or recurring: --from 2026-11-01T02:00 --to 2026-11-01T04:00, or --every monday"
        " --at 02:00 --for 2h",
    ),
    (
        {"from_": "tomorrow", "for_": "2h"},
        "--from 'tomorrow' is no time; write it like 2026-11-03T02:00, or 2026-11-03T09:00:00Z",
    ),
    (
        {"from_": "2026-11-04T02:00", "to": "2026-11-04T02:00"},
        "--to 2026-11-04T01:00:00Z is not after --from 2026-11-04T01:00:00Z: name a later end",
    ),
    ({"from_": "now", "for_": "2 hours"}, "--for: '2 hours' is not a duration such as 30s, 5m or 2h"),
    ({"from_": "now", "for_": "0s"}, "--for: '0s' is no time at all; write a duration such as 30s, 5m or 2h"),
    ({"every": "monday"}, "a recurring window needs --every, --at and --for: --every monday --at 02:00 --for 2h"),
    (
        {"at": "02:00", "for_": "2h"},
        "a recurring window needs --every, --at and --for: --every monday --at 02:00 --for 2h",
    ),
    (
        {"every": "mondey", "at": "02:00", "for_": "2h"},
        "--every: 'mondey' is not a day of the week; did you mean monday?",
    ),
    ({"every": "day", "at": "2", "for_": "2h"}, "--at '2' is no time of a day; write it like 02:00"),
    (
        {"every": "day", "at": "02:00", "for_": "169h"},
        "--for 169h is longer than a week; write a shorter time, such as 2h",
    ),
    (
        {"every": "day", "at": "02:00", "for_": "2h", "last": date(2026, 11, 2)},
        "--last 2026-11-02 lies before the first day 2026-11-03; name a later one",
    ),
    (
        {"from_": "now", "for_": "2h", "zone": "Berlin"},
        "--zone: 'Berlin' is not a known time zone; did you mean Europe/Berlin?",
    ),
    (
        {"from_": "now", "for_": "2h", "targets": ("cloud-apy",)},
        "--target 'cloud-apy' is not watched; did you mean cloud-api?",
    ),
    ({"from_": "now", "for_": "2h", "accounts": ("x",)}, "--account 'x' is not watched; there are client, graph"),
    (
        {"from_": "now", "for_": "2h", "because": " "},
        "--because needs a reason, such as --because 'database moves': it is read beside the days",
    ),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_what_to_write(words: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as refused:
        read(**words)
    assert str(refused.value) == said


SAID = [
    (read(from_="2026-11-04T02:00", for_="2h"), "2026-11-04 02:00 to 04:00", "all targets"),
    (
        read(from_="2026-11-04T23:00", for_="2h", targets=("webhook",)),
        "2026-11-04 23:00 to 2026-11-05 01:00",
        "webhook",
    ),
    (read(from_="2026-11-04T02:00:30", for_="1h"), "2026-11-04 02:00:30 to 03:00:30", "all targets"),
    (
        read(every="day", at="02:00", for_="90m", targets=("webhook",), accounts=("client",)),
        "every day at 02:00 for 90m from 2026-11-03",
        "webhook, account client",
    ),
    (
        read(every="monday,thursday", at="02:00", for_="2h", last=date(2026, 12, 1)),
        "every monday, thursday at 02:00 for 2h from 2026-11-03 until 2026-12-01",
        "all targets",
    ),
]


@pytest.mark.parametrize(("window", "when", "about"), SAID)
def test_a_window_is_said_as_it_was_meant(window: Window, when: str, about: str) -> None:
    assert (when_text(window), about_text(window)) == (when, about)


@pytest.mark.parametrize("window", [one[0] for one in SAID])
def test_what_the_ledger_keeps_of_a_window_is_the_window(window: Window) -> None:
    kept = Declaration("maintenance", content_of(window), window.declared_at_ms, "anna", "it moves", 1)
    assert window_of(kept) == window
    withdrawn = Declaration("maintenance", content_of(window), NOW, "anna", "it moves", 2, NOW + DAY, "ben", "no")
    assert standing([kept, withdrawn]) == [window]


PHASES = [
    ({"from_": "2026-11-03T09:00Z", "for_": "1h"}, "now", False),
    ({"from_": "2026-11-03T09:01Z", "for_": "1h"}, "coming", False),
    ({"from_": "2026-11-03T08:00Z", "for_": "1h"}, "over", True),
    ({"from_": "2026-11-03T08:59Z", "for_": "1h"}, "now", True),
    ({"every": "day", "at": "02:00", "for_": "1h"}, "coming", True),
    ({"every": "day", "at": "11:00", "for_": "1h"}, "coming", False),
    ({"every": "monday", "at": "09:00", "for_": "1h", "first": date(2027, 1, 1)}, "coming", False),
    ({"every": "day", "at": "02:00", "for_": "1h", "last": date(2026, 11, 3)}, "over", True),
]


@pytest.mark.parametrize(("words", "is_now", "afterwards"), PHASES)
def test_a_window_is_coming_now_or_over_and_says_whether_it_was_declared_late(
    words: dict[str, Any], is_now: str, afterwards: bool
) -> None:
    window = read(**words)
    assert (phase(window, NOW), retroactive(window)) == (is_now, afterwards)

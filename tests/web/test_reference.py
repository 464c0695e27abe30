"""Meta's own page on ours: its age, its lights, its months beside ours, and what it changed."""

from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest

from tests.support.reports import NOW_MS, Shown, bad_week, metas_word, report
from tests.web.served import served
from wamon.core.reference import MetasWord
from wamon.core.timeline import HOUR, MINUTE
from wamon.web.reference import reference_document, theirs

UTC = ZoneInfo("UTC")
DOUBT = "and nothing else depends on it."
AGES = {
    "never": (MetasWord(), f"Not read since wamon started. What it says is unknown, {DOUBT}"),
    "never, with a reason": (
        MetasWord(trouble="data/orgs.json: answered 403"),
        f"Not read since wamon started: data/orgs.json: answered 403. What it says is unknown, {DOUBT}",
    ),
    "just now": (MetasWord(read_ms=NOW_MS - 4 * MINUTE, fresh=True), "Read 4 min ago."),
    "long ago": (
        MetasWord(read_ms=NOW_MS - 2 * HOUR, trouble="data/orgs.json: answered 403"),
        f"Last read 2 h ago (data/orgs.json: answered 403). What it says now is unknown, {DOUBT}",
    ),
}


@pytest.mark.parametrize(("word", "age"), AGES.values(), ids=AGES)
def test_the_age_of_the_reference_is_told(word: MetasWord, age: str) -> None:
    section = theirs(report(reference=word), UTC)
    assert section is not None
    assert section.age == age


def test_a_month_of_theirs_stands_beside_every_row_of_ours_with_the_difference_in_minutes() -> None:
    section = theirs(report(reference=metas_word()), UTC)
    assert section is not None
    assert [msgspec.structs.astuple(one) for one in section.months] == [
        (
            "2026-11",
            "8 of 30 days",
            "99.7 %, down 34.6 min",
            "cloud-api",
            "down 114.0 min, 100 % observed",
            "120.5 min where every second counts",
            "+79.4 min",
        ),
        ("2026-10", "whole", "100 %, down 0.0 min", "", "no figure of ours", "", ""),
    ]


def test_the_page_tells_what_meta_says_and_the_json_the_same() -> None:
    with (
        served(Shown(bad_week())) as address,
        httpx.Client(base_url=f"http://{address}", trust_env=False) as client,
    ):
        page = client.get("/").text
        word = client.get("/api/v1/status").json()["reference"]
    for said in (
        "Meta's own page",
        "Read 3 min ago. It stands beside our figures, not in them",
        "Something new",
        "We are looking into it. (still open)",
        "Meta changed its past: 1 entry",
        "120.5 min where every second counts",
        "each may be off by one, so only whole months can be compared exactly",
    ):
        assert said in page.replace("&#39;", "'")
    assert (word["age_s"], word["fresh"], word["trouble"]) == (180, True, "")
    assert [(one["service"], one["light"]) for one in word["services"]] == [
        ("Cloud API", "red"),
        ("WhatsApp Business account management", "yellow"),
        ("Embedded Signup", "green"),
        ("Graph API", "unknown"),
    ]
    assert word["months"][0]["beside"] == [
        {
            "target": "cloud-api",
            "meta_down_minutes": 114.0,
            "estimate_down_minutes": 120.5,
            "difference_minutes": 79.44,
            "coverage": 0.9989,
        }
    ]
    assert word["open_outages"][0]["title"] == "We are looking into it."
    assert word["changes"][0]["before"] == "97.92 %"


def test_where_meta_is_not_asked_nothing_is_said_of_it() -> None:
    assert theirs(report(), UTC) is None
    assert reference_document(report()) is None
    with served(Shown(report())) as address, httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        assert "own page" not in client.get("/").text
        assert client.get("/api/v1/status").json()["reference"] is None

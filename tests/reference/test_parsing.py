"""What Meta's pages may hold: the shapes seen, every shape that was not, and any bytes at all."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.meta_page import (
    GRAPH,
    LATENCY_P90,
    LOGIN,
    PAGES,
    UPTIME,
    WHATSAPP,
    FeedEntry,
    Light,
    OutageWord,
    Post,
    Series,
    Sign,
    light_of,
    worst,
)
from wamon.core.timeline import parse_iso
from wamon.reference.feed import feed
from wamon.reference.parsing import MOST_OUTAGES, MOST_POSTS, checked, outages, read, series, services
from wamon.reference.soft import MAXIMUM_CONTAINERS, instant, number

SEPTEMBER_MS = 1_790_000_000_000

NOT_THE_PAGE: dict[str, bytes] = {
    "nothing": b"",
    "html": b"<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>",
    "cut short": b'[{"id": "whatsapp-business-api", "services": [{"id": 1, "na',
    "a number": b"1",
    "null": b"null",
    "text": b'"down"',
    "not utf-8": b'[{"id": "\xff\xfe"}]',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "too many pieces": b"[" + b"{}," * MAXIMUM_CONTAINERS + b"{}]",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
@pytest.mark.parametrize("raw", NOT_THE_PAGE.values(), ids=NOT_THE_PAGE)
def test_what_is_not_the_page_is_not_read_as_one(page: Any, raw: bytes) -> None:
    assert read(page, raw) is None


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(WHATSAPP) | st.just("Resolved"),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(
                ["id", "services", "name", "status", "time", "service_id", "posts", "values", "description"]
            )
            | st.text(max_size=3),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(raw=st.binary() | json_like.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused_and_never_raise(raw: bytes) -> None:
    for page in PAGES:
        found = read(page, raw)
        assert found is None or isinstance(found, tuple)
    checked(raw)


@given(
    pieces=st.lists(
        st.sampled_from(
            [
                "<rss>",
                "<channel>",
                "<item>",
                "<title>",
                "</title>",
                "</item>",
                "</channel>",
                "</rss>",
                "&a;",
                "<?x?>",
            ]
        )
        | st.text(max_size=4)
    )
)
def test_any_torn_feed_is_read_or_refused_and_never_raises(pieces: list[str]) -> None:
    feed("".join(pieces).encode(errors="replace"), "")


def orgs(*listed: Any, org: Any = WHATSAPP) -> bytes:
    return json.dumps([{"id": org, "name": "WhatsApp Business Platform", "services": list(listed)}]).encode()


SERVICES: dict[str, tuple[Any, list[Sign] | None]] = {
    "as seen": (
        {"id": 1, "name": "Cloud API", "status": "No known issues", "time": "1790000000"},
        [Sign(WHATSAPP, "1", "Cloud API", "No known issues")],
    ),
    "an id as text": ({"id": "1", "name": "Cloud API"}, [Sign(WHATSAPP, "1", "Cloud API", "")]),
    "no id": ({"name": "Cloud API", "status": 7}, [Sign(WHATSAPP, "", "Cloud API", "7")]),
    "no name": ({"id": 1, "status": "Resolved"}, None),
    "a name over two lines": (
        {"name": " Cloud\r\n API\x00 ", "status": ["Resolved"]},
        [Sign(WHATSAPP, "", "Cloud API", "")],
    ),
    "no object": ("Cloud API", None),
}


@pytest.mark.parametrize(("raw", "expected"), SERVICES.values(), ids=SERVICES)
def test_services_are_read_as_far_as_they_can_be(raw: Any, expected: list[Sign] | None) -> None:
    assert services(orgs(raw), "") == expected


def test_only_the_parts_of_meta_that_concern_us_are_kept() -> None:
    listed = [
        {"id": org, "services": [{"id": 9, "name": f"{org} itself", "status": "Resolved"}]}
        for org in ("ads-manager", GRAPH, LOGIN, WHATSAPP)
    ]
    found = services(json.dumps(listed).encode(), "")
    assert [one.org for one in found or () if isinstance(one, Sign)] == [GRAPH, LOGIN, WHATSAPP]
    assert services(json.dumps(listed[:1]).encode(), "") is None, "without any of them it is another page"


def test_the_moment_of_the_last_check_is_read_apart() -> None:
    raw = orgs(
        {"name": "Cloud API", "time": "1790000000"},
        {"name": "Embedded Signup", "time": "2026-09-21T14:13:20Z"},
        {"name": "Calling", "time": "soon"},
    )
    assert checked(raw) == {(WHATSAPP, "Cloud API"): SEPTEMBER_MS, (WHATSAPP, "Embedded Signup"): SEPTEMBER_MS}


INSTANTS: dict[str, tuple[Any, int | None]] = {
    "seconds": (1_790_000_000, SEPTEMBER_MS),
    "seconds as text": ("1790000000", SEPTEMBER_MS),
    "a fraction": (1_790_000_000.25, SEPTEMBER_MS + 250),
    "milliseconds": (1_790_000_000_000, SEPTEMBER_MS),
    "ISO": ("2026-09-21T14:13:20Z", SEPTEMBER_MS),
    "ISO with an offset": ("2026-09-21T16:13:20+02:00", SEPTEMBER_MS),
    "ISO without an offset": ("2026-09-21 14:13:20", SEPTEMBER_MS),
    "a mail header's": ("Mon, 21 Sep 2026 14:13:20 GMT", SEPTEMBER_MS),
    "zero": (0, None),
    "far away": (10**18, None),
    "without bounds": (1e400, None),
    "nothing": (None, None),
    "true": (True, None),
    "words": ("an hour ago", None),
    "empty": ("", None),
    "a list": ([1_790_000_000], None),
}


@pytest.mark.parametrize(("raw", "expected"), INSTANTS.values(), ids=INSTANTS)
def test_an_instant_may_be_written_in_many_ways(raw: Any, expected: int | None) -> None:
    assert instant(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(99.97, 99.97), ("99.97", 99.97), ("99.97 %", 99.97), (True, None), ("NaN", None), ("", None), ({}, None)],
)
def test_a_number_may_be_text(raw: Any, expected: float | None) -> None:
    assert number(raw) == expected


def outage(**facts: Any) -> bytes:
    usual = {
        "id": "1",
        "service_id": 1,
        "status": "Resolved",
        "time": "1790000000",
        "posts": [
            {"status": "High disruptions", "description": "We are looking\n into it.", "time": "1789990000"},
            {"status": "Resolved", "description": "Over.", "time": 1_790_000_000},
        ],
    }
    return json.dumps([usual | facts]).encode()


def test_an_outage_is_read_as_it_was_seen() -> None:
    assert outages(outage(), WHATSAPP) == [
        OutageWord(
            WHATSAPP,
            "1",
            "Resolved",
            service_id="1",
            title="We are looking into it.",
            at_ms=SEPTEMBER_MS,
            posts=(
                Post("High disruptions", "We are looking into it.", SEPTEMBER_MS - 10_000_000),
                Post("Resolved", "Over.", SEPTEMBER_MS),
            ),
        )
    ]


ODD_OUTAGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no time": ({"time": None}, {"at_ms": None}),
    "posts without time": (
        {"posts": [{"status": "High disruptions"}]},
        {"posts": (Post("High disruptions"),), "title": ""},
    ),
    "posts that are none": ({"posts": "none"}, {"posts": (), "title": ""}),
    "words for a status": ({"status": "Kaputt"}, {"said": "Kaputt"}),
    "a service by name": ({"service_name": "Cloud API"}, {"service": "Cloud API"}),
    "a title": ({"title": "Sending fails"}, {"title": "Sending fails"}),
}


@pytest.mark.parametrize(("raw", "expected"), ODD_OUTAGES.values(), ids=ODD_OUTAGES)
def test_an_odd_outage_loses_only_what_is_odd(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    (found,) = outages(outage(**raw), WHATSAPP) or ()
    assert isinstance(found, OutageWord)
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.id == "1"


def test_no_outage_is_a_page_and_a_list_of_nonsense_is_none() -> None:
    assert outages(b"[]", WHATSAPP) == []
    assert outages(b"[1, 2]", WHATSAPP) is None
    assert outages(b"{}", WHATSAPP) is None


def test_of_thousands_of_outages_and_posts_the_latest_are_kept() -> None:
    posts = [{"status": f"{number}"} for number in range(1_000)]
    listed = [{"id": number, "time": 1_700_000_000 + number} for number in range(3_000)]
    listed.reverse()
    listed[0]["posts"] = posts
    found = [one for one in outages(json.dumps(listed).encode(), WHATSAPP) or () if isinstance(one, OutageWord)]
    assert [one.id for one in found] == [str(number) for number in range(2_999, 2_999 - MOST_OUTAGES, -1)]
    said = [one.said for one in found[0].posts]
    assert (len(said), said[0], said[1], said[-1]) == (MOST_POSTS, "0", "951", "999")


SERIES: dict[str, tuple[Any, tuple[float | None, ...] | None]] = {
    "percent": ({"values": [99.9, 99.97]}, (99.9, 99.97)),
    "ratios": ({"values": [0.999, 1]}, (99.9, 100.0)),
    "a bad day in percent": ({"values": [0.5, 100]}, (0.5, 100.0)),
    "text": ({"values": ["99.9", "99.97 %"]}, (99.9, 99.97)),
    "holes": ({"values": [None, 99.9, "?"]}, (None, 99.9, None)),
    "beyond all bounds": ({"values": [101, -1, 99.9]}, (None, None, 99.9)),
    "a bare list": ([99.9], (99.9,)),
    "nothing": ({"values": []}, None),
    "only holes": ({"values": [None, None]}, None),
    "no list": ({"values": 99.9}, None),
}


@pytest.mark.parametrize(("raw", "expected"), SERIES.values(), ids=SERIES)
def test_a_series_is_percent_and_its_holes_stay_holes(raw: Any, expected: tuple[float | None, ...] | None) -> None:
    found = series(json.dumps(raw).encode(), UPTIME)
    assert found == (None if expected is None else [Series(UPTIME, expected)])


def test_milliseconds_are_no_percentages() -> None:
    assert series(b'{"values": [1397, 0.5]}', LATENCY_P90) == [Series(LATENCY_P90, (1397.0, 0.5))]


def rss(*entries: str, head: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>{head}
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Status</title>
<atom:link href="https://one.example/feed" rel="self"/>{"".join(entries)}</channel></rss>""".encode()


def test_the_feed_is_read_and_an_empty_one_is_normal() -> None:
    entry = (
        "<item><guid>7</guid><title>Sending &amp; receiving</title><atom:title>no</atom:title>"
        "<description><![CDATA[<b>We look</b>]]></description>"
        "<pubDate>Mon, 21 Sep 2026 14:13:20 GMT</pubDate></item>"
    )
    assert feed(rss(entry), "") == [FeedEntry("7", "Sending & receiving", "<b>We look</b>", SEPTEMBER_MS)]
    assert feed(rss(), "") == []
    assert feed(rss("<item/>" * 5_000), "") == [FeedEntry("", "")] * 200


LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
HOSTILE = {
    "laughs": rss("<item><title>&b;</title></item>", head=LAUGHS),
    "a file": rss(
        "<item><title>&f;</title></item>", head='<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    ),
    "any document type": rss(head="<!DOCTYPE rss>"),
    "an unknown entity": rss("<item><title>&x;</title></item>"),
    "deep": b"<rss>" + b"<a>" * 100_000,
    "cut": rss("<item>")[:-20],
    "atom": b"<feed><entry/></feed>",
    "an encoding nobody has": b'<?xml version="1.0" encoding="klingon"?><rss/>',
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xml_is_refused(raw: bytes) -> None:
    assert feed(raw, "") is None


LIGHTS = {
    "No known issues": Light.GREEN,
    "no issues": Light.GREEN,
    "Resolved": Light.GREEN,
    "Low disruptions": Light.YELLOW,
    "MEDIUM DISRUPTIONS": Light.YELLOW,
    "Some disruptions": Light.YELLOW,
    "Recovering": Light.YELLOW,
    "High disruptions": Light.RED,
    "major  disruptions": Light.RED,
    "Down": Light.RED,
    "": Light.UNKNOWN,
    "OK": Light.UNKNOWN,
    "Unresolved": Light.UNKNOWN,
    "not resolved": Light.UNKNOWN,
    "Known issues": Light.UNKNOWN,
    "Resolved, high disruptions": Light.UNKNOWN,
    "No major disruptions": Light.UNKNOWN,
    "Alles gut": Light.UNKNOWN,
}


@pytest.mark.parametrize(("said", "light"), LIGHTS.items())
def test_a_sign_is_read_by_its_key_words_and_unknown_words_are_never_green(said: str, light: Light) -> None:
    assert light_of(said) is light


def test_the_worst_sign_speaks_and_unknown_is_worse_than_green() -> None:
    assert worst([Light.GREEN, Light.YELLOW, Light.RED, Light.UNKNOWN]) is Light.RED
    assert worst([Light.GREEN, Light.UNKNOWN]) is Light.UNKNOWN
    assert worst([Light.UNKNOWN, Light.YELLOW]) is Light.YELLOW
    assert worst([]) is Light.UNKNOWN


def test_the_instants_of_this_table_are_one() -> None:
    assert parse_iso("2026-09-21T14:13:20Z") == SEPTEMBER_MS

"""What programs ask: the JSON as its description says, the feed as Atom wants it, badges, and tags of answers."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import httpx
import jsonschema
import msgspec
import pytest

from tests.support.reports import Shown, bad_week, report, target
from tests.web.served import served
from tests.web.test_page_in_a_browser import _hostile, _hostile_week
from wamon.core.report import State
from wamon.web.badge import badge
from wamon.web.feed import base_of, entries, feed


@pytest.fixture(scope="module")
def face() -> Shown:
    return Shown(bad_week(messages=True))


@pytest.fixture(scope="module")
def client(face: Shown) -> Iterator[httpx.Client]:
    with served(face) as address, httpx.Client(base_url=f"http://{address}", trust_env=False) as one:
        yield one


PROGRAM = "from schemathesis.cli import schemathesis; schemathesis()"
WALK = ("run", "--no-color", "--max-examples=15", "--seed=20261109", "--exclude-checks=positive_data_acceptance")
"""Without one check: a span whose end lies before its beginning is refused, and no schema can say that."""


def test_schemathesis_walks_the_description_without_a_failure(client: httpx.Client, tmp_path: Path) -> None:
    walked = subprocess.run(
        [sys.executable, "-c", PROGRAM, *WALK, str(client.base_url.join("/api/v1/openapi.json"))],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=100,
    )
    assert walked.returncode == 0, walked.stdout[-4000:]
    assert re.search(r"Operations:\s+3 selected / 3 total", walked.stdout), walked.stdout[-2000:]


def test_every_document_has_exactly_what_the_description_says(client: httpx.Client) -> None:
    described = client.get("/api/v1/openapi.json").json()
    for name in ("status", "days", "incidents"):
        schema = described["components"]["schemas"][name.capitalize()] | {"components": described["components"]}
        jsonschema.validate(client.get(f"/api/v1/{name}").json(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"days": [{"target": "x"}]}, schema)


TAGGED = ("/api/v1/status", "/api/v1/days?target=send", "/api/v1/incidents", "/api/v1/openapi.json", "/feed.atom")
TAGGED += ("/badge/cloud-api.svg",)


@pytest.mark.parametrize("path", TAGGED)
def test_whoever_has_an_answer_already_is_told_that_nothing_changed(
    client: httpx.Client, face: Shown, path: str
) -> None:
    first = client.get(path)
    tag = first.headers["etag"]
    assert re.fullmatch('"[0-9a-f]{32}"', tag)
    assert first.headers["cache-control"] == "no-cache"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == first.content
    assert client.head(path).headers["etag"] == tag


def test_an_answer_that_changed_has_another_tag() -> None:
    face = Shown(bad_week())
    with served(face) as address, httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        before = client.get("/api/v1/incidents").headers["etag"]
        face.now = msgspec.structs.replace(face.now, incidents=face.now.incidents[1:])
        after = client.get("/api/v1/incidents", headers={"If-None-Match": before})
    assert (after.status_code, after.headers["etag"] == before) == (200, False)


ATOM = "{http://www.w3.org/2005/Atom}"
ONCE = {"feed": ("id", "title", "updated", "author"), "entry": ("id", "title", "updated", "summary")}
"""What RFC 4287 (sections 4.1.1 and 4.1.2) wants once; an entry's author is the feed's, its summary is text."""


def valid(document: bytes) -> list[ElementTree.Element]:
    """The entries of a feed that keeps the rules of RFC 4287, and that a reader of feeds takes as it is."""
    read = feedparser.parse(document)
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "atom10"
    root = ElementTree.fromstring(document)
    assert root.tag == f"{ATOM}feed"
    found = root.findall(f"{ATOM}entry")
    for kind, elements in (("feed", [root]), ("entry", found)):
        for element in elements:
            for name in ONCE[kind]:
                assert len(element.findall(f"{ATOM}{name}")) == 1, (kind, name)
            links = [(link.get("rel"), link.get("href")) for link in element.findall(f"{ATOM}link")]
            assert len({rel for rel, _ in links}) == len(links) > 0
            assert all(href and re.match(r"https?://[^/]+/", href) for _, href in links)
            assert element.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
            for name in ("updated", "published"):
                for one in element.findall(f"{ATOM}{name}"):
                    assert one.text
                    assert datetime.fromisoformat(one.text).tzinfo is not None
    ids = [one.findtext(f"{ATOM}id") for one in found]
    assert len(set(ids)) == len(ids)
    assert len(read.entries) == len(found)
    return found


def test_the_feed_is_valid_and_tells_of_every_incident_and_every_restated_day(client: httpx.Client) -> None:
    answer = client.get("/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    found = valid(answer.content)
    titles = [one.findtext(f"{ATOM}title", "") for one in found]
    assert len(titles) == 6 + 3, "six incidents; a day of cloud-api, of send and of the platform"
    assert "cloud-api · Meta: account management fails (code 131016/2) · open" in titles
    assert "Restated · platform 2026-11-05 · 99.30 % became 95.13 %" in titles
    dates = [one.findtext(f"{ATOM}updated") for one in found]
    assert dates == sorted(dates, reverse=True)
    hrefs = [one.find(f"{ATOM}link").get("href") for one in found]
    assert all(client.get(href).status_code == 200 for href in hrefs)


def test_an_entry_keeps_its_name_when_more_is_known_of_it(face: Shown) -> None:
    before = {one.name for one in entries(face.now)}
    closed = [msgspec.structs.replace(one, closed_ms=face.now.at_ms) for one in face.now.incidents]
    after = entries(msgspec.structs.replace(face.now, incidents=tuple(closed)))
    assert {one.name for one in after} == before


def test_a_feed_with_nothing_to_tell_and_one_of_hostile_strings_are_valid_too() -> None:
    assert valid(feed(report([target("api")]), "http://localhost")) == []
    hostile, _ = _hostile_week(_hostile(1000))
    assert len(valid(feed(hostile, base_of("http", 'evil"><x>')))) > 20


@pytest.mark.parametrize(
    ("host", "base"),
    [("a.example:9877", "http://a.example:9877"), ("[::1]:80", "http://[::1]:80"), ("x/y", "http://localhost"),
     ("", "http://localhost"), ("a b", "http://localhost")],
)  # fmt: skip
def test_a_host_that_is_none_is_not_repeated(host: str, base: str) -> None:
    assert base_of("http", host) == base


BADGES = {
    "cloud-api": ("■ outage · 98.97 %", "#a12f24"),
    "graph": ("● operational · 100 %", "#2c6e4c"),
    "platform": ("● operational · 98.97 %", "#2c6e4c"),
}


@pytest.mark.parametrize("name", BADGES)
def test_a_badge_says_state_and_month_in_words_a_shape_and_a_colour(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/badge/{name}.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    drawn = ElementTree.fromstring(answer.content)
    said, colour = BADGES[name]
    assert drawn.get("aria-label") == f"{name}: {said}"
    assert colour in answer.text
    assert "style" not in answer.text


def test_a_badge_of_nothing_is_refused_and_one_of_hostile_names_is_a_picture_all_the_same(
    client: httpx.Client,
) -> None:
    for name in ("nobody", "token", "control-1"):
        assert client.get(f"/badge/{name}.svg").status_code == 404
    for name in _hostile(200):
        drawn = badge(report([target(name, state=State.OUTAGE)]), name)
        assert drawn is not None
        if name.isprintable():
            assert ElementTree.fromstring(drawn).findtext("{http://www.w3.org/2000/svg}title", "").startswith(name)

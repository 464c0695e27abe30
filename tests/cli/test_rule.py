"""``wamon rule`` without a daemon: what turns and which days change, read as people and as programs read it."""

from pathlib import Path

import pytest

from tests.cli.program import Ended, asked, wamon
from tests.support.past import EXPIRED, Past, midnight_ms
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, iso

TODAY = midnight_ms()
YESTERDAY = iso(TODAY - DAY)[:10]
"""Days that this machine's clock calls so: commands go by it, and a day this young is never frozen."""

WHAT = f"cloud-api@{YESTERDAY}T10:00/{YESTERDAY}T10:40"
WHOLE = f"cloud-api@{YESTERDAY}T10:00:00Z/{YESTERDAY}T10:40:00Z"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Past:
    bad = Span(TODAY - 14 * HOUR, TODAY - 14 * HOUR + 40 * MINUTE)
    past = Past(tmp_path_factory.mktemp("closed"), {"cloud-api": [(bad, EXPIRED)]}, end_ms=TODAY)
    past.watch(lambda house: house.refresh(past.now_ms))
    return past


@pytest.fixture
def past(closed: Past, tmp_path: Path) -> Past:
    return closed.copied(tmp_path)


def rule(past: Past, *words: str) -> Ended:
    return asked("rule", *words, "--by", "anna", "-c", past.config)


def test_vector_7_as_people_read_it(past: Past) -> None:
    ended = rule(past, WHAT, "system_error", "--because", "Meta confirmed it")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"Ruling 1 stands: {WHOLE} is system_error, 40 looks.",
        "Turned:",
        "  - cloud-api: 40 looks, 0:40:00, user_error -> system_error",
        "Published again:",
        f"  - cloud-api {YESTERDAY}: 100 % (0:00:00) -> 97.22 % (0:40:00), revision 2",
    ]
    trail = " ".join(wamon("uptime", "--target", "cloud-api", "-c", past.config, COLUMNS="80").out.split())
    assert "revision 2, ruled system_error by anna: Meta confirmed it" in trail
    ended = rule(past, "--undo", "1", "--because", "a mistake")
    assert ended.out.splitlines() == [
        f"Ruling 1 is undone: {WHOLE} is system_error no longer.",
        "Turned:",
        "  - cloud-api: 40 looks, 0:40:00, system_error -> user_error",
        "Published again:",
        f"  - cloud-api {YESTERDAY}: 97.22 % (0:40:00) -> 100 % (0:00:00), revision 3",
    ]
    listed = wamon("rule", "--list", "-c", past.config, COLUMNS="80").out
    assert max(map(len, listed.splitlines())) <= 80
    assert "undone by anna: a mistake" in " ".join(listed.split())


def test_vector_7_as_programs_read_it(past: Past) -> None:
    document = rule(past, WHAT, "system_error", "--because", "x", "--cause", "service", "--json").document
    assert document["number"] == 1
    assert document["turned"] == [
        {
            "target": "cloud-api",
            "from": "user_error",
            "to": "system_error",
            "rule": "declared",
            "observations": 40,
            "seconds": 2400.0,
        }
    ]
    (day,) = document["days"]
    assert (day["revision"], day["before"], day["after"]) == (2, 1.0, pytest.approx(1 - 2400 / 86400))
    rule(past, "--undo", "1")
    (listed,) = asked("rule", "--list", "--json", "-c", past.config).document["rulings"]
    assert (listed["what"], listed["verdict"], listed["cause"], listed["looks"]) == (
        WHOLE,
        "system_error",
        "service",
        40,
    )
    assert (listed["author"], listed["because"], listed["undone"]["because"]) == ("anna", "x", "no reason given")


REFUSED = [
    ((WHAT, "system_error"), "--because needs a reason"),
    ((WHAT,), "say what and how, such as wamon rule cloud-api@"),
    ((), "say what and how"),
    (("--undo", "1", "--list"), "say what and how"),
    (("--undo", "1"), "there is no ruling 1: wamon rule --list shows the numbers"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_done_is_said_and_nothing_is_written(past: Past, words: tuple[str, ...], said: str) -> None:
    ended = rule(past, *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert past.read(lambda book: book.declarations()) == []


def test_nothing_ruled_is_said_so(past: Past) -> None:
    assert (
        asked("rule", "--list", "-c", past.config).out == "Nobody has ruled on anything; see: wamon rule --help\n"
    )


def test_a_ruling_is_no_maintenance_and_the_other_way_round(past: Past) -> None:
    rule(past, WHAT, "system_error", "--because", "x")
    ended = asked("maintenance", "remove", "1", "--because", "x", "-c", past.config)
    assert (ended.code, ended.err) == (
        2,
        "wamon: there is no maintenance 1: wamon maintenance list shows the numbers\n",
    )
    asked("maintenance", "add", "--from", "now", "--for", "1h", "--because", "x", "-c", past.config)
    assert "there is no ruling 2" in rule(past, "--undo", "2", "--because", "x").err

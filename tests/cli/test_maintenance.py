"""``wamon maintenance`` without a daemon: on the ledger itself, read as people and as programs read it."""

import asyncio
import os
import stat
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.cli.program import Ended, asked, wamon
from tests.support.past import SYSTEM, Past, midnight_ms
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, iso
from wamon.ledger import Book, open_ledger

TODAY = midnight_ms()
YESTERDAY = iso(TODAY - DAY)[:10]
"""Days that this machine's clock calls so: commands go by it, and a day this young is never frozen."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Two closed days; half an hour of yesterday was down."""
    bad = Span(TODAY - 14 * HOUR, TODAY - 14 * HOUR + 30 * MINUTE)
    past = Past(tmp_path_factory.mktemp("closed"), {"cloud-api": [(bad, SYSTEM)]}, end_ms=TODAY)
    past.watch(lambda house: house.refresh(past.now_ms))
    return past


@pytest.fixture
def past(closed: Past, tmp_path: Path) -> Past:
    return closed.copied(tmp_path)


def add(past: Past, *words: str, because: str = "database moves") -> Ended:
    return asked("maintenance", "add", *words, "--because", because, "--by", "anna", "-c", past.config)


def yesterday(past: Past, *words: str) -> Ended:
    return add(past, "--from", f"{YESTERDAY}T09:00", "--to", f"{YESTERDAY}T11:00", *words)


def test_a_window_over_a_closed_day_says_what_changes(past: Past) -> None:
    ended = yesterday(past, "--target", "cloud-api")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"Maintenance 1 is declared: cloud-api, {YESTERDAY} 09:00 to 11:00 (UTC).",
        "Published again:",
        f"  - cloud-api {YESTERDAY}: 97.91 % (0:30:00) -> 100 % (0:00:00), revision 2",
    ]
    listed = asked("maintenance", "list", "-c", past.config)
    assert listed.out.splitlines()[1].split()[0] == "1"
    assert "over, retroactive" in listed.out
    removed = asked("maintenance", "remove", "1", "--because", "it was none", "--by", "ben", "-c", past.config)
    assert removed.out.splitlines()[0] == (
        f"Maintenance 1 is removed: cloud-api, {YESTERDAY} 09:00 to 11:00 (UTC)."
    )
    assert f"  - cloud-api {YESTERDAY}: 100 % (0:00:00) -> 97.91 % (0:30:00), revision 3" in removed.out
    assert asked("maintenance", "-c", past.config).out == (
        "No maintenance is declared; see: wamon maintenance add --help\n"
    )


def test_programs_read_the_same(past: Past) -> None:
    document = yesterday(past, "--target", "cloud-api", "--json").document
    assert document["number"] == 1
    assert [(one["target"], one["date"], one["revision"], one["after"]) for one in document["days"]] == [
        ("cloud-api", YESTERDAY, 2, 1.0)
    ]
    assert document["unchanged"] == []
    days = [(date.fromisoformat(YESTERDAY) + timedelta(days=ahead)).strftime("%A").lower() for ahead in (3, 5)]
    add(past, "--every", ",".join(days), "--at", "02:00", "--for", "2h", "--zone", "Europe/Berlin")
    asked("maintenance", "remove", "1", "--because", "it was none", "--by", "ben", "-c", past.config)
    (window,) = asked("maintenance", "list", "--json", "-c", past.config).document["maintenance"]
    first = window["when"].pop("first")
    assert abs(date.fromisoformat(first) - date.fromisoformat(YESTERDAY)) <= timedelta(days=2)
    assert sorted(window["when"].pop("every")) == sorted(days)
    assert window["when"] == {"at": "02:00", "for_s": 7200.0, "last": None}
    assert (window["zone"], window["phase"], window["removed"]) == ("Europe/Berlin", "coming", None)
    both = asked("maintenance", "list", "--all", "--json", "-c", past.config).document["maintenance"]
    assert [one["number"] for one in both] == [1, 2]
    assert (both[0]["removed"]["author"], both[0]["removed"]["because"]) == ("ben", "it was none")
    assert both[0]["when"] == {"from": f"{YESTERDAY}T09:00:00Z", "to": f"{YESTERDAY}T11:00:00Z"}


def test_a_list_cuts_nothing_off_at_eighty_columns(past: Past) -> None:
    reason = "the provider moves the database to another building, and the week after that it moves back"
    add(past, "--every", "monday", "--at", "02:00", "--for", "2h", "--target", "cloud-api", because=reason)
    add(past, "--from", "now", "--for", "2h")
    ended = wamon("maintenance", "list", "-c", past.config, COLUMNS="80")
    assert max(map(len, ended.out.splitlines())) <= 80
    for word in reason.split():
        assert word in ended.out
    assert "now" in ended.out


def test_days_that_stay_are_named_with_the_reason(past: Past) -> None:
    def prune(book: Book) -> object:
        return book.prune(TODAY - DAY)

    async def pruned() -> None:
        ledger = open_ledger(past.database)
        await ledger.write(prune)
        await ledger.close()

    asyncio.run(pruned())
    ended = yesterday(past)
    assert ended.out.splitlines()[1:] == [
        "Stays as it was published:",
        f"  - cloud-api {YESTERDAY}: the looks behind it were dropped, so nothing can be computed again",
        f"  - theirs {YESTERDAY}: the looks behind it were dropped, so nothing can be computed again",
    ]


def test_uptime_shows_the_maintenance_and_that_it_came_late(past: Past) -> None:
    yesterday(past, "--target", "cloud-api")
    table = wamon("uptime", "--target", "cloud-api", "-c", past.config, COLUMNS="80").out
    assert max(map(len, table.splitlines())) <= 80
    words = " ".join(table.split())
    assert "maintenance 2:00:00, 2:00:00 of it declared afterwards" in words
    assert "revision 2, maintenance declared afterwards by anna: database moves" in words
    days = asked("uptime", "--target", "cloud-api", "--json", "-c", past.config).document["days"]
    day = next(one for one in days if one["date"] == YESTERDAY)
    assert (day["maintenance_s"], day["retroactive_s"], day["author"]) == (7200.0, 7200.0, "anna")
    page = asked("uptime", "--format", "html", "-c", past.config).out
    assert "revision 2, 2:00:00 of its maintenance declared afterwards" in page


def test_the_weekly_pass_without_a_daemon_sees_it_too(past: Past) -> None:
    yesterday(past)
    ended = asked("reclassify", "--from", YESTERDAY, "--to", YESTERDAY, "--json", "-c", past.config)
    assert (ended.document["rulings"], ended.document["turned"], ended.document["days"]) == (0, [], [])


REFUSED = [
    (("add", "--because", "x"), "say when: --from 2026-11-01T02:00 --to"),
    (("add", "--from", "now", "--for", "2h", "--because", ""), "--because needs a reason"),
    (("add", "--from", "now", "--for", "2h"), "--because"),
    (
        ("add", "--from", "now", "--for", "2h", "--because", "x", "--target", "cloud-apy"),
        "did you mean cloud-api?",
    ),
    (("remove", "9", "--because", "x"), "there is no maintenance 9: wamon maintenance list shows the numbers"),
    (("remove", "one", "--because", "x"), "one"),
    (("add", "--from", "now", "--for", "2h", "--because", "x", "--by", " "), "--by needs a name of one line"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_done_is_said_and_nothing_is_written(past: Past, words: tuple[str, ...], said: str) -> None:
    ended = asked("maintenance", *words, "-c", past.config)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert past.read(lambda book: book.declarations()) == []


def test_without_a_database_it_says_what_to_do(past: Past) -> None:
    past.database.unlink()
    ended = yesterday(past)
    assert ended.code == 1
    assert "there is no database" in ended.err


def test_the_ledger_keeps_its_mode_and_its_owner(past: Past) -> None:
    if os.geteuid() == 0:
        os.chown(past.database, 65534, 65534)
    past.database.chmod(0o600)
    before = past.database.stat()
    assert yesterday(past).code == 0
    for name in (past.database, past.database.with_name("wamon.db.lock")):
        after = name.stat()
        assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
        assert stat.S_IMODE(after.st_mode) == 0o600


def test_while_somebody_else_writes_the_database_is_left_alone(past: Past) -> None:
    async def held() -> Ended:
        ledger = open_ledger(past.database)
        try:
            return await asyncio.to_thread(
                wamon, "maintenance", "add", "--from", "now", "--for", "1h", "--because", "x", "-c", past.config
            )
        finally:
            await ledger.close()

    ended = asyncio.run(held())
    assert ended.code == 2
    assert "is writing to it, and there is one writer at a time" in ended.err


def test_who_speaks_is_the_login_unless_a_name_is_given(past: Past) -> None:
    wamon(
        "maintenance",
        "add",
        "--from",
        "now",
        "--for",
        "1h",
        "--because",
        "x",
        "-c",
        past.config,
        SUDO_USER="carol",
    )
    (declared,) = past.read(lambda book: book.declarations())
    assert (declared.author, declared.because) == ("carol", "x")
    assert abs(declared.declared_at_ms - time.time() * 1000) < DAY

"""``wamon db``: a real ledger's file looked after from outside."""

import asyncio
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.program import asked, wamon
from tests.support.past import midnight_ms
from wamon.core.finding import Column, Context, Finding, Origin, Ruling, Verdict
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.publication import Passed, Publication
from wamon.core.timeline import DAY, HOUR, Span, from_ms, parse_iso
from wamon.core.uptime import Figures
from wamon.ledger import open_ledger
from wamon.ledger.retention import prunable_ms
from wamon.work.bookkeeping import Bookkeeper

OK = Finding(Verdict.OK, column=Column.UP, rule="success")
OLD_DAYS = 120
UTC = ZoneInfo("UTC")


async def write(path: Path, at_ms: int) -> None:
    """Looks of 120 days ago, the day before, and today; the eldest day was published, the other one never."""
    ledger = open_ledger(path)
    book = Bookkeeper(ledger, {})
    await book.activate(["graph"], at_ms - (OLD_DAYS + 1) * DAY)
    for moment in (at_ms - OLD_DAYS * DAY, at_ms - (OLD_DAYS - 2) * DAY, at_ms):
        seen = Exchange("graph", ProbeKind.EDGE, moment, reached=Phase.ANSWERED, http_status=400)
        ruling = Ruling("graph", moment, OK, Origin.LIVE, "2026-11-22", moment)
        await book.record(seen, Context("edge", HOUR), ruling)
    await book.publish([(day_of(at_ms, OLD_DAYS), ())])
    await ledger.close()


def day_of(at_ms: int, ago: int) -> Publication:
    day: date = from_ms(at_ms).date() - timedelta(days=ago)
    return Publication("graph", day, "UTC", 0, at_ms, Figures(total_ms=DAY), "closed")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    asyncio.run(write(tmp_path / "wamon.db", midnight_ms() + HOUR))
    config = tmp_path / "wamon.toml"
    config.write_text(
        f'[service]\ndatabase = "{tmp_path}/wamon.db"\n[[targets]]\nname = "graph"\nprobe = "edge"\n'
    )
    return config


def test_a_whole_database_is_fine_and_a_damaged_one_bad_news(config: Path) -> None:
    assert wamon("db", "check", "-c", config, "--json").document["ok"] is True
    database = config.parent / "wamon.db"
    raw = bytearray(database.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    database.write_bytes(raw)
    ended = wamon("db", "check", "-c", config)
    assert ended.code == 1
    assert "damaged" in ended.out + ended.err


def test_a_backup_opens_and_holds_the_same(config: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    ended = wamon("db", "backup", copy, "-c", config)
    assert ended.code == 0
    assert ended.out.startswith(f"{copy}: ")
    with sqlite3.connect(copy) as restored:
        assert restored.execute("SELECT count(*) FROM observations").fetchone() == (3,)
    again = wamon("db", "backup", copy, "-c", config)
    assert (again.code, again.out) == (2, "")
    assert "is there already" in again.err


def test_stats_tell_sizes_and_rows(config: Path) -> None:
    document = asked("db", "stats", "-c", config, "--json").document
    assert document["rows"]["observations"] == 3
    assert document["database_bytes"] > 4096
    words = asked("db", "stats", "-c", config).out.split()
    assert words[words.index("observations") + 1] == "3"


def test_prune_drops_old_looks_up_to_the_first_day_that_was_never_published(config: Path) -> None:
    pruned = asked("db", "prune", "-c", config, "--json").document
    assert pruned["observations"] == 1
    assert asked("db", "stats", "-c", config, "--json").document["rows"]["observations"] == 2
    again = asked("db", "prune", "-c", config)
    assert (again.code, again.out[:19]) == (0, "no look was dropped")


def test_prune_waits_until_a_day_is_settled(tmp_path: Path) -> None:
    now = parse_iso("2026-11-09T12:00:00Z")
    seen = now - 20 * DAY

    async def story() -> list[int]:
        ledger = open_ledger(tmp_path / "wamon.db")
        book = Bookkeeper(ledger, {})
        exchange = Exchange("graph", ProbeKind.EDGE, seen, reached=Phase.ANSWERED, http_status=400)
        ruling = Ruling("graph", seen, OK, Origin.LIVE, "2026-11-22", seen)
        await book.record(exchange, Context("edge", HOUR), ruling)
        for ago in range(20, 16, -1):
            await book.publish([(day_of(now, ago), ())])
        before = await ledger.read(lambda book: prunable_ms(book, UTC, 16, now))
        await book.commit([], [], [], Passed(now - DAY, Span(now - 40 * DAY, now - DAY)))
        after = await ledger.read(lambda book: prunable_ms(book, UTC, 16, now))
        await ledger.close()
        return [before, after]

    assert asyncio.run(story()) == [0, parse_iso("2026-10-24T00:00:00Z")]


def test_days_are_made_anew(config: Path) -> None:
    with sqlite3.connect(config.parent / "wamon.db") as database:
        database.execute("DELETE FROM days")
    assert asked("db", "rebuild", "-c", config, "--json").document["days"] == 1
    assert "days" in asked("db", "rebuild", "-c", config).out


def test_while_the_daemon_writes_nobody_else_does(config: Path) -> None:
    ledger = open_ledger(config.parent / "wamon.db")
    try:
        ended = wamon("db", "rebuild", "-c", config)
        reading = wamon("db", "stats", "-c", config)
    finally:
        asyncio.run(ledger.close())
    assert (ended.code, ended.out) == (1, "")
    assert "daemon" in ended.err
    assert reading.code == 0


def test_without_a_database_a_sentence_says_so(tmp_path: Path) -> None:
    config = tmp_path / "wamon.toml"
    config.write_text(f'[service]\ndatabase = "{tmp_path}/none.db"\n[[targets]]\nname = "g"\nprobe = "edge"\n')
    for command in (("check",), ("stats",), ("prune",), ("rebuild",), ("backup", tmp_path / "copy.db")):
        ended = asked("db", *command, "-c", config)
        assert (ended.code, ended.out) == (1, "")
        assert "there is no database" in ended.err
    assert not (tmp_path / "none.db").exists()

"""kill -9: what was acknowledged is there, and what is one thing is there whole or not at all."""

import random
import shutil
import sqlite3
import stat
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from tests.ledger.sample import EVER, GOOD, NOON, SCHEMA, THEIRS, look, ruled, stretch, tell
from tests.ledger.victims import (
    end_of,
    heard,
    migrate_and_die,
    migrate_and_fail,
    read_older,
    record_for_ever,
    victim,
    write_and_die,
)
from tests.support.soak import many
from wamon.core.finding import Origin, Verdict
from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import RestatedFacts
from wamon.core.publication import Passed, Publication
from wamon.core.restatement import Change
from wamon.core.subscription import hears
from wamon.core.timeline import DAY, HOUR, MINUTE, Span
from wamon.core.uptime import Figures
from wamon.ledger import Book, Ledger, LedgerError, open_book, open_ledger
from wamon.ledger.schema import FACTS
from wamon.ledger.words import Declaration
from wamon.work.bookkeeping import Bookkeeper

KILLS = many(50, 1_000)


@pytest.mark.grows
def test_p1_nothing_acknowledged_is_lost_by_fifty_kills(tmp_path: Path) -> None:
    """Each run is killed at a random moment while eight writers wait for their acknowledgements."""
    path, moments = tmp_path / "wamon.db", random.Random(20260302)
    acknowledged: dict[tuple[str, int], Verdict] = {}
    for run in range(KILLS):
        with victim(record_for_ever, path, NOON + run * HOUR) as (process, hears):
            for _ in range(moments.randint(21, 90)):  # counted, not timed: a busy machine has as much to lose
                target, at_ms, verdict = hears.recv()
                acknowledged[target, at_ms] = verdict
            time.sleep(moments.uniform(0, 0.003))
            process.kill()
            acknowledged |= {(target, at_ms): verdict for target, at_ms, verdict in heard(hears)}
            process.join()
            assert process.exitcode == -9
    kept: dict[tuple[str, int], Verdict] = {}

    async def read(ledger: Ledger) -> None:
        assert await ledger.read(lambda book: book.check()) == []
        for target in await ledger.targets():
            kept.update({(target, one.at_ms): one.finding.verdict for one in await ledger.marks(target, EVER)})
        counted = await ledger.read(lambda book: book.tallies())
        assert sum(counted.values()) == len(kept), "the counters were killed together with what they count"
        whole = {(one.exchange.target, one.exchange.at_ms) for one in await ledger.witnessed(EVER)}
        assert whole == {key for key, verdict in kept.items() if verdict is not Verdict.OK}
        for target, at_ms in random.Random(1).sample(sorted(acknowledged), 50):
            assert not await look(ledger, THEIRS, at_ms, target), "an acknowledged id is never made again"

    tell(read, lambda: open_ledger(path))
    assert acknowledged.keys() - kept.keys() == set()
    assert len(acknowledged) > 20 * KILLS, "there was something to lose"


def restated(key: str) -> Notice:
    facts = RestatedFacts(())
    return Notice(key, Kind.RESTATED, NoticePhase.NOTE, "graph", Severity.STANDARD, "restated", facts, NOON)


def figures(down_ms: int) -> Figures:
    return Figures(total_ms=DAY, down_ms=down_ms)


def day(target: str, down_ms: int, at_ms: int) -> Publication:
    return Publication(target, date(2026, 3, 1), "UTC", 0, at_ms, figures(down_ms), "weekly pass")


async def before_the_pass(ledger: Ledger) -> None:
    for minute in range(3):
        await look(ledger, THEIRS, NOON + minute * MINUTE)
    await Bookkeeper(ledger, {}).publish([(day("graph", DAY, NOON), [stretch()])])
    await ledger.write(lambda book: book.declare(Declaration("ruling", {}, NOON, "anna", "theirs")))


async def weekly_pass(ledger: Ledger) -> None:
    book = Bookkeeper(ledger, {"ops": hears("restated")})
    told = restated("pass:1")
    await book.commit(
        [ruled(GOOD, NOON + minute * MINUTE, origin=Origin.RECLASSIFICATION) for minute in range(3)],
        [(day("graph", 0, NOON + DAY), [stretch()]), (day("platform", 0, NOON + DAY), [])],
        [told],
        Passed(NOON + DAY, Span(NOON - 14 * DAY, NOON + DAY)),
    )


async def retention(ledger: Ledger) -> None:
    await ledger.prune(NOON + 2 * MINUTE)


async def word_of_a_person(ledger: Ledger) -> None:
    """A ruling on three looks with what it makes of two days, in the place of one that is taken back."""
    rulings = [
        ruled(GOOD, NOON + minute * MINUTE, origin=Origin.PERSON, author="anna", because="ours")
        for minute in range(3)
    ]
    change = Change("ruling", "", "anna", "ours", NOON, "", {}, [], {"what": "graph"}, 1, rulings)
    told = restated("restated")
    await Bookkeeper(ledger, {"ops": hears("restated")}).declare(
        change, [(day("graph", 0, NOON + DAY), [stretch()]), (day("platform", 0, NOON + DAY), [])], [told]
    )


def everything(book: Book) -> dict[str, list[object]]:
    """All facts and caches, row by row."""
    tables = sorted({*FACTS, "days", "outbox", "tallies", "running"})
    return {table: book.db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def state(path: Path) -> dict[str, list[object]]:
    book = open_book(path)
    try:
        assert book.check() == []
        missing = {f"{table}_no_{verb}" for table in FACTS for verb in ("update", "delete")} - {
            name for (name,) in book.db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        }
        assert missing == set(), "the guards are in their places"
        return everything(book)
    finally:
        book.close()


@pytest.mark.parametrize("write", [weekly_pass, word_of_a_person, retention])
def test_one_transaction_killed_at_any_step_leaves_the_old_or_the_new_state(
    tmp_path: Path, write: Callable[[Ledger], Awaitable[None]]
) -> None:
    before = tmp_path / "before.db"
    tell(before_the_pass, lambda: open_ledger(before))
    old, found, said, step = state(before), [], [], 0
    while not said:
        step += 1
        path = Path(shutil.copy(before, tmp_path / f"{step}.db"))
        said, code = end_of(write_and_die, path, write, step)
        assert (said, code) in (([], -9), (["written"], 0))
        found.append(state(path))
    *between, new = found
    assert len(between) > 12, "there were steps to be killed at"
    assert old != new
    assert [one for one in between if one not in (old, new)] == []


def seen_by_sqlite(path: Path) -> tuple[int, list[object], int]:
    """Number of the schema, what the migrations left, and how many observations there are."""
    with closing(sqlite3.connect(path)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        left = [
            name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE name IN ('paint', 'by_shade')")
        ]
        left += db.execute("SELECT shade FROM paint").fetchall() if "paint" in left else []
        return version, left, db.execute("SELECT count(*) FROM observations").fetchone()[0]


LEFT: tuple[list[object], ...] = ([], ["paint"], ["paint", "by_shade", ("blue",)])
AT_SCHEMA = {SCHEMA + number: (SCHEMA + number, left, 3) for number, left in enumerate(LEFT)}
BEFORE = {".before-m901_paint": SCHEMA, ".before-m902_blue": SCHEMA + 1}


def test_each_migration_is_whole_or_not_at_all_wherever_it_is_killed(tmp_path: Path) -> None:
    """Two migrations are killed at every ninth statement; each has a whole backup from before it."""
    before = tmp_path / "before.db"
    tell(before_the_pass, lambda: open_ledger(before))
    versions, said, step = set(), [], 0
    while not said:
        step += 9
        path = Path(shutil.copy(before, tmp_path / f"{step}.db"))
        said, code = end_of(migrate_and_die, path, step)
        assert (said, code) in (([], -9), (["open"], 0))
        version = seen_by_sqlite(path)[0]
        assert seen_by_sqlite(path) == AT_SCHEMA[version]
        versions.add(version)
        for suffix, saved in BEFORE.items():
            copy = Path(f"{path}{suffix}")
            assert copy.exists() or version <= saved, "the backup was there before the migration was"
            assert not copy.exists() or seen_by_sqlite(copy) == AT_SCHEMA[saved]
        assert end_of(migrate_and_die, path, 0) == (["open"], 0)
        assert seen_by_sqlite(path) == AT_SCHEMA[SCHEMA + 2]
    assert versions == set(AT_SCHEMA)
    assert step > 60, "there were steps to be killed at"


def test_p20_the_backup_before_a_migration_is_a_ledger_of_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"
    tell(before_the_pass, lambda: open_ledger(path))
    old = state(path)
    assert end_of(migrate_and_die, path, 0) == (["open"], 0)
    with pytest.raises(LedgerError, match=f"its schema is number {SCHEMA + 2}, this wamon knows up to {SCHEMA}"):
        open_ledger(path)
    saved = tmp_path / "wamon.db.before-m901_paint"
    assert state(saved) == old
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_a_migration_that_fails_leaves_the_schema_before_it_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"
    tell(before_the_pass, lambda: open_ledger(path))
    (said,), _ = end_of(migrate_and_fail, path)
    assert said == f"{path}: no such table: nowhere"
    assert seen_by_sqlite(path) == AT_SCHEMA[SCHEMA + 1]
    assert {one.name for one in tmp_path.iterdir()} == {
        "wamon.db",
        "wamon.db.lock",
        "wamon.db.before-m901_paint",
        "wamon.db.before-m902_wrong",
    }


def test_a_reader_does_not_migrate(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"
    tell(before_the_pass, lambda: open_ledger(path))
    (said,), _ = end_of(read_older, path)
    assert said == (
        f"{path}: its schema is older than this wamon (m901_paint is to come): "
        "start wamon run once, which brings it up to date after a backup"
    )
    assert seen_by_sqlite(path) == AT_SCHEMA[SCHEMA]

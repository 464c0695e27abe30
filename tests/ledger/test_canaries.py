"""Canaries in the book: a slot is sent for once, and what left is known after a restart."""

from pathlib import Path

from tests.ledger.sample import NOON, tell
from wamon.core.roundtrip import Canary, mark_of
from wamon.core.timeline import HOUR, MINUTE
from wamon.ledger import Ledger, open_book, open_ledger


def open_ledger_once(path: Path) -> None:
    async def story(_ledger: Ledger) -> None:
        return None

    tell(story, lambda: open_ledger(path))


def canary(unique: str, slot_ms: int = NOON, target: str = "send") -> Canary:
    return Canary(mark_of(unique), target, slot_ms, slot_ms + 40, 2 * MINUTE, extra=slot_ms % HOUR != 0)


def test_a_slot_is_launched_once_even_by_another_process(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"
    open_ledger_once(path)
    first = open_book(path)
    assert first.launch(canary("a"))
    assert not first.launch(canary("b"))
    assert first.launch(canary("c", NOON, "other"))
    first.close()
    again = open_book(path)
    assert not again.launch(canary("d"))
    assert again.launch(canary("e", NOON + MINUTE))
    assert again.canaries(0) == [canary("a"), canary("c", NOON, "other"), canary("e", NOON + MINUTE)]
    assert again.canaries(NOON + 41) == [canary("e", NOON + MINUTE)]
    again.close()

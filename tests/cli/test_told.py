"""``wamon notify list``: what people were told, to the letter, and how each channel fared with it."""

import asyncio
from pathlib import Path

import pytest

from tests.cli.program import asked
from tests.ledger.sample import NOON, attempted, notice
from wamon.core.timeline import DAY, MINUTE
from wamon.ledger import open_ledger
from wamon.ledger.words import DispatchState


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two notices: one that everybody got or lost, one of the day after that waits."""

    async def filled() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        await ledger.enqueue([notice("a", "ops", "dev", "web", "pager"), notice("nobody's")])
        await ledger.enqueue([notice("late", "ops", at_ms=NOON + DAY)])
        await ledger.append_dispatches(
            [
                attempted("a", "ops", DispatchState.FAILED, 1, error="503"),
                attempted("a", "ops", DispatchState.SENT, 2),
                attempted("a", "dev", DispatchState.FAILED, 3, next_attempt_ms=NOON + MINUTE, error="no route"),
                attempted("a", "web", DispatchState.GIVEN_UP, 60, error="wrong password"),
                attempted("a", "pager", DispatchState.SUPPRESSED, 1, error="told together with b"),
            ]
        )
        await ledger.close()

    asyncio.run(filled())
    file = tmp_path / "wamon.toml"
    text = f'[service]\ndatabase = "{tmp_path}/wamon.db"\n[[targets]]\nname = "graph"\nprobe = "edge"\n'
    file.write_text(text)
    return file


def test_each_notice_is_told_with_what_became_of_it(config: Path) -> None:
    ended = asked("notify", "list", "-c", config)
    said = " ".join(ended.out.split())
    assert ended.code == 0
    assert "dev: waits, attempt 3 failed: no route" in said
    assert "ops: sent " in said
    assert "web: given up after 60 attempts: wrong password" in said
    assert "pager: told together with b" in said
    assert "no channel wants it" in said
    assert said.endswith("ops: waits")


def test_the_whole_text_is_there_where_it_is_asked_for(config: Path) -> None:
    body = f"\n  {notice('a').body.splitlines()[0]}\n"
    assert body not in asked("notify", "list", "-c", config).out
    assert body in asked("notify", "list", "--full", "-c", config).out


def test_a_first_day_and_a_number_narrow_it(config: Path) -> None:
    (latest,) = asked("notify", "list", "--most", "1", "--json", "-c", config).document["notices"]
    assert (latest["key"], latest["channels"][0]["state"]) == ("late", "queued")
    day = latest["at"][:10]
    assert len(asked("notify", "list", "--from", day, "--json", "-c", config).document["notices"]) == 1
    every = asked("notify", "list", "--json", "-c", config).document["notices"]
    assert [one["key"] for one in every] == ["a", "nobody's", "late"], "oldest first"
    assert every[0]["channels"][0] | {"at": ""} == {
        "channel": "ops", "state": "sent", "attempts": 2, "at": "", "detail": None,
    }  # fmt: skip


def test_where_nothing_was_told_it_says_so(tmp_path: Path) -> None:
    asyncio.run(open_ledger(tmp_path / "wamon.db").close())
    file = tmp_path / "wamon.toml"
    text = f'[service]\ndatabase = "{tmp_path}/wamon.db"\n[[targets]]\nname = "graph"\nprobe = "edge"\n'
    file.write_text(text)
    assert asked("notify", "list", "-c", file).out == "Nobody was told anything yet; see: wamon notify test\n"

"""The watch on a clock that jumps: caps, back-off and what a restart remembers, over the real book."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from wamon.core.incident import Lasting
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.timeline import HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.core.vigil import Vigil
from wamon.core.watched import EVIDENCE, Watched
from wamon.ledger import open_ledger
from wamon.metrics import Tally
from wamon.settings import parse
from wamon.wiring import watched
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.look import Watch

START_MS = parse_iso("2026-11-01T12:00:00Z")
DOWN = {"error": {"code": 2, "message": "(#2) Service temporarily unavailable", "fbtrace_id": "A"}}
LIMITED = {"error": {"code": 4, "message": "(#4) Application request limit reached", "fbtrace_id": "A"}}

Answer = Callable[[str, int], dict[str, object]]


class Played:
    """A platform that answers as a story says, and a clock that jumps to the next look that is due."""

    def __init__(self, folder: Path, targets: list[Watched], answer: Answer) -> None:
        self.now_ms = START_MS
        self.answer = answer
        self.asked: list[tuple[str, int]] = []
        self.woken: dict[str, int] = {}
        self.ledger = open_ledger(folder / "wamon.db")
        self.book = Bookkeeper(self.ledger, {})
        self.targets = targets

    async def ask(self, name: str, at_ms: int) -> Exchange:
        self.asked.append((name, at_ms))
        return Exchange(
            name, self.watch.vigil.watched[name].probe, at_ms, reached=Phase.ANSWERED, http_status=500,
            headers={"x-fb-trace-id": "A"}, body=self.answer(name, at_ms), durations_ms={"total": 100.0},
        )  # fmt: skip

    async def run(self, for_ms: int) -> None:
        """Watch for so long, beginning as after a start: with what the book knows of before."""
        vigil = Vigil(knowledge(), Lasting())
        names = [one.name for one in self.targets]
        self.watch = Watch(
            vigil, self, self.book, Tally(names, []), lambda: self.now_ms, wake=self.woken.__setitem__
        )
        await self.book.activate(names, self.now_ms)
        for one in self.targets:
            vigil.watch(one)
            self.watch.remember(one.name, await self.book.marks(one.name, Span(0, self.now_ms)))
        end_ms = self.now_ms + for_ms
        due = {name: self.watch.due(name, self.now_ms) for name in names}
        while min(due.values()) < end_ms:
            name = min(due, key=lambda one: due[one])
            self.now_ms = due[name]
            await self.watch.look(name)
            due[name] = self.watch.due(name, self.now_ms)
            due |= {one: at_ms for one, at_ms in self.woken.items() if one in due and at_ms > self.now_ms}
            self.woken.clear()
        self.now_ms = end_ms


def played(folder: Path, targets: list[Watched], answer: Answer, *runs_ms: int) -> list[tuple[str, int]]:
    async def story() -> list[tuple[str, int]]:
        play = Played(folder, targets, answer)
        for run_ms in runs_ms:
            await play.run(run_ms)
        await play.ledger.close()
        return play.asked

    return asyncio.run(story())


def off_slot(asked: list[tuple[str, int]]) -> int:
    """More looks than one a minute and target: the extra ones."""
    return len(asked) - len({(name, at_ms // MINUTE) for name, at_ms in asked})


@pytest.mark.parametrize(("quotas", "most"), [(("t", "t", "t"), 60), (("t", "u", "u"), 120)])
def test_targets_of_one_token_share_its_sixty_extra_looks_an_hour(
    tmp_path: Path, quotas: tuple[str, ...], most: int
) -> None:
    targets = [Watched(f"api-{i}", ProbeKind.API, MINUTE, f"a{i}", quota) for i, quota in enumerate(quotas)]
    asked = played(tmp_path, targets, lambda _name, _at: DOWN, HOUR)
    regular = 60 * len(targets)
    assert most - 5 <= len(asked) - regular <= most


def test_a_restart_does_not_give_the_extra_looks_anew(tmp_path: Path) -> None:
    targets = [Watched("api", ProbeKind.API, MINUTE, quota="t")]
    asked = played(tmp_path, targets, lambda _name, _at: DOWN, *[10 * MINUTE] * 6)
    assert len(asked) <= 60 + 60
    assert off_slot(asked) > 20


def test_while_the_caller_is_limited_even_the_token_is_not_asked_for(tmp_path: Path) -> None:
    """Every call prolongs the block, so evidence on demand waits too, and the regular looks come half as often."""
    targets = [Watched("api", ProbeKind.API, MINUTE), Watched("token", ProbeKind.TOKEN, 15 * MINUTE)]
    assert ProbeKind.TOKEN in EVIDENCE
    asked = Counter(name for name, _ in played(tmp_path, targets, lambda _name, _at: LIMITED, HOUR))
    assert asked["api"] in (30, 31)
    assert asked["token"] in (2, 3)


CONFIGURATION = """
[graph]
access_token = "env:ONE"
[[accounts]]
name = "second"
access_token = "env:ONE"
[[accounts]]
name = "third"
access_token = "env:TWO"
[[targets]]
name = "a"
probe = "api"
phone_number_id = "1"
interval = "60s"
[[targets]]
name = "b"
probe = "api"
phone_number_id = "2"
interval = "60s"
account = "second"
[[targets]]
name = "c"
probe = "api"
phone_number_id = "3"
interval = "60s"
account = "third"
[[targets]]
name = "d"
probe = "edge"
interval = "60s"
"""


def test_accounts_with_the_same_token_share_its_quota_and_a_look_without_one_has_its_own() -> None:
    assert {one.name: one.quota for one in watched(parse(CONFIGURATION))} == {
        "a": "env:ONE", "b": "env:ONE", "c": "env:TWO", "d": "d",
    }  # fmt: skip


def test_looks_of_a_second_are_never_nearer_than_the_recheck(tmp_path: Path) -> None:
    asked = played(tmp_path, [Watched("api", ProbeKind.API, MINUTE)], lambda _name, _at: DOWN, 10 * MINUTE)
    instants = [at_ms for _, at_ms in asked]
    gaps = [later - earlier for earlier, later in pairwise(instants)]
    assert min(gaps) >= 10 * SECOND

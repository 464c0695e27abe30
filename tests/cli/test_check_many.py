"""``wamon check`` of a partner's clients: what is wrong is told, what is fine is counted."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.cli.platform import SECRETS, configured, simulated
from tests.cli.program import wamon
from wamon.cli.abreast import AT_ONCE, abreast
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import PHONE_NUMBER_ID

CLIENTS = 40


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with simulated(Simulator()) as platform:
        numbers = [PHONE_NUMBER_ID] * (CLIENTS - 1) + ["1"]
        more = "".join(
            f'[[accounts]]\nname = "client-{n}"\n[[targets]]\nname = "client-{n}.number"\naccount = "client-{n}"\n'
            f'probe = "api"\nphone_number_id = "{number}"\n'
            for n, number in enumerate(numbers)
        )
        yield configured(tmp_path / "wamon.toml", platform, more)


def test_of_many_targets_those_that_fail_are_told_and_the_others_counted(config: Path) -> None:
    ended = wamon("check", "-c", config, COLUMNS="80", **SECRETS)
    lines = ended.out.splitlines()
    assert ended.code == 1
    assert len(lines) < 60
    assert max(map(len, lines)) <= 80
    assert "43 of 44 targets are fine" in ended.out
    assert "client-39.number" in ended.out
    assert "client-38.number" not in ended.out
    document = wamon("check", "-c", config, "--json", **SECRETS).document
    assert len(document["targets"]) == 44, "programs are told everything"


def test_so_many_are_asked_at_a_time_and_the_answers_keep_their_order() -> None:
    under_way: list[int] = []
    most = []

    async def ask(number: int) -> int:
        under_way.append(number)
        most.append(len(under_way))
        await asyncio.sleep(0)
        under_way.remove(number)
        return number

    async def run() -> list[int]:
        return await abreast(partial(ask, number) for number in range(100))

    assert asyncio.run(run()) == list(range(100))
    assert max(most) == AT_ONCE

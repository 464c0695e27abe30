"""Graph's name is gone for a quarter of an hour: whose fault that was, a second resolver may know."""

import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.stories.staged import SETTINGS, START_MS, Story, play
from tests.support.names import A, Says, knowing, resolving
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import MINUTE, Span
from wamon.simulator.scenario import Episode
from wamon.simulator.virtual_time import virtual_loop
from wamon.wire.resolver import Address, NameUnknownError, Resolver

GONE = Span(START_MS + 10 * MINUTE, START_MS + 25 * MINUTE)
GRAPH, CONTROLS = "localhost", ("one.example", "two.example")
EPISODE = Episode("a name is gone", "", Span(START_MS, START_MS + 40 * MINUTE), Verdict.NETWORK_ERROR, Cause.PATH)


class OurResolver(Resolver):
    """Knows every name but, for a while, Graph's."""

    async def resolve(self, host: str, port: int, family: socket.AddressFamily) -> list[Address]:
        if host == GRAPH and GONE.holds(virtual_loop().now_ms()):
            raise NameUnknownError(f"{host}: no such name")
        return [Address(socket.AF_INET, "127.0.0.1", port)]


def night(folder: Path, says: dict[str, Says] | None) -> Story:
    async def prepare(stack: AsyncExitStack, text: str) -> str:
        text = text.replace('base_url = "http://127.0.0.1', f'base_url = "http://{GRAPH}')
        for name in CONTROLS:
            text = text.replace('\nurl = "http://127.0.0.1', f'\nurl = "http://{name}', 1)
        if says is None:
            return text
        resolver = await stack.enter_async_context(resolving(knowing(says)))
        return f'{text}\n[network]\nsecond_resolver = "127.0.0.1:{resolver.port}"\n'

    return play(folder, EPISODE, 40, settings=SETTINGS, receiver=False, prepare=prepare, resolver=OurResolver())


def causes(story: Story) -> set[tuple[str, str]]:
    """What was found of the looks that were not good, before the pass and after it."""
    pairs = zip(story.first["cloud-api"], story.marks["cloud-api"], strict=True)
    return {
        (str(before.finding.cause), str(after.finding.cause))
        for before, after in pairs
        if before.finding.verdict is not Verdict.OK
    }


BOTH: dict[str, Says] = dict.fromkeys(CONTROLS, (A,))


def test_a_name_that_a_second_resolver_misses_too_while_it_knows_the_controls_was_metas(tmp_path: Path) -> None:
    story = night(tmp_path, BOTH)
    assert story.turned == ["cloud-api: everywhere_but_there"]
    assert causes(story) == {("path", "edge")}
    sites = {mark.context.site for marks in story.marks.values() for mark in marks}
    assert sites == {socket.gethostname()}, "every look says where it was made"


@pytest.mark.parametrize(
    ("says", "cause"),
    {
        "nobody is asked": (None, "path"),
        "it knows no control either": ({}, "path"),
        "it finds the name": (BOTH | {GRAPH: (A,)}, "local_network"),
    }.values(),
)
def test_without_its_word_nothing_turns(tmp_path: Path, says: dict[str, Says] | None, cause: str) -> None:
    story = night(tmp_path, says)
    assert (story.turned, causes(story)) == ([], {(cause, cause)})

"""Scenarios on the virtual clock: spells, turns of the world, pulled cables."""

import asyncio
import time
from typing import Any

import pytest

from tests.simulator.raw import APP_TOKEN, NODE, ask, octets, send
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import MINUTE, SECOND, Span, parse_iso
from wamon.simulator.faults import EmptyBody, Fault, GraphError, HangUp, HtmlPage, Point, Unreachable
from wamon.simulator.scenario import (
    AUTHENTICATED,
    MANAGED,
    TO_GRAPH,
    Cable,
    Call,
    Episode,
    Place,
    Scenario,
    Spell,
    SpellBook,
)
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import run_virtual, virtual_loop
from wamon.simulator.world import ACCESS_TOKEN, TokenState, TokenTurns

START_MS = parse_iso("2026-11-02T00:00:00Z")
FROM_MS, TO_MS = START_MS + MINUTE, START_MS + 2 * MINUTE


def scenario(**parts: Any) -> Scenario:
    span = Span(FROM_MS, TO_MS)
    return Scenario(span, (Episode("title", "story", span, Verdict.SYSTEM_ERROR, Cause.SERVICE, **parts),))


def statuses(what: Scenario, paths: tuple[str, ...] = (NODE,), token: str = ACCESS_TOKEN) -> list[tuple[int, ...]]:
    """The HTTP status of each path just before, at the start, just before the end, and at the end."""

    async def looks() -> list[tuple[int, ...]]:
        async with Simulator(what) as sim:
            seen = []
            for at_ms in (FROM_MS - 1, FROM_MS, TO_MS - 1, TO_MS):
                await virtual_loop().sleep_until(at_ms)
                seen.append(tuple([(await ask(sim.base_url + path, token)).http_status for path in paths]))
            return seen

    return run_virtual(looks(), START_MS)


def test_a_spell_begins_and_ends_on_its_instants() -> None:
    spell = Spell(FROM_MS, TO_MS, MANAGED, (EmptyBody(503),))
    assert statuses(scenario(spells=(spell,))) == [(200,), (503,), (503,), (200,)]


def test_a_spell_strikes_only_the_calls_it_is_aimed_at() -> None:
    paths = (NODE, "/debug_token?input_token=" + ACCESS_TOKEN, "/v25.0/me")
    for call, struck in (
        (Call.NUMBER, (503, 200, 200)),
        (Call.DEBUG_TOKEN, (200, 503, 200)),
        (Call.ACCOUNT, (200, 200, 503)),
    ):
        spell = Spell(FROM_MS, TO_MS, frozenset({call}), (EmptyBody(503),))
        assert statuses(scenario(spells=(spell,)), paths)[1] == struck


def test_a_call_without_a_token_is_the_edge() -> None:
    spell = Spell(FROM_MS, TO_MS, frozenset({Call.EDGE}), (HtmlPage(502),))
    assert statuses(scenario(spells=(spell,)), token="") == [(401,), (502,), (502,), (401,)]


def test_a_spell_on_sends_lets_reads_through() -> None:
    async def looks() -> list[int]:
        spell = Spell(START_MS, TO_MS, frozenset({Call.SEND}), (GraphError(500, 131016),))
        async with Simulator(scenario(spells=(spell,))) as sim:
            return [
                (await send(sim.base_url)).http_status,
                (await ask(sim.base_url + NODE, ACCESS_TOKEN)).http_status,
            ]

    assert run_virtual(looks(), START_MS) == [500, 200]


A, B = EmptyBody(500), EmptyBody(503)


@pytest.mark.parametrize(
    ("rounds", "dealt"),
    [(None, [A, B, None, A, B]), (1, [A, B, None, None, None]), (2, [A, B, None, A, B])],
)
def test_a_spell_deals_its_faults_round_and_round(rounds: int | None, dealt: list[Fault | None]) -> None:
    book = SpellBook([Spell(0, 10, MANAGED, (A, B, None), rounds)])
    assert [book.fault(5, Call.NUMBER) for _ in range(5)] == dealt


def test_of_two_spells_at_once_the_first_stands_and_each_counts_its_own_calls() -> None:
    book = SpellBook([Spell(0, 10, frozenset({Call.SEND}), (A,)), Spell(0, 10, AUTHENTICATED, (B, None))])
    assert [book.fault(1, call) for call in (Call.SEND, Call.NUMBER, Call.SEND, Call.NUMBER)] == [A, B, A, None]


def test_a_spell_at_accept_strikes_before_anyone_knows_what_the_call_was_for() -> None:
    async def looks() -> list[bytes]:
        spell = Spell(START_MS, TO_MS, frozenset({Call.NUMBER}), (HangUp(Point.ACCEPT),))
        async with Simulator(scenario(spells=(spell,))) as sim:
            seen = []
            for url in (sim.base_url + NODE, sim.control_urls[0]):
                try:
                    seen.append((await octets(url))[:12])
                except ConnectionResetError:
                    seen.append(b"")
            return seen

    assert run_virtual(looks(), START_MS) == [b"", b"HTTP/1.1 200"]


def test_the_tests_own_faults_come_before_any_spell() -> None:
    async def looks() -> list[int]:
        spell = Spell(START_MS, TO_MS, MANAGED, (EmptyBody(503),))
        async with Simulator(scenario(spells=(spell,))) as sim:
            sim.faults += [EmptyBody(500), None]
            return [(await ask(sim.base_url + NODE, ACCESS_TOKEN)).http_status for _ in range(3)]

    assert run_virtual(looks(), START_MS) == [500, 200, 503]


@pytest.mark.parametrize(
    ("calls", "faults", "sentence"),
    [
        (MANAGED, (), "a spell needs at least one fault; None lets a call through"),
        (
            frozenset({Call.PAGE, Call.HANDSHAKE}),
            (None, GraphError(500, 2)),
            "a GraphError comes from Graph only, not in answer to handshake, page: take Instead",
        ),
    ],
)
def test_a_spell_that_cannot_be_played_is_refused(calls: Any, faults: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Spell(0, 1, calls, faults)
    assert str(refusal.value) == sentence


def test_every_call_of_graph_can_be_struck_by_a_graph_error() -> None:
    assert Spell(0, 1, TO_GRAPH, (GraphError(500, 2),)).strikes(0, frozenset({Call.EDGE}))


def test_the_world_turns_at_its_instants_and_debug_token_agrees() -> None:
    changes = (
        TokenTurns(TO_MS, ACCESS_TOKEN, TokenState.VALID),
        TokenTurns(FROM_MS, ACCESS_TOKEN, TokenState.EXPIRED),
    )
    assert statuses(scenario(changes=changes)) == [(200,), (401,), (401,), (200,)]

    async def inspect() -> list[bool]:
        async with Simulator(scenario(changes=changes)) as sim:
            valid = []
            for at_ms in (FROM_MS - 1, FROM_MS, TO_MS):
                await virtual_loop().sleep_until(at_ms)
                told = await ask(f"{sim.base_url}/debug_token?input_token={ACCESS_TOKEN}", APP_TOKEN)
                valid.append(told.json["data"]["is_valid"])
            return valid

    assert run_virtual(inspect(), START_MS) == [True, False, True]


def test_what_lies_in_the_past_when_the_simulator_starts_has_happened() -> None:
    changes = (TokenTurns(FROM_MS, ACCESS_TOKEN, TokenState.EXPIRED),)

    async def look() -> int:
        async with Simulator(scenario(changes=changes)) as sim:
            return (await ask(sim.base_url + NODE, ACCESS_TOKEN)).http_status

    assert run_virtual(look(), TO_MS) == 401


def test_without_a_virtual_loop_the_scenario_follows_the_wall() -> None:
    async def look() -> tuple[int, int]:
        now_ms = time.time_ns() // 1_000_000
        spell = Spell(now_ms - SECOND, now_ms + MINUTE, MANAGED, (EmptyBody(503),))
        async with Simulator(scenario(spells=(spell,))) as sim:
            return (await ask(sim.base_url + NODE, ACCESS_TOKEN)).http_status, abs(sim.now_ms() - now_ms)

    http_status, apart_ms = asyncio.run(look())
    assert http_status == 503
    assert apart_ms < MINUTE


@pytest.mark.parametrize(("silent", "failure"), [(False, "refused"), (True, "no answer")])
def test_a_cable_is_out_from_its_start_to_its_end(silent: bool, failure: str) -> None:
    async def looks() -> list[list[str]]:
        async with Simulator(scenario(cables=(Cable(FROM_MS, TO_MS, how=Unreachable(silent)),))) as sim:
            seen = []
            for at_ms in (FROM_MS - 1, FROM_MS + 1, TO_MS - 30_000, TO_MS + 1):
                await virtual_loop().sleep_until(at_ms)
                seen.append([await _knock(url) for url in (sim.base_url, sim.webhook_url, *sim.control_urls)])
            return seen

    good, bad = ["answered"] * 4, [failure] * 4
    assert run_virtual(looks(), START_MS) == [good, bad, bad, good]


def test_a_cable_of_one_place_leaves_the_others_alone() -> None:
    async def looks() -> list[str]:
        cable = Cable(START_MS, TO_MS, frozenset({Place.CONTROL}))
        async with Simulator(scenario(cables=(cable,))) as sim:
            return [await _knock(url) for url in (sim.base_url, sim.webhook_url, *sim.control_urls)]

    assert run_virtual(looks(), START_MS) == ["answered", "answered", "refused", "refused"]


def test_nothing_of_a_scenario_happens_after_the_simulator_has_stopped() -> None:
    async def leave() -> tuple[str, list[Any], int]:
        faults: list[Any] = []
        virtual_loop().set_exception_handler(lambda _, context: faults.append(context))
        parts = {
            "cables": (Cable(FROM_MS, TO_MS),),
            "changes": (TokenTurns(TO_MS, ACCESS_TOKEN, TokenState.EXPIRED),),
        }
        async with Simulator(scenario(**parts)) as sim:
            await send(sim.base_url)
            await virtual_loop().sleep_until(FROM_MS + 1)
            url = sim.base_url
        left = len(asyncio.all_tasks())
        await virtual_loop().sleep_until(TO_MS + 1)
        assert sim.world.tokens[0].state is TokenState.VALID
        return await _knock(url), faults, left

    assert run_virtual(leave(), START_MS) == ("refused", [], 1)


async def _knock(url: str) -> str:
    try:
        async with asyncio.timeout(5):
            return "answered" if (await ask(url)).http_status else "odd"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "no answer"

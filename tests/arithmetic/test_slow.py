"""Good answers that take longer than the latency objective: up, with their time told apart."""

import asyncio
from typing import Any

import pytest

from tests.ledger.sample import EVER
from wamon.core.contexts import slow_after_ms
from wamon.core.days import PLATFORM, Overlay, day_figures
from wamon.core.incident import Lasting
from wamon.core.knowledge import Controls, Knowledge, knowledge
from wamon.core.maintenance import Cover
from wamon.core.observation import ProbeKind
from wamon.core.reading import read_exchange
from wamon.core.timeline import MINUTE, Span, iso, parse_iso
from wamon.core.uptime import figures
from wamon.core.vigil import Vigil
from wamon.core.watched import Watched
from wamon.ledger import memory_ledger

START = parse_iso("2026-11-03T10:00:00Z")
GOOD = {"reached": "answered", "http_status": 200, "body": {"id": "1"}}
BROKEN = {"http_status": 500, "body": {"error": {"code": 131016}}}
HOUR_OF_LOOKS = Span(START, START + 60 * MINUTE)


def watching(objective_ms: int, probe: ProbeKind = ProbeKind.API) -> Vigil:
    vigil = Vigil(Knowledge(knowledge().catalogue, Controls()), Lasting())
    vigil.watch(Watched("t", probe, MINUTE, slow_after_ms=objective_ms))
    return vigil


def looks(vigil: Vigil, first: int, count: int, total_ms: float | None, said: dict[str, Any] = GOOD) -> None:
    """One a minute; the exchange took so long, or nobody knows how long."""
    probe = vigil.watched["t"].probe.value
    for number in range(first, first + count):
        took = {} if total_ms is None else {"durations_ms": {"total": total_ms}}
        line = {"target": "t", "probe": probe, "at": iso(START + number * MINUTE), **took, **said}
        vigil.observe(read_exchange(line))


def test_slow_answers_count_as_up_and_are_told_apart() -> None:
    """The objective itself is met; a failure, a blip and an answer of unknown length are no slow successes."""
    vigil = watching(2_000)
    for first, count, total_ms, said in (
        (-1, 10, 2_000.0, GOOD),
        (9, 5, 2_000.1, GOOD),
        (14, 10, None, GOOD),
        (24, 3, 9_000.0, BROKEN),
        (27, 13, 30.0, GOOD),
        (40, 1, 9_000.0, BROKEN),
        (41, 20, 30.0, GOOD),
    ):
        looks(vigil, first, count, total_ms, said)
    sums = figures(vigil.timeline("t", HOUR_OF_LOOKS.end_ms), HOUR_OF_LOOKS)
    assert (sums.slow_ms, sums.down_ms, sums.blips) == (5 * MINUTE, 3 * MINUTE, 1)
    assert sums.availability == 1 - 3 / 60


def test_what_was_slow_stays_slow_when_the_objective_changes() -> None:
    """As each look carries its own interval, each carries whether it was slow when it was made."""
    vigil = watching(2_000)
    looks(vigil, 0, 20, 3_000.0)
    vigil.watch(Watched("t", ProbeKind.API, MINUTE, slow_after_ms=5_000))
    looks(vigil, 20, 20, 3_000.0)
    vigil.watch(Watched("t", ProbeKind.API, MINUTE))
    looks(vigil, 40, 21, 60_000.0)
    sums = figures(vigil.timeline("t", HOUR_OF_LOOKS.end_ms), HOUR_OF_LOOKS)
    assert sums.slow_ms == 19 * MINUTE + MINUTE // 2
    assert (sums.availability, sums.coverage) == (1, 1)


def test_declared_maintenance_and_time_without_an_observer_are_not_slow() -> None:
    vigil = watching(2_000)
    looks(vigil, 0, 61, 3_000.0)
    resting = Span(START + 10 * MINUTE, START + 20 * MINUTE)
    overlay = Overlay({"t": Cover((resting,))}, (Span(START + 50 * MINUTE, START + 55 * MINUTE),))
    rows = day_figures(
        list(vigil.watched.values()),
        {"t": vigil.timeline("t", HOUR_OF_LOOKS.end_ms)},
        {"t": START},
        HOUR_OF_LOOKS,
        HOUR_OF_LOOKS.end_ms,
        overlay,
    )
    assert rows["t"].slow_ms == 45 * MINUTE


def test_the_platforms_row_is_never_slow() -> None:
    """Of one canary it would be, of two nobody could say: so it is not."""
    vigil = watching(2_000, ProbeKind.MESSAGE)
    sent = {"http_status": 200, "body": {"messages": [{"id": "wamid.1", "message_status": "accepted"}]}}
    looks(vigil, 0, 61, 3_000.0, sent)
    now_ms = HOUR_OF_LOOKS.end_ms
    timelines = {"t": vigil.timeline("t", now_ms)}
    rows = day_figures(list(vigil.watched.values()), timelines, {"t": START}, HOUR_OF_LOOKS, now_ms)
    assert (rows["t"].slow_ms, rows[PLATFORM].slow_ms) == (60 * MINUTE, 0)
    assert rows[PLATFORM].availability == 1


@pytest.mark.parametrize("probe", ProbeKind)
def test_only_answers_to_what_was_asked_can_be_slow(probe: ProbeKind) -> None:
    asked = probe.value in ("edge", "api", "message", "webhook")
    assert slow_after_ms(probe, 2_000) == (2_000 if asked else 0)
    assert slow_after_ms(probe, None) == 0


def test_the_book_gives_slow_looks_back_as_slow() -> None:
    assert asyncio.run(written_and_read()) == [False, True, False]


async def written_and_read() -> list[bool]:
    vigil, ledger = watching(2_000), memory_ledger()
    for number, total_ms in enumerate((30.0, 3_000.0, 30.0)):
        at = iso(START + number * MINUTE)
        exchange = read_exchange({"target": "t", "at": at, "durations_ms": {"total": total_ms}, **GOOD})
        seen = vigil.observe(exchange)
        await ledger.record(exchange, seen.mark.context, vigil.ruling(exchange, seen))
    marks = await ledger.marks("t", EVER)
    await ledger.close()
    return [one.context.slow for one in marks]

"""The watch on clocks that are set, machines that sleep and processes that stop: nothing bent, nobody blind."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.by_hand import BAD, GOOD, MINUTE, SECOND, Answer, Hand, by_hand, edges
from wamon.core.burning import PREFIX
from wamon.core.cadence import next_slot, offset_ms
from wamon.core.timeline import HOUR, Span, parse_iso

NAME = "graph"
START = next_slot(parse_iso("2026-11-03T10:00:00Z"), MINUTE, offset_ms(NAME, MINUTE)) - 1
"""A millisecond before a slot: the first look comes at once, and that millisecond is nobody's."""

LEAD_MS = 1
AN_HOUR = HOUR + LEAD_MS
"""Ends with a look, so that no time after the last one is nobody's."""

YEAR = 365 * 24 * HOUR
EVER = Span(0, 1 << 62)
SETTINGS = edges(NAME)


class Weather:
    """What the platform answers; the test changes it, whatever a clock says."""

    def __init__(self) -> None:
        self.answer = GOOD

    def __call__(self, _name: str, _at_ms: int) -> Answer:
        return self.answer


def played(
    folder: Path, story: Callable[[Hand, Weather], Awaitable[None]], start_ms: int = START, *, killed: bool = False
) -> Hand:
    """One run of the watch."""

    async def run() -> Hand:
        weather = Weather()
        async with by_hand(SETTINGS, folder / "wamon.db", start_ms, weather, killed=killed) as hand:
            await story(hand, weather)
            await hand.settle()
            return hand

    return asyncio.run(run())


async def missed(hand: Hand) -> list[tuple[str, int]]:
    await hand.settle()
    return [(one.reason.value, one.slots) for one in await hand.ledger.read(lambda book: book.missed(EVER))]


def phases(hand: Hand) -> list[str]:
    """What was said of incidents; how the budget burns is another matter."""
    return [one.key.rpartition("Z:")[2] for one in hand.told if not one.key.startswith(PREFIX)]


async def an_hour(hand: Hand, _weather: Weather) -> None:
    await hand.pass_time(AN_HOUR)


def test_a_clock_set_ahead_is_a_hole_as_long_as_the_step(tmp_path: Path) -> None:
    async def story(hand: Hand, _weather: Weather) -> None:
        await hand.pass_time(AN_HOUR)
        hand.set_clock(30 * MINUTE - LEAD_MS)
        await hand.pass_time(AN_HOUR)
        assert hand.figures(NAME) == {
            "total": 2 * HOUR + 30 * MINUTE + LEAD_MS,
            "down": 0,
            "user_error": 0,
            "unobserved": 30 * MINUTE,
        }
        assert await missed(hand) == [("clock", 29)]

    played(tmp_path, story)


def test_two_looks_near_enough_to_touch_do_not_bridge_a_clock_that_was_set(tmp_path: Path) -> None:
    async def story(hand: Hand, _weather: Weather) -> None:
        await hand.pass_time(HOUR + 10 * SECOND)
        hand.set_clock(20 * SECOND)
        await hand.pass_time(HOUR)
        assert hand.figures(NAME)["unobserved"] == 20 * SECOND + LEAD_MS
        assert await missed(hand) == [("clock", 1)], "the slot it was planned for never came"

    played(tmp_path, story)


def test_what_a_clock_set_back_repeats_is_kept_and_does_not_count(tmp_path: Path) -> None:
    """Vector 11 in the running watch: the first look at a stretch of time stands."""

    async def story(hand: Hand, weather: Weather) -> None:
        await hand.pass_time(AN_HOUR)
        asked, hand.late_ms = len(hand.answers.asked), 3
        hand.set_clock(-30 * MINUTE)
        weather.answer = BAD
        await hand.pass_time(10 * MINUTE)
        weather.answer = GOOD
        await hand.pass_time(50 * MINUTE)
        assert len(hand.answers.asked) >= asked + 60 + 20, "it looks on, and again while it fails"
        counted = hand.figures(NAME)
        assert (counted["down"], counted["unobserved"]) == (0, LEAD_MS)
        assert counted["total"] == hand.now_ms - START
        kept = await hand.ledger.read(lambda book: book.sizes().rows["observations"])
        assert kept == len(hand.answers.asked) == len(set(hand.answers.asked))

    hand = played(tmp_path, story)
    assert phases(hand) == ["opened", "resolved"], "people are told of trouble, whatever the clock says"


def test_an_outage_goes_on_when_the_clock_is_set_back_and_is_told_once(tmp_path: Path) -> None:
    async def story(hand: Hand, weather: Weather) -> None:
        await hand.pass_time(HOUR)
        weather.answer = BAD
        await hand.pass_time(5 * MINUTE)
        hand.set_clock(-30 * MINUTE)
        asked = len(hand.answers.asked)
        await hand.pass_time(3 * MINUTE)
        assert len(hand.answers.asked) >= asked + 8, "every twenty seconds while it fails"
        weather.answer = GOOD
        await hand.pass_time(2 * HOUR)
        down_ms = hand.figures(NAME)["down"]
        assert 5 * MINUTE < down_ms < 5 * MINUTE + 75 * SECOND, "counted where it was first seen"

    assert phases(played(tmp_path, story)) == ["opened", "resolved"]


def test_an_outage_into_time_not_yet_seen_counts_from_there_and_is_told_once(tmp_path: Path) -> None:
    async def story(hand: Hand, weather: Weather) -> None:
        await hand.pass_time(HOUR)
        hand.set_clock(-10 * MINUTE)
        await hand.pass_time(5 * MINUTE)
        weather.answer = BAD
        await hand.pass_time(15 * MINUTE)
        weather.answer = GOOD
        await hand.pass_time(HOUR)
        assert hand.figures(NAME)["down"] == pytest.approx(10 * MINUTE, abs=MINUTE)

    assert phases(played(tmp_path, story)) == ["opened", "resolved"]


@pytest.mark.parametrize("step_ms", [-YEAR, -HOUR, -30 * SECOND, 30 * SECOND, HOUR, YEAR, 10 * YEAR])
def test_after_any_step_a_failing_target_is_looked_at_as_soon_as_before(tmp_path: Path, step_ms: int) -> None:
    async def story(hand: Hand, weather: Weather) -> None:
        weather.answer = BAD
        await hand.pass_time(10 * MINUTE)
        asked = len(hand.answers.asked)
        hand.set_clock(step_ms)
        await hand.pass_time(MINUTE)
        assert len(hand.answers.asked) - asked == 3

    played(tmp_path, story)


def test_extra_looks_of_before_a_step_stay_spent(tmp_path: Path) -> None:
    async def story(hand: Hand, weather: Weather) -> None:
        weather.answer = BAD
        await hand.pass_time(20 * MINUTE)
        hand.set_clock(10 * YEAR)
        await hand.pass_time(40 * MINUTE - MINUTE)
        rows = await missed(hand)
        assert sum(slots for reason, slots in rows if reason == "quota") > 10

    hand = played(tmp_path, story)
    looks = [at_ms if at_ms < START + HOUR else at_ms - 10 * YEAR for _, at_ms in hand.answers.asked]
    assert len(looks) <= 60 + 60, "sixty extra looks and sixty slots in an hour"


def test_an_extra_look_that_the_hour_has_no_room_for_is_named(tmp_path: Path) -> None:
    async def story(hand: Hand, weather: Weather) -> None:
        weather.answer = BAD
        await hand.pass_time(HOUR)
        rows = await missed(hand)
        assert {reason for reason, _ in rows} == {"quota"}
        counted = hand.house.tally.targets[NAME].missed["quota"]
        assert counted == len(rows) > 10

    played(tmp_path, story)


def test_a_machine_that_slept_has_not_observed_and_makes_nothing_up(tmp_path: Path) -> None:
    async def story(hand: Hand, _weather: Weather) -> None:
        await hand.pass_time(AN_HOUR)
        hand.sleep(2 * HOUR - LEAD_MS)
        asked = len(hand.answers.asked)
        await hand.pass_time(5 * MINUTE)
        assert len(hand.answers.asked) == asked + 5
        await hand.pass_time(LEAD_MS)
        assert hand.figures(NAME)["unobserved"] == 2 * HOUR
        assert await missed(hand) == [("stopped", 119)]

    played(tmp_path, story)


def test_a_restart_of_a_second_costs_a_second_even_over_a_slot(tmp_path: Path) -> None:
    async def stopped_before_its_slot(hand: Hand, _weather: Weather) -> None:
        await hand.pass_time(HOUR)

    async def story(hand: Hand, _weather: Weather) -> None:
        await hand.pass_time(HOUR)
        assert hand.figures(NAME) == {
            "total": 2 * HOUR + SECOND,
            "down": 0,
            "user_error": 0,
            "unobserved": SECOND + LEAD_MS,
        }
        assert await missed(hand) == [("stopped", 1)]

    played(tmp_path, stopped_before_its_slot)
    again = played(tmp_path, story, START + HOUR + SECOND)
    assert len(again.answers.asked) == 61, "the slot that was missed is made up once, the others come at theirs"


def test_after_hours_off_the_slots_are_counted_and_not_made_up(tmp_path: Path) -> None:
    async def story(hand: Hand, _weather: Weather) -> None:
        assert await missed(hand) == [("stopped", 179)]
        assert hand.house.tally.targets[NAME].missed["stopped"] == 179
        await hand.pass_time(MINUTE + LEAD_MS)
        assert len(hand.answers.asked) == 2, "at its slots, and not once for every one that passed"
        assert hand.figures(NAME)["unobserved"] == 3 * HOUR

    played(tmp_path, an_hour)
    played(tmp_path, story, START + 4 * HOUR)


def test_killed_it_has_run_until_its_last_heartbeat(tmp_path: Path) -> None:
    async def killed_between_heartbeats(hand: Hand, _weather: Weather) -> None:
        await hand.pass_time(HOUR + 7 * SECOND)

    async def story(hand: Hand, _weather: Weather) -> None:
        await hand.pass_time(HOUR)
        lost_ms = hand.figures(NAME)["unobserved"] - LEAD_MS
        assert 3 * SECOND <= lost_ms < 18 * SECOND

    played(tmp_path, killed_between_heartbeats, killed=True)
    played(tmp_path, story, START + HOUR + 10 * SECOND)


def test_a_restart_on_a_clock_that_was_set_back_repeats_nothing_either(tmp_path: Path) -> None:
    async def story(hand: Hand, weather: Weather) -> None:
        weather.answer, hand.late_ms = BAD, 3
        await hand.pass_time(20 * MINUTE)
        assert phases(hand) == ["opened"], "told, though time has been seen before"
        weather.answer = GOOD
        await hand.pass_time(40 * MINUTE + 5)
        counted = hand.figures(NAME)
        assert (counted["total"], counted["down"]) == (hand.now_ms - START, 0)
        assert counted["unobserved"] == LEAD_MS
        assert await missed(hand) == []

    played(tmp_path, an_hour)
    played(tmp_path, story, START + 30 * MINUTE)

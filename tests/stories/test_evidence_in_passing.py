"""What answers tell in passing is on record in a running watch, and reaches the rules of hindsight."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.stories.staged import SETTINGS, START_MS, Story, play
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import MINUTE, Span
from wamon.simulator.faults import GraphError
from wamon.simulator.scenario import AUTHENTICATED, Episode, Spell
from wamon.simulator.world import PHONE_NUMBER_ID, SMALL_WORLD, BuildTurns, Change, NumberTurns

FROM_MS, UNTIL_MS = START_MS + 12 * MINUTE, START_MS + 25 * MINUTE
REFUSED = GraphError(401, 190, message="(#190) Cannot parse access token")
LIMITED = GraphError(400, 80007)
TOKEN = """[[targets]]
name = "token"
probe = "token"
interval = "5m"
"""


def night(
    folder: Path, error: GraphError, *changes: Change, settings: str = SETTINGS, usage_percent: int = 2
) -> Story:
    episode = Episode(
        "a quarter of an hour of refusals",
        "",
        Span(START_MS, START_MS + 40 * MINUTE),
        Verdict.SYSTEM_ERROR,
        Cause.AUTHENTICATION,
        spells=(Spell(FROM_MS, UNTIL_MS, AUTHENTICATED, (error,)),),
        changes=changes,
    )
    world = replace(SMALL_WORLD, usage_percent=usage_percent)
    return play(folder, episode, 40, settings=settings, receiver=False, world=world)


def test_without_a_token_target_nobody_knows_that_the_token_was_valid(tmp_path: Path) -> None:
    assert TOKEN in SETTINGS
    assert night(tmp_path, REFUSED, settings=SETTINGS.replace(TOKEN, "")).turned == []


@pytest.mark.parametrize(
    ("changes", "turned"),
    {
        "nothing changed": ((), True),
        "another version served": ((BuildTurns(FROM_MS + MINUTE, 1, oldest_version=26),), False),
        "the number was blocked right after": (
            (NumberTurns(UNTIL_MS - MINUTE, PHONE_NUMBER_ID, can_send="BLOCKED"),),
            False,
        ),
        "the number was not connected right before": (
            (
                NumberTurns(FROM_MS - 3 * MINUTE, PHONE_NUMBER_ID, state="DISCONNECTED"),
                NumberTurns(UNTIL_MS - MINUTE, PHONE_NUMBER_ID),
            ),
            False,
        ),
    }.values(),
)
def test_version_and_health_of_good_answers_speak_for_the_looks_between(
    tmp_path: Path, changes: tuple[Change, ...], turned: bool
) -> None:
    assert night(tmp_path, REFUSED, *changes).turned == (["cloud-api: same_token_valid"] if turned else [])


@pytest.mark.parametrize(("usage_percent", "turned"), [(2, True), (81, False)])
def test_a_limit_that_the_usage_headers_do_not_show_was_not_ours(
    tmp_path: Path, usage_percent: int, turned: bool
) -> None:
    story = night(tmp_path, LIMITED, usage_percent=usage_percent)
    assert story.turned == (["cloud-api: limit_not_ours"] if turned else [])

"""What Meta's webhooks told is heard by the weekly pass of a running watch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.stories.staged import SETTINGS, START_MS, Story, play
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import MINUTE, Span
from wamon.simulator.faults import GraphError
from wamon.simulator.scenario import AUTHENTICATED, Episode, News, Spell
from wamon.simulator.world import ACCOUNT_ID

REFUSED = Spell(
    START_MS + 10 * MINUTE,
    START_MS + 25 * MINUTE,
    AUTHENTICATED,
    (GraphError(401, 190, message="(#190) Cannot parse access token"),),
)
BANNED: Mapping[str, Any] = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
ELSEWHERE = SETTINGS.replace('app_id = "{app_id}"', 'app_id = "{app_id}"\nwaba_id = "77"')


def night(folder: Path, *news: News, settings: str = SETTINGS) -> Story:
    episode = Episode(
        "a token is refused",
        "for a quarter of an hour, while debug_token calls it valid",
        Span(START_MS, START_MS + 40 * MINUTE),
        Verdict.SYSTEM_ERROR,
        Cause.AUTHENTICATION,
        spells=(REFUSED,),
        news=news,
    )
    return play(folder, episode, 40, settings=settings)


def update(minute: float, field: str = "account_update", value: Mapping[str, Any] = BANNED) -> News:
    return News(START_MS + round(minute * MINUTE), field, value)


TURNED = ["cloud-api: same_token_valid"]


def test_a_token_that_was_valid_all_along_is_metas_fault_where_no_webhook_says_otherwise(tmp_path: Path) -> None:
    story = night(tmp_path)
    assert story.turned == TURNED


@pytest.mark.parametrize(
    ("news", "settings", "turned"),
    {
        "an event of the account while it was refused": (update(15), SETTINGS, []),
        "an event of another account": (update(15), ELSEWHERE, TURNED),
    }.values(),
)
def test_an_event_of_the_account_meanwhile_speaks_against_metas_fault(
    tmp_path: Path, news: News, settings: str, turned: list[str]
) -> None:
    assert ACCOUNT_ID != "77"
    assert night(tmp_path, news, settings=settings).turned == turned

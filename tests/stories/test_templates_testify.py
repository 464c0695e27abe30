"""A canary's parameters are refused for a while: the template, seen once an hour, says that they were right."""

from pathlib import Path

import pytest

from tests.stories.staged import SETTINGS, START_MS, Story, play
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import MINUTE, Span
from wamon.simulator.faults import GraphError
from wamon.simulator.scenario import Call, Episode, News, Spell
from wamon.simulator.world import ACCOUNT_ID, HANDSET

MINUTES = 140
CANARY = f"""
[[targets]]
name = "send"
probe = "message"
phone_number_id = "{{number}}"
to = "{HANDSET}"
template = "wamon_canary"
interval = "10m"
daily_cap = 200
"""
NAMELESS = SETTINGS.replace('"1m"', '"10m"').replace('"5m"', '"10m"') + CANARY
KNOWN = NAMELESS.replace('app_id = "{app_id}"', f'app_id = "{{app_id}}"\nwaba_id = "{ACCOUNT_ID}"')
REFUSED = Spell(START_MS + 40 * MINUTE, START_MS + 55 * MINUTE, frozenset({Call.SEND}), (GraphError(400, 132000),))
CHANGED = News(
    START_MS + 50 * MINUTE,
    "message_template_components_update",
    {"message_template_name": "wamon_canary", "message_template_language": "en_US"},
)


def hours(folder: Path, settings: str, *news: News) -> Story:
    span = Span(START_MS, START_MS + MINUTES * MINUTE)
    episode = Episode("parameters", "", span, Verdict.USER_ERROR, Cause.TEMPLATE, spells=(REFUSED,), news=news)
    return play(folder, episode, MINUTES, settings=settings)


@pytest.mark.parametrize(
    ("settings", "news", "turned"),
    {
        "known unchanged": (KNOWN, (), ["send: same_request_accepted"]),
        "a webhook told that it was changed": (KNOWN, (CHANGED,), []),
        "nobody could look at it": (NAMELESS, (), []),
    }.values(),
)
def test_parameters_that_were_right_before_and_after_were_right(
    tmp_path: Path, settings: str, news: tuple[News, ...], turned: list[str]
) -> None:
    story = hours(tmp_path, settings, *news)
    refused = [one for one in story.first["send"] if one.finding.cause is Cause.TEMPLATE]
    assert {(one.finding.verdict, one.finding.code) for one in refused} == {(Verdict.USER_ERROR, 132000)}
    assert story.turned == turned

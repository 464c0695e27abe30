"""A running watch asks now and then what Graph says of its accounts, and spares one that is throttled."""

from collections import Counter
from pathlib import Path

from tests.stories.staged import SETTINGS, START_MS, Story, play
from wamon.core.account_facts import HealthFact, NumberFact, SubscriptionFact, UnreadFact
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import HOUR, MINUTE, Span
from wamon.simulator.faults import GraphError
from wamon.simulator.scenario import AUTHENTICATED, Call, Episode, Spell
from wamon.simulator.world import ACCOUNT_ID, APP_ID, PHONE_NUMBER_ID

KNOWN = SETTINGS.replace('app_id = "{app_id}"', f'app_id = "{{app_id}}"\nwaba_id = "{ACCOUNT_ID}"').replace(
    '"1m"', '"5m"'
)


def hours(folder: Path, *spells: Spell, settings: str = KNOWN) -> Story:
    span = Span(START_MS, START_MS + 150 * MINUTE)
    episode = Episode("quiet hours", "", span, Verdict.OK, Cause.NONE, spells=spells)
    return play(folder, episode, 150, settings=settings, receiver=False)


def kinds(story: Story) -> list[tuple[str, type]]:
    return sorted({(one.subject, type(one.fact)) for one in story.facts}, key=str)


def test_once_an_hour_it_is_written_down_what_graph_says_of_the_account(tmp_path: Path) -> None:
    story = hours(tmp_path)
    subscribed = [one.fact for one in story.facts if one.subject == "subscribed_apps"]
    assert set(subscribed) == {SubscriptionFact((APP_ID,))}
    assert 3 <= len(subscribed) <= 4, "soon after the start, then every hour"
    health = next(one.fact for one in story.facts if one.subject == "health")
    assert isinstance(health, HealthFact)
    assert {one.entity_type for one in health.entities} == {"WABA", "BUSINESS", "APP"}
    assert any(isinstance(one.fact, NumberFact) and one.fact.health.entities for one in story.facts)


def test_of_an_account_without_its_id_only_the_numbers_are_asked(tmp_path: Path) -> None:
    assert kinds(hours(tmp_path, settings=SETTINGS.replace('"1m"', '"5m"'))) == [
        (f"number {PHONE_NUMBER_ID}", NumberFact)
    ]


def test_a_refusal_is_written_down_as_nothing_known(tmp_path: Path) -> None:
    denied = Spell(START_MS, START_MS + 3 * HOUR, frozenset({Call.ACCOUNT}), (GraphError(403, 10),))
    story = hours(tmp_path, denied)
    assert {one.fact for one in story.facts if one.subject in ("subscribed_apps", "health")} == {UnreadFact(10)}


def test_an_account_of_many_numbers_is_asked_in_parts_over_the_hour(tmp_path: Path) -> None:
    numbers = "".join(
        f'[[targets]]\nname = "n{n}"\nprobe = "api"\nphone_number_id = "2{n:03}"\ninterval = "30m"\n'
        for n in range(60)
    )
    facts = hours(tmp_path, settings=KNOWN + numbers).facts
    first_ms = min(one.at_ms for one in facts)
    within = [one for one in facts if one.at_ms < first_ms + HOUR]
    assert len({one.subject for one in within}) == len({one.subject for one in facts}) > 60
    assert max(Counter(one.at_ms // (5 * MINUTE) for one in facts).values()) <= 20


def test_a_throttled_account_is_left_alone(tmp_path: Path) -> None:
    limited = Spell(START_MS, START_MS + 3 * HOUR, AUTHENTICATED, (GraphError(400, 80007),))
    story = hours(tmp_path, limited)
    late = [one for one in story.facts if one.at_ms > START_MS + 10 * MINUTE]
    assert late == []

"""A running watch looks at the business's endpoint the way Meta uses it, and tells of what it finds."""

import asyncio
import ssl
from pathlib import Path

import pytest

from tests.stories.staged import SECRETS, SETTINGS, START_MS, Story, at_minute, play
from tests.support.certificates import Authority
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import MINUTE, Span
from wamon.endpoints import Endpoints
from wamon.ledger import memory_ledger
from wamon.settings import WebhookTarget, parse, resolve_all
from wamon.simulator.scenario import Episode
from wamon.simulator.simulator import Simulator, wall_ms
from wamon.wiring import asking, open_askers
from wamon.work.bookkeeping import Bookkeeper

WEBHOOK = """
[[targets]]
name = "webhook"
probe = "webhook"
url = "{sim.webhook_url}"
verify_token = "env:VERIFY"
interval = "1m"
"""
HANDSHAKES = SETTINGS.replace('interval = "1m"', 'interval = "1h"').replace('"5m"', '"1h"') + WEBHOOK
EVENTS = HANDSHAKES + "signed_event = true\n"


def day(folder: Path, minutes: int, settings: str = EVENTS, **more: object) -> Story:
    span = Span(START_MS, START_MS + minutes * MINUTE)
    episode = Episode("an endpoint", "", span, Verdict.USER_ERROR, Cause.ENDPOINT)
    return play(folder, episode, minutes, settings=settings, receiver=False, **more)  # type: ignore[arg-type]


def about(story: Story) -> list[str]:
    """``opened`` or ``resolved``, and what was said of the endpoint."""
    rows = [title.split(" · ") for title in story.notices if " · webhook" in title]
    return [f"{'resolved' if row[0].startswith('[RESOLVED]') else 'opened'}: {row[1]}" for row in rows]


def test_a_careful_endpoint_hears_events_and_nobody_hears_of_it(tmp_path: Path) -> None:
    story = day(tmp_path, 65)
    assert about(story) == []
    assert {mark.finding.verdict for mark in story.marks["webhook"]} == {Verdict.OK}
    assert len(story.simulator.receiver.received) == len(story.marks["webhook"]), "one signed event a look"


def test_without_being_asked_for_no_event_is_ever_sent(tmp_path: Path) -> None:
    story = day(tmp_path, 65, HANDSHAKES)
    assert story.simulator.receiver.received == []


def test_a_careless_endpoint_is_told_of_once_and_again_when_it_is_mended(tmp_path: Path) -> None:
    async def careless(simulator: Simulator) -> None:
        await at_minute(30)
        simulator.receiver.checks_token = simulator.receiver.checks_signature = False
        await at_minute(120)
        simulator.receiver.checks_token = simulator.receiver.checks_signature = True

    flaws = {
        "a wrong verify token is accepted",
        "an event with a forged signature is accepted",
        "an event without a signature is accepted",
    }
    story = day(tmp_path, 140, meanwhile=careless)
    told = about(story)
    assert {one for one in told if one.startswith("opened")} == {f"opened: {one}" for one in flaws}
    assert len(told) == 6, told
    assert sum(one.startswith("resolved") for one in told) == 3


def test_an_endpoint_that_refuses_metas_events_is_down_though_it_shakes_hands(tmp_path: Path) -> None:
    async def rotated(simulator: Simulator) -> None:
        await at_minute(10.5)
        simulator.receiver.app_secret = "another one"
        await at_minute(30.5)
        simulator.receiver.app_secret = SECRETS["SECRET"]

    story = day(tmp_path, 45, meanwhile=rotated)
    bad = [mark for mark in story.marks["webhook"] if mark.finding.verdict is not Verdict.OK]
    assert {(mark.finding.verdict, mark.finding.cause) for mark in bad} == {(Verdict.USER_ERROR, Cause.ENDPOINT)}
    assert about(story) == ["opened: the webhook endpoint fails", "resolved: the webhook endpoint fails"]
    (tmp_path / "again").mkdir()
    assert about(day(tmp_path / "again", 45, HANDSHAKES, meanwhile=rotated)) == []


@pytest.mark.parametrize(
    ("latency_ms", "told"), [(260, ["opened: it answers slower than Meta asks for"]), (240, [])]
)
def test_an_endpoint_that_is_slower_than_meta_asks_for_is_told_of(
    tmp_path: Path, latency_ms: int, told: list[str]
) -> None:
    assert about(day(tmp_path, 140, HANDSHAKES, latency_ms=latency_ms)) == told


def test_a_certificate_that_meta_would_refuse_is_told_of_though_we_trust_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    assert asyncio.run(_round(authority.ca_file, authority.server())) == [
        "the certificate is not from a public authority"
    ]


async def _round(ca_file: str, context: ssl.SSLContext) -> list[str]:
    async with Simulator(context=context) as simulator:
        text = WEBHOOK.format(sim=simulator) + f'ca_file = "{ca_file}"\n'
        settings = parse('[graph]\napp_secret = "env:SECRET"\n' + text)
        secrets = resolve_all(settings, SECRETS)
        (target,) = settings.targets
        assert isinstance(target, WebhookTarget)
        ledger = memory_ledger()
        book = Bookkeeper(ledger, {})
        askers = open_askers({target.name: asking(target, settings, secrets)}, settings)
        (job,) = Endpoints(settings, askers, book).jobs()
        await job.run(wall_ms())
        await job.run(wall_ms() + 1)
        titles = [one.title for one in reversed(await ledger.notices())]
        await askers.close()
        await ledger.close()
        return [title.split(" · ")[1] for title in titles]

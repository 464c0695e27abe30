"""The bad week through the real wire and the real judge, at the demo's pace of a look every five minutes."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest

from wamon.core.finding import Cause, Finding, Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge, Look, knowledge
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, from_ms, parse_iso
from wamon.probes.aim import Aim
from wamon.probes.kinds import KINDS
from wamon.simulator.bad_week import BAD_WEEK
from wamon.simulator.scenario import Episode
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import run_virtual, virtual_loop
from wamon.simulator.world import ACCESS_TOKEN, APP_ID, APP_SECRET, HANDSET, PHONE_NUMBER_ID, VERIFY_TOKEN
from wamon.wire.exchange import exchange, open_client

PACE_MS = 5 * MINUTE
TIMEOUT_MS = 10 * SECOND
Seen = tuple[int, ProbeKind, Exchange, Finding]


def aims(sim: Simulator, nonce: str) -> Iterator[tuple[ProbeKind, Aim]]:
    """Every target of the demo, controls first."""
    for url in sim.control_urls:
        yield ProbeKind.CONTROL, Aim(url=url)
    yield ProbeKind.WEBHOOK, Aim(url=sim.webhook_url, verify_token=VERIFY_TOKEN, nonce=nonce)
    graph = Aim(
        base_url=sim.base_url,
        phone_number_id=PHONE_NUMBER_ID,
        access_token=ACCESS_TOKEN,
        app_id=APP_ID,
        app_secret=APP_SECRET,
        to=HANDSET,
        template="wamon_canary",
        language="en_US",
        nonce=nonce,
    )
    for kind in (ProbeKind.EDGE, ProbeKind.API, ProbeKind.TOKEN, ProbeKind.MESSAGE):
        yield kind, graph


async def look_at_all(sim: Simulator, client: httpx.AsyncClient, known: Knowledge) -> list[Seen]:
    """One exchange with every target at once, then the judge, who knows how the controls fared."""
    at_ms = sim.now_ms()
    asked = [
        (kind, exchange(client, KINDS[kind](aim), target=kind, probe=kind, at_ms=at_ms, timeout_ms=TIMEOUT_MS))
        for kind, aim in aims(sim, str(at_ms))
    ]
    told = await asyncio.gather(*(coming for _, coming in asked))
    for number, one in enumerate(told[:2]):
        known.controls.add(f"control-{number}", Look(at_ms, one.end_ms, PACE_MS, one.reached < Phase.SENT))
    return [(at_ms, kind, one, judge(one, known)) for (kind, _), one in zip(asked, told, strict=True)]


def watch(episode: Episode) -> list[Seen]:
    """Every look from three slots before an episode to three after it."""

    async def look() -> list[Seen]:
        seen: list[Seen] = []
        known = knowledge()
        async with (
            Simulator(BAD_WEEK) as sim,
            open_client(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client,
        ):
            for at_ms in range(start_ms, episode.span.end_ms + 3 * PACE_MS, PACE_MS):
                await virtual_loop().sleep_until(at_ms)
                seen += await look_at_all(sim, client, known)
        return seen

    start_ms = episode.span.start_ms // PACE_MS * PACE_MS - 2 * PACE_MS
    return run_virtual(look(), start_ms)


def inside(episode: Episode, seen: list[Seen], kind: ProbeKind) -> list[tuple[Exchange, Finding]]:
    """The looks of one kind while an episode lasts."""
    return [(one, found) for at_ms, probe, one, found in seen if probe is kind and episode.span.holds(at_ms)]


GRAPH_KINDS = {ProbeKind.API, ProbeKind.MESSAGE}
STRUCK = {
    "Meta is down": GRAPH_KINDS,
    "The API is updated": GRAPH_KINDS,
    "Our token expires": GRAPH_KINDS,
    "Meta forgets our token": GRAPH_KINDS,
    "Our own network fails": set(ProbeKind) - {ProbeKind.ROUNDTRIP, ProbeKind.TRAFFIC, ProbeKind.STATUS},
    "Our endpoint is down": {ProbeKind.WEBHOOK},
    "One bad answer": {ProbeKind.API},
    "Messages get lost": set(),
}
"""Which kinds of look each episode strikes; all others stay good throughout."""


@pytest.mark.parametrize("episode", BAD_WEEK.episodes, ids=lambda episode: episode.title)
def test_an_episode_strikes_its_targets_with_its_verdict_and_spares_all_others(episode: Episode) -> None:
    seen = watch(episode)
    met: Counter[ProbeKind] = Counter()
    for at_ms, kind, _, found in seen:
        if kind in STRUCK[episode.title] and episode.span.holds(at_ms):
            met[kind] += 1
            if kind is ProbeKind.CONTROL:
                assert found.verdict is Verdict.NETWORK_ERROR, from_ms(at_ms)
            elif kind is not ProbeKind.TOKEN:
                assert found.verdict is (episode.first_verdict or episode.verdict), (from_ms(at_ms), kind, found)
                assert found.cause in (episode.cause, Cause.EDGE), (from_ms(at_ms), kind, found)
        else:
            assert found.verdict is Verdict.OK or found.cause is Cause.AUTHENTICATION, (
                from_ms(at_ms),
                kind,
                found,
            )
            assert found.verdict is Verdict.OK or kind is ProbeKind.TOKEN, (from_ms(at_ms), kind, found)
    assert met.keys() == STRUCK[episode.title]


def test_the_outage_mixes_its_three_codes_with_a_page_in_html() -> None:
    episode = BAD_WEEK.episodes[0]
    seen = watch(episode)
    codes = {found.code for kind in GRAPH_KINDS for _, found in inside(episode, seen, kind)}
    assert codes == {2, 131000, 131016, None}


def test_the_update_answers_503_with_code_2() -> None:
    episode = BAD_WEEK.episodes[1]
    ((one, found),) = inside(episode, watch(episode), ProbeKind.API)
    assert (one.http_status, found.code) == (503, 2)


@pytest.mark.parametrize(("number", "subcode", "valid"), [(2, 463, False), (3, None, True)])
def test_debug_token_tells_whose_fault_a_190_is(number: int, subcode: int | None, valid: bool) -> None:
    episode = BAD_WEEK.episodes[number]
    seen = watch(episode)
    assert {(found.code, found.subcode) for _, found in inside(episode, seen, ProbeKind.API)} == {(190, subcode)}
    inspected = [one.body["data"] for one, _ in inside(episode, seen, ProbeKind.TOKEN)]
    assert {told["is_valid"] for told in inspected} == {valid}
    assert all(len(told["scopes"]) == 2 for told in inspected)
    assert len(inspected) >= 10


def test_a_pulled_cable_is_seen_as_a_connection_that_nobody_answers() -> None:
    episode = BAD_WEEK.episodes[4]
    seen = watch(episode)
    for kind in (ProbeKind.API, ProbeKind.CONTROL):
        for one, _ in inside(episode, seen, kind):
            assert (one.failure, one.reached) == (Failure.CONNECT_TIMEOUT, Phase.NONE)
            assert one.durations_ms["total"] == TIMEOUT_MS


def test_the_endpoint_is_first_unavailable_and_then_echoes_wrongly() -> None:
    episode = BAD_WEEK.episodes[5]
    answers = [one.http_status for one, _ in inside(episode, watch(episode), ProbeKind.WEBHOOK)]
    assert answers == [503] * 5 + [200] * 3


def test_the_blip_is_one_bad_answer_that_a_look_ten_seconds_later_does_not_find() -> None:
    episode = BAD_WEEK.episodes[6]

    async def look() -> list[Verdict]:
        async with Simulator(BAD_WEEK) as sim, open_client(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
            found = []
            for after_ms in (0, 10 * SECOND):
                await virtual_loop().sleep_until(episode.span.start_ms + after_ms)
                seen = await look_at_all(sim, client, knowledge())
                found += [ruled.verdict for _, kind, _, ruled in seen if kind is ProbeKind.API]
            return found

    assert run_virtual(look(), episode.span.start_ms) == [Verdict.SYSTEM_ERROR, Verdict.OK]


def test_the_week_runs_from_a_monday_past_the_weekly_pass_of_the_next() -> None:
    start, end = from_ms(BAD_WEEK.span.start_ms), from_ms(BAD_WEEK.span.end_ms)
    assert (start.weekday(), start.hour, end.weekday()) == (0, 0, 0)
    weekly_pass_ms = BAD_WEEK.span.start_ms + 7 * DAY + 6 * HOUR
    assert weekly_pass_ms + 2 * HOUR < BAD_WEEK.span.end_ms < weekly_pass_ms + DAY


def test_episodes_follow_each_other_on_days_of_their_own_choosing_and_never_overlap() -> None:
    spans = [episode.span for episode in BAD_WEEK.episodes]
    assert all(left.end_ms + HOUR < right.start_ms for left, right in pairwise(spans))
    days = ["Tue", "Wed", "Wed", "Thu", "Fri", "Sat", "Sun", "Sun"]
    assert [from_ms(span.start_ms).strftime("%a") for span in spans] == days


@pytest.mark.parametrize("phase_ms", [0, 37 * SECOND, 150 * SECOND, PACE_MS - 1])
def test_a_look_every_five_minutes_meets_every_episode_whatever_its_phase(phase_ms: int) -> None:
    looks = range(BAD_WEEK.span.start_ms + phase_ms, BAD_WEEK.span.end_ms, PACE_MS)
    for episode in BAD_WEEK.episodes:
        assert any(map(episode.span.holds, looks)), episode.title


@pytest.mark.parametrize("episode", BAD_WEEK.episodes, ids=lambda episode: episode.title)
def test_an_episode_keeps_within_its_span_and_tells_its_story_in_one_sentence(episode: Episode) -> None:
    parts = (*episode.spells, *episode.cables, *episode.reportings)
    stretches = [Span(part.start_ms, part.end_ms) for part in parts]
    assert all(stretch.clip(episode.span) == stretch for stretch in stretches)
    assert all(episode.span.start_ms <= change.at_ms <= episode.span.end_ms for change in episode.changes)
    assert parts or episode.changes
    assert episode.story.endswith(".")
    assert ". " not in episode.story
    assert parse_iso("2026-11-02T00:00:00Z") < episode.span.start_ms

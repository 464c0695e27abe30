"""What the running watch counted is what a replay of its recorded exchanges counts: one code, two clocks."""

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wamon.assembly import House, Pace
from wamon.core.finding import Cause, Verdict
from wamon.core.observation import Exchange
from wamon.core.reading import write_exchange
from wamon.core.timeline import HOUR, MINUTE, Span, parse_iso
from wamon.jobs import Walk
from wamon.ledger import open_ledger
from wamon.replay import Plan, replay
from wamon.settings import AskingTarget, parse, resolve_all
from wamon.simulator.faults import EmptyBody, GraphError, Unreachable
from wamon.simulator.scenario import AUTHENTICATED, Cable, Call, Episode, Scenario, Spell
from wamon.simulator.simulator import Simulator
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.simulator.world import ACCESS_TOKEN, APP_ID, APP_SECRET, PHONE_NUMBER_ID, VERIFY_TOKEN
from wamon.wiring import Askers, asking, lasting, watched
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain

START_MS = parse_iso("2026-11-01T12:00:00Z")
END_MS = parse_iso("2026-11-02T07:00:00Z")
"""Over a midnight and over the weekly pass of a Monday."""

SECRETS = {"TOKEN": ACCESS_TOKEN, "SECRET": APP_SECRET, "VERIFY": VERIFY_TOKEN}

SETTINGS = """
[graph]
base_url = "{graph}"
access_token = "env:TOKEN"
app_id = "{app_id}"
app_secret = "env:SECRET"
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{number}"
interval = "2m"
[[targets]]
name = "webhook"
probe = "webhook"
url = "{webhook}"
verify_token = "env:VERIFY"
interval = "2m"
[[targets]]
name = "token"
probe = "token"
interval = "10m"
[[targets]]
name = "control-1"
probe = "control"
url = "{controls[0]}"
interval = "2m"
[[targets]]
name = "control-2"
probe = "control"
url = "{controls[1]}"
interval = "2m"
"""


def spell(start: str, minutes: int, calls: frozenset[Call], fault: GraphError | EmptyBody) -> Spell:
    start_ms = parse_iso(f"2026-11-01T{start}Z")
    return Spell(start_ms, start_ms + minutes * MINUTE, calls, (fault,))


def scenario() -> Scenario:
    cut_ms = parse_iso("2026-11-01T20:00:00Z")
    episode = Episode(
        title="a bad night",
        story="everything once",
        span=Span(START_MS, END_MS),
        verdict=Verdict.SYSTEM_ERROR,
        cause=Cause.SERVICE,
        spells=(
            spell("14:00:30", 21, AUTHENTICATED, GraphError(500, 131016)),
            spell("16:00:30", 30, AUTHENTICATED, GraphError(401, 190, message="(#190) Cannot parse access token")),
            spell("18:00:30", 15, frozenset({Call.HANDSHAKE}), EmptyBody(503)),
            spell("23:50:30", 25, AUTHENTICATED, GraphError(503, 2)),
        ),
        cables=(Cable(cut_ms, cut_ms + 20 * MINUTE, how=Unreachable()),),
    )
    return Scenario(Span(START_MS, END_MS), (episode,))


class Recorder:
    """Asks like the real one, because it is the real one, and keeps every exchange as a line."""

    def __init__(self, askers: Askers) -> None:
        self.askers = askers
        self.lines: list[str] = []

    async def ask(self, name: str, at_ms: int) -> Exchange:
        exchange = await self.askers.ask(name, at_ms)
        self.lines.append(json.dumps(write_exchange(exchange)))
        return exchange

    def __getattr__(self, name: str) -> object:
        return getattr(self.askers, name)


class Night:
    """The watched night: the watch's own days and incidents, and the recording of it."""

    def __init__(self, folder: Path) -> None:
        self.recording = folder / "exchanges.jsonl"
        loop = VirtualTimeLoop(START_MS)
        loop.run_until_complete(self._watch(loop, folder))
        loop.close()

    async def _watch(self, loop: VirtualTimeLoop, folder: Path) -> None:
        async with Simulator(scenario()) as simulator:
            text = SETTINGS.format(
                graph=simulator.base_url,
                webhook=simulator.webhook_url,
                controls=simulator.control_urls,
                app_id=APP_ID,
                number=PHONE_NUMBER_ID,
            )
            self.settings = parse(text)
            secrets = resolve_all(self.settings, SECRETS)
            targets = [one for one in self.settings.targets if isinstance(one, AskingTarget)]
            recorder = Recorder(Askers({one.name: asking(one, self.settings, secrets) for one in targets}))
            ledger = open_ledger(folder / "night.db")
            walk, book = Walk(loop), Bookkeeper(ledger, {})
            drain = Drain(book, recorder, loop.now_ms)
            house = House(
                self.settings,
                book,
                recorder,
                loop.now_ms,
                drain=drain,
                wake=walk.wake,
                pace=Pace(HOUR, HOUR, HOUR),
            )
            await house.wake_up()
            walking = asyncio.create_task(walk.walk(house.jobs()))
            await loop.sleep_until(END_MS)
            walking.cancel()
            await asyncio.wait([walking])
            self.report = house.report()
            await recorder.askers.close()
            await ledger.close()
        self.recording.write_text("\n".join(recorder.lines) + "\n")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def replayed(night: Night) -> dict[str, list[dict[str, object]]]:
    plan = Plan(tuple(watched(night.settings)), ZoneInfo("UTC"), lasting(night.settings))
    complaints = io.StringIO()
    document = replay(night.recording, plan, complaints)
    assert complaints.getvalue() == ""
    return document


SUMS = ("down_s", "meta_down_s", "network_s", "user_error_s", "unproved_s", "proven_down_s", "blind_spot_s")


@pytest.mark.parametrize("target", ["cloud-api", "webhook"])
def test_a_replay_counts_what_the_watch_counted(night: Night, replayed: dict, target: str) -> None:
    ours = next(one for one in night.report.targets if one.name == target)
    theirs = {row["date"]: row for row in replayed["days"] if row["target"] == target}
    assert [day.date.isoformat() for day in ours.days] == list(theirs)
    for day in ours.days:
        row = theirs[day.date.isoformat()]
        counted = {name: getattr(day.figures, name.removesuffix("_s") + "_ms") / 1000 for name in SUMS}
        assert {name: row[name] for name in SUMS} == counted


def test_the_night_holds_every_kind_of_trouble(replayed: dict) -> None:
    seen = {(row["target"], row["cause"], row["verdict"]) for row in replayed["incidents"]}
    assert {
        ("cloud-api", "service", "system_error"),
        ("cloud-api", "authentication", "system_error"),
        ("webhook", "endpoint", "user_error"),
        ("cloud-api", "local_network", "network_error"),
    } <= seen


def test_the_weekly_pass_turns_the_fault_of_metas_authentication_in_both(night: Night, replayed: dict) -> None:
    [row] = replayed["reclassified"]
    assert row["rule"] == "same_token_valid"
    assert (row["target"], row["from"], row["to"]) == ("cloud-api", "user_error", "system_error")
    first = next(one for one in night.report.targets if one.name == "cloud-api").days[0]
    assert first.revision == 2
    assert first.first is not None
    assert first.figures.down_ms - first.first.down_ms == row["seconds"] * 1000


def test_every_recorded_exchange_goes_through_classify(night: Night) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "wamon", "classify", str(night.recording)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    verdicts = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.returncode == 0
    assert len(verdicts) == len(night.recording.read_text().splitlines())
    assert {one["verdict"] for one in verdicts} == {"ok", "system_error", "user_error", "network_error"}

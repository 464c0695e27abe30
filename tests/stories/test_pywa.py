"""A real client and a real bot: pywa sends through the simulator, and its server takes what is posted to it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running.daemon import eventually, free_port
from wamon.core.finding import Cause, Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import ProbeKind
from wamon.core.timeline import Span
from wamon.endpoints import Endpoints
from wamon.ledger import memory_ledger
from wamon.probes.aim import Aim
from wamon.probes.webhook import (
    forged_event_request,
    request,
    signed_event_request,
    unsigned_event_request,
    wrong_token_request,
)
from wamon.settings import parse, resolve_all
from wamon.simulator.scenario import Episode, News, Reporting, Scenario, Told
from wamon.simulator.simulator import Simulator, wall_ms
from wamon.simulator.world import ACCESS_TOKEN, APP_SECRET, HANDSET, PHONE_NUMBER_ID, VERIFY_TOKEN
from wamon.wire.exchange import exchange, open_client
from wamon.wire.trust import trust
from wamon.wiring import asking, open_askers
from wamon.work.bookkeeping import Bookkeeper

pytest.importorskip("pywa_async", reason="pywa is not installed: make .venv/.wamon-test")
from pywa_async import WhatsApp
from pywa_async.errors import WhatsAppError
from pywa_async.types.templates import TemplateLanguage

ROOT = Path(__file__).parents[2]
EVER = Span(0, 2**62)
AT_ONCE = (Told("sent", 10), Told("failed", 20, code=131000), Told("delivered", 40))


class Rerouted(httpx.AsyncHTTPTransport):
    """Takes what is meant for Graph to the simulator: pywa's host is fixed."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._there = httpx.URL(base_url)

    async def handle_async_request(self, asked: httpx.Request) -> httpx.Response:
        assert asked.url.host == "graph.facebook.com"
        asked.url = asked.url.copy_with(scheme="http", host=self._there.host, port=self._there.port)
        return await super().handle_async_request(asked)


class Bot:
    """A bot of pywa's in a process of its own. ``said`` are the updates it took."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}/webhook"
        self._file = folder / "said"
        arguments = [
            self.url.rpartition(":")[2].removesuffix("/webhook"),
            VERIFY_TOKEN,
            APP_SECRET,
            PHONE_NUMBER_ID,
        ]
        with self._file.open("wb") as said, (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.pywa_bot", *arguments], cwd=ROOT, stdout=said, stderr=log
            )

    def said(self) -> list[dict[str, Any]]:
        """Whole lines only: the last may still be on its way."""
        lines = self._file.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def ready(self) -> bool:
        try:
            return httpx.get(self.url, trust_env=False).status_code == 403
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    one = Bot(tmp_path_factory.mktemp("bot"))
    try:
        eventually(one.ready, "the bot listens")
        yield one
    finally:
        one.process.terminate()
        one.process.wait(10)


Story = Callable[[Simulator, WhatsApp], Awaitable[None]]


def told(story: Story, callback_url: str = "", news: tuple[News, ...] = ()) -> None:
    episode = Episode("mail", "", EVER, Verdict.OK, Cause.NONE, reportings=(Reporting(*EVER, AT_ONCE),), news=news)

    async def run() -> None:
        async with (
            Simulator(Scenario(EVER, (episode,)), callback_url=callback_url) as sim,
            httpx.AsyncClient(transport=Rerouted(sim.base_url)) as session,
        ):
            await story(sim, WhatsApp(phone_id=PHONE_NUMBER_ID, token=ACCESS_TOKEN, session=session))

    asyncio.run(run())


async def until(seen: Callable[[], Any], why: str) -> Any:
    return await asyncio.to_thread(eventually, seen, why)


def test_what_pywa_sends_is_taken_in_and_what_becomes_of_it_reaches_its_bot(bot: Bot) -> None:
    async def story(sim: Simulator, client: WhatsApp) -> None:
        sent = await client.send_template(
            HANDSET, "wamon_canary", TemplateLanguage.ENGLISH_US, [], tracker="order 17"
        )
        (one,) = sim.graph.sent
        assert (one.wamid, one.template, one.callback_data) == (sent.id, "wamon_canary", "order 17")
        statuses = await until(lambda: len(of(bot, sent.id)) == 2 and of(bot, sent.id), "two statuses")
        assert {row["status"] for row in statuses} == {"sent", "delivered"}
        await until(lambda: {"field": "messages", "codes": [131000]} in bot.said(), "the failure between them")
        assert {row["at"] for row in statuses} <= {one.at_ms // 1_000, one.at_ms // 1_000 + 1}
        assert {row["data"] for row in statuses} == {"order 17"}

    told(story, bot.url)


def of(bot: Bot, wamid: str) -> list[dict[str, Any]]:
    return [row for row in bot.said() if row.get("id") == wamid]


def test_news_of_the_account_and_a_user_s_message_reach_the_bot(bot: Bot) -> None:
    metadata = {"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID}
    said = {
        "from": HANDSET,
        "id": "wamid.IN",
        "timestamp": "1790000000",
        "type": "text",
        "text": {"body": "hello"},
    }
    contact = {"profile": {"name": "Ada"}, "wa_id": HANDSET, "user_id": "DE.1"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "contacts": [contact], "messages": [said]}
    news = (
        News(wall_ms(), "messages", value),
        News(wall_ms(), "account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}),
    )

    async def story(sim: Simulator, client: WhatsApp) -> None:
        await until(lambda: {"text": "hello"} in bot.said(), "the message")
        await until(lambda: {"field": "account_update", "codes": []} in bot.said(), "the account event")

    told(story, bot.url, news)


def test_a_refusal_of_the_simulator_is_an_error_of_meta_s_to_pywa() -> None:
    async def story(sim: Simulator, client: WhatsApp) -> None:
        with pytest.raises(WhatsAppError) as refused:
            await client.send_template(HANDSET, "no such template", TemplateLanguage.ENGLISH_US, [])
        assert refused.value.code == 132001

    told(story)


def test_the_endpoint_probe_finds_the_bot_careful(bot: Bot) -> None:
    """The handshake and an empty signed event are taken; a wrong token and a forged signature are refused."""
    aim = Aim(url=bot.url, verify_token=VERIFY_TOKEN, app_secret=APP_SECRET, nonce="1158201444")

    async def look() -> list[tuple[int | None, Any]]:
        async with open_client(trust(None)) as client:
            asked = (
                request,
                wrong_token_request,
                signed_event_request,
                forged_event_request,
                unsigned_event_request,
            )
            seen = [
                await exchange(client, one(aim), target="bot", probe=ProbeKind.WEBHOOK, at_ms=0, timeout_ms=5_000)
                for one in asked
            ]
            return [(one.http_status, one.body) for one in seen]

    handshake, wrong, signed, *unproved = asyncio.run(look())
    assert (handshake[0], str(handshake[1])) == (200, "1158201444")
    assert signed[0] == 200
    assert 400 <= (wrong[0] or 0) < 500
    for one in unproved:
        assert 400 <= (one[0] or 0) < 500


def test_a_whole_round_of_the_endpoint_probe_finds_nothing_wrong_with_the_bot(bot: Bot) -> None:
    text = f"""
[graph]
app_secret = "env:SECRET"
[[targets]]
name = "bot"
probe = "webhook"
url = "{bot.url}"
verify_token = "env:VERIFY"
signed_event = true
"""
    settings = parse(text)
    secrets = resolve_all(settings, {"SECRET": APP_SECRET, "VERIFY": VERIFY_TOKEN})

    async def story() -> tuple[Verdict, list[str]]:
        ledger = memory_ledger()
        askers = open_askers({"bot": asking(settings.targets[0], settings, secrets)}, settings)  # type: ignore[arg-type]
        seen = await askers.ask("bot", wall_ms())
        (job,) = Endpoints(settings, askers, Bookkeeper(ledger, {})).jobs()
        await job.run(wall_ms())
        titles = [one.title for one in await ledger.notices()]
        await askers.close()
        await ledger.close()
        return judge(seen, knowledge()).verdict, titles

    assert asyncio.run(story()) == (Verdict.OK, [])

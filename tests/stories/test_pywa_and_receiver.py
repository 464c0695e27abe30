"""A real client beside our canaries: what pywa sends is reported to our receiver, and told apart from them."""

import asyncio
from pathlib import Path

import httpx
import pytest

import wamon.hook
from tests.hook.stage import door
from tests.running.daemon import eventually
from tests.support.contents import contents
from tests.support.receiver import SECRET, listening
from wamon.core.finding import Cause, Verdict
from wamon.core.timeline import Span
from wamon.hook import Counts
from wamon.simulator.faults import GraphError
from wamon.simulator.scenario import Episode, Reporting, Scenario, Told
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, APP_SECRET, HANDSET, PHONE_NUMBER_ID
from wamon.web.webhook import Door

pytest.importorskip("pywa_async", reason="pywa is not installed: make .venv/.wamon-test")
from pywa_async import WhatsApp
from pywa_async.errors import WhatsAppError
from pywa_async.types.templates import TemplateLanguage

from tests.stories.test_pywa import Rerouted

EVER = Span(0, 2**62)
AT_ONCE = (Told("sent", 10), Told("delivered", 20, copies=3), Told("read", 30))


def test_two_lines_beside_pywa_report_what_meta_answered_to_it() -> None:
    async def story() -> tuple[list[int], Counts]:
        with door() as reports:
            async with (
                Simulator() as sim,
                httpx.AsyncClient(transport=Rerouted(sim.base_url)) as session,
            ):
                assert wamon.hook.watch(session, reports.url, "a secret of sixteen")
                client = WhatsApp(phone_id=PHONE_NUMBER_ID, token=ACCESS_TOKEN, session=session)
                english = TemplateLanguage.ENGLISH_US
                await client.send_template(HANDSET, "wamon_canary", english, [])
                sim.faults = [GraphError(500, 131016)]
                with pytest.raises(WhatsAppError):
                    await client.send_template(HANDSET, "wamon_canary", english, [])
                await asyncio.to_thread(wamon.hook.flush, 5)
            assert {one["phone_number_id"] for one in reports.exchanges} == {PHONE_NUMBER_ID}
            return [one["http_status"] for one in reports.exchanges], wamon.hook.counts()

    statuses, counts = asyncio.run(story())
    assert (statuses, counts.faults) == ([200, 500], 0)


def test_what_becomes_of_pywa_s_messages_is_stored_and_theirs_alone(tmp_path: Path) -> None:
    episode = Episode("mail", "", EVER, Verdict.OK, Cause.NONE, reportings=(Reporting(*EVER, AT_ONCE),))

    async def story() -> list[str]:
        door = Door("graph", (APP_SECRET.encode(), SECRET))
        async with (
            listening(tmp_path / "wamon.db", {"/webhook": door}) as receiver,
            Simulator(Scenario(EVER, (episode,))) as sim,
            httpx.AsyncClient(transport=Rerouted(sim.base_url)) as session,
        ):
            sim.callback_url = f"http://{receiver.host}:{receiver.port}/webhook"
            client = WhatsApp(phone_id=PHONE_NUMBER_ID, token=ACCESS_TOKEN, session=session)
            english = TemplateLanguage.ENGLISH_US
            for tracker in ("order 17", "wamon:canary:ours"):
                await client.send_template(HANDSET, "wamon_canary", english, [], tracker=tracker)
            await asyncio.to_thread(eventually, lambda: receiver.counted()["stored"] >= 6, "six statuses")
            reports = [one.report for one in await receiver.reports()]
            assert sorted({(one.message_status, one.canary) for one in reports}, key=str) == sorted(
                [
                    (status, canary)
                    for status in ("sent", "delivered", "read")
                    for canary in (None, "wamon:canary:ours")
                ],
                key=str,
            )
            assert {one.opaque is None for one in reports if one.canary is None} == {False}
            for sent in sim.graph.sent:
                found = await receiver.ledger.read(lambda book, wamid=sent.wamid: book.reports_of_message(wamid))
                assert {one.report.message_status for one in found} == {"sent", "delivered", "read"}
            return [one.wamid for one in sim.graph.sent]

    wamids = asyncio.run(story())
    kept = contents(tmp_path / "wamon.db")
    assert b"wamon:canary:ours" in kept
    for secret in ("order 17", HANDSET, "Ada", *wamids):
        assert secret.encode() not in kept, secret

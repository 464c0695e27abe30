"""Silence over a real book: the norm outlives the receipts, and people are told once, also over a restart."""

import asyncio
from pathlib import Path

from tests.ledger.sample import arrival
from wamon.core.receipt import Gist
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.core.webhook_flow import State
from wamon.flows import Flows
from wamon.ledger import Book, Ledger, memory_ledger, open_ledger
from wamon.ledger.words import Arrival
from wamon.settings import parse
from wamon.work.bookkeeping import Bookkeeper

NOW = parse_iso("2026-11-09T10:20:00Z")
SETTINGS = parse(
    '[graph]\naccess_token = "env:T"\n[receiver]\nverify_token = "env:T"\napp_secret = "env:T"\n'
    '[[targets]]\nname = "real"\nprobe = "traffic"\n'
    '[[accounts]]\nname = "shop"\naccess_token = "env:T"\n'
)


def webhooks(book: Book) -> None:
    """Five weeks of a busy morning hour, the last event 45 minutes ago; the receiver listened all the time."""
    n = 0
    for back in range(1, 6):
        for minute in range(-120, 60):
            n += 1
            at_ms = NOW // HOUR * HOUR - 7 * back * DAY + minute * MINUTE
            book.receive([arrival(n, at_ms, reports=1, account="graph")])
    book.receive([arrival(n + 1, NOW - 45 * MINUTE, reports=1, account="graph")])
    book.listen(NOW - 40 * DAY, NOW)


async def opened(ledger: Ledger, told: list[str]) -> Flows:
    return Flows(SETTINGS, Bookkeeper(ledger, {}), lambda: told.append("sent"))


def test_a_busy_hour_without_a_webhook_is_told_once_and_survives_pruning_and_restarts(tmp_path: Path) -> None:
    async def story() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        told: list[str] = []
        await ledger.write(webhooks)
        assert await ledger.prune_receipts(NOW - 8 * DAY, canaries_before_ms=NOW - 8 * DAY) == 4 * 180
        flows = await opened(ledger, told)
        (job,) = flows.jobs()
        await job.run(NOW)
        (found,) = flows.seen
        assert (found.account, found.state, found.weeks) == ("graph", State.SILENT, 5)
        assert 40 <= found.usual <= 50
        await (await opened(ledger, told)).look(NOW + MINUTE)
        assert [one.title.partition(" · since")[0] for one in await ledger.notices()] == [
            "[URGENT] Our endpoint · no webhook from Meta · account graph"
        ]
        await ledger.receive([arrival(99_999, NOW + 2 * MINUTE, reports=1, account="graph")])
        await ledger.write(lambda book: book.listen(NOW - 40 * DAY, NOW + 3 * MINUTE))
        await (await opened(ledger, told)).look(NOW + 3 * MINUTE)
        latest, first = await ledger.notices()
        assert (latest.phase, first.phase, latest.kind) == ("resolved", "opened", "endpoint")
        assert told == ["sent"] * 2
        await ledger.close()

    asyncio.run(story())


def test_an_empty_event_such_as_an_endpoint_probes_breaks_no_silence(tmp_path: Path) -> None:
    async def story() -> None:
        ledger = open_ledger(tmp_path / "wamon.db")
        await ledger.write(webhooks)
        await ledger.receive([Arrival("graph", NOW - SECOND, b"empty".zfill(32), Gist())])
        flows = await opened(ledger, [])
        await flows.look(NOW)
        assert flows.seen[0].state is State.SILENT
        hours = await ledger.read(lambda book: book.received_hours(Span(NOW - HOUR, NOW)))
        assert sum(one.receipts for one in hours) == 2
        await ledger.close()

    asyncio.run(story())


def test_without_a_receiver_nobody_looks() -> None:
    async def story() -> None:
        ledger = memory_ledger()
        quiet = parse('[graph]\naccess_token = "env:T"\n[[targets]]\nname = "graph"\nprobe = "edge"\n')
        assert Flows(quiet, Bookkeeper(ledger, {}), lambda: None).jobs() == []
        await ledger.close()

    asyncio.run(story())

"""Small true things to write into a book, and the two kinds of ledger that one contract holds for."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import msgspec
from sqlite_utils import Database

from wamon.core.finding import Cause, Column, Context, Finding, Origin, Ruling, Scope, Verdict
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.receipt import AccountEvent, Gist, Inbound, MessageReport
from wamon.core.segments import Segment
from wamon.core.timeline import DAY, HOUR, Span, parse_iso
from wamon.core.uptime import Figures
from wamon.ledger import Ledger, memory_ledger, open_ledger
from wamon.ledger.schema import MIGRATIONS
from wamon.ledger.words import Arrival, Dispatch, DispatchState, Notice, Publication

NOON = parse_iso("2026-03-02T12:00:00Z")
TODAY = Span(NOON - 12 * HOUR, NOON + 12 * HOUR)
EVER = Span(0, NOON + 1_000 * DAY)
EDITION = "2026-06-17"
SCHEMA = len(MIGRATIONS.pending(Database(memory=True)))
"""The number of this version's schema."""

CONTEXT = Context("api", 30_000, "prod", "fp-1", "tok-1", "v25.0", "berlin")
GOOD = Finding(Verdict.OK, Cause.NONE, Column.UP, Scope.REQUEST, rule="success")
THEIRS = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, Scope.GLOBAL, code=2, rule="known_code")
OURS = Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER, Scope.APP, code=190, rule="known_code")
UNKNOWN = Finding(Verdict.INCONCLUSIVE, provisional=True)

DURATIONS = {"dns": 1.2, "connect": 11.0, "tls": 24.6, "first_byte": 98.3, "total": 99.1}


def seen(at_ms: int = NOON, target: str = "graph", **facts: object) -> Exchange:
    told: dict[str, object] = {
        "target": target,
        "probe": ProbeKind.API,
        "at_ms": at_ms,
        "reached": Phase.ANSWERED,
        "http_status": 200,
        "body": {"id": "1"},
        "durations_ms": DURATIONS,
    }
    return Exchange(**(told | facts))  # type: ignore[arg-type]


def ruled(
    finding: Finding, at_ms: int = NOON, target: str = "graph", origin: Origin = Origin.LIVE, **more: object
) -> Ruling:
    later_ms = 99 if origin is Origin.LIVE else DAY
    return Ruling(target, at_ms, finding, origin, EDITION, at_ms + later_ms, **more)  # type: ignore[arg-type]


async def look(
    ledger: Ledger, finding: Finding = GOOD, at_ms: int = NOON, target: str = "graph", keep: bool = False
) -> bool:
    """Record one look; whether it was new."""
    exchange, ruling = seen(at_ms, target), ruled(finding, at_ms, target)
    return (await ledger.record(exchange, CONTEXT, ruling, keep_exchange=keep)).new


def published(
    target: str = "graph", day: date = date(2026, 3, 2), down_ms: int = 0, at_ms: int = NOON
) -> Publication:
    figures = msgspec.structs.asdict(Figures(total_ms=DAY, down_ms=down_ms, blips=1))
    return Publication(target, day, "Europe/Berlin", at_ms, "closed", figures, "closed", "wamon")


def stretch(start_ms: int = TODAY.start_ms, end_ms: int = TODAY.end_ms) -> Segment:
    return Segment(start_ms, end_ms, Column.DOWN, Verdict.SYSTEM_ERROR, Cause.SERVICE, True, "", start_ms, 7)


def notice(key: str, *channels: str, at_ms: int = NOON, not_before_ms: int | None = None) -> Notice:
    return Notice(
        key, "outage", "opened", "graph", "critical", f"[CRITICAL] {key}", "body", at_ms,
        evidence=(f"graph@{key}",), channels=channels, not_before_ms=not_before_ms,
    )  # fmt: skip


def attempted(key: str, channel: str, state: DispatchState, attempt: int = 1, **more: object) -> Dispatch:
    return Dispatch(key, channel, state, attempt, NOON + attempt, **more)  # type: ignore[arg-type]


def reported(number: int, status: str = "sent", **more: object) -> MessageReport:
    """A status of message ``number``, to its one recipient."""
    told = {"message": number.to_bytes(16, "big"), "recipient": bytes(8), "at_ms": NOON + number} | more
    return MessageReport("106540352242922", message_status=status, **told)  # type: ignore[arg-type]


def arrival(
    number: int, at_ms: int = NOON, *, reports: int = 0, inbound: int = 0, events: int = 0, account: str = "graph"
) -> Arrival:
    """A webhook whose body no other number has."""
    gist = Gist(
        ("messages",),
        tuple(reported(1_000 * number + n) for n in range(reports)),
        (Inbound("106540352242922", inbound, NOON),) if inbound else (),
        (AccountEvent("account_update", "2000", "", NOON, {"event": "DISABLED_UPDATE"}),) * events,
    )
    return Arrival(account, at_ms, number.to_bytes(32, "big"), gist)


Story = Callable[[Ledger], Awaitable[None]]
SHELVES: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda _: memory_ledger(),
    "file": lambda folder: open_ledger(folder / "wamon.db"),
}


def tell(story: Story, opening: Callable[[], Ledger]) -> None:
    """Run a story with a ledger that is open as long as the story lasts."""

    async def told() -> None:
        ledger = opening()
        try:
            await story(ledger)
        finally:
            await ledger.close()

    asyncio.run(told())

"""From the file to the outbox: each notice is owed to the channels that its filters name, on a real book."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from wamon.core.announcing import announce
from wamon.core.dispatching import Delivery, Letter
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.notice import Notice, Told
from wamon.core.observation import ProbeKind
from wamon.core.timeline import HOUR, MINUTE, SECOND, parse_iso
from wamon.ledger import open_ledger
from wamon.settings import parse
from wamon.wiring import subscriptions
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain

NOW = parse_iso("2026-03-02T22:00:00Z")
SETTINGS = parse("""
[graph]
access_token = "env:TOKEN"
[[accounts]]
name = "acme"
[[targets]]
name = "graph"
probe = "edge"
[[targets]]
name = "acme-send"
probe = "message"
account = "acme"
phone_number_id = "1"
to = "15550000000"
template = "canary"
[receiver]
verify_token = "env:V"
app_secret = "env:S"
[[channels]]
name = "ops"
url = "env:OPS"
on = ["outage"]
quiet_hours = "23:00-07:00"
timezone = "Europe/Berlin"
hourly_cap = 3
[[channels]]
name = "dev"
url = "env:DEV"
on = ["user_error"]
[[channels]]
name = "acme"
url = "env:ACME"
accounts = ["acme"]
[[channels]]
name = "canary"
url = "env:CANARY"
targets = ["acme-send"]
""")


class Post:
    """Channels that take every letter, once they have refused so many."""

    def __init__(self, refusing: int = 0) -> None:
        self.letters: list[tuple[str, Letter]] = []
        self.refusing = refusing

    async def send(self, channel: str, letter: Letter) -> Delivery:
        if self.refusing:
            self.refusing -= 1
            return Delivery(ok=False, detail="503")
        self.letters.append((channel, letter))
        return Delivery(ok=True)


def trouble(
    target: str, kind: Kind = Kind.OUTAGE, cause: Cause = Cause.SERVICE, closed_ms: int | None = None
) -> Incident:
    verdict = Verdict.USER_ERROR if kind is Kind.USER_ERROR else Verdict.SYSTEM_ERROR
    return Incident(target, kind, NOW - 10 * MINUTE, closed_ms, verdict, cause)


def desk(
    incident: Incident, told: tuple[Told, ...] = (), at_ms: int = NOW
) -> tuple[list[Notice], tuple[Told, ...]]:
    found = announce([(incident, ProbeKind.EDGE)], told, at_ms, lasting=Lasting())
    return list(found.notices), found.told


def with_book(path: Path, act: Callable[[Bookkeeper], Awaitable[None]]) -> None:
    async def live() -> None:
        ledger = open_ledger(path)
        try:
            await act(Bookkeeper(ledger, subscriptions(SETTINGS)))
        finally:
            await ledger.close()

    asyncio.run(live())


async def owed(book: Bookkeeper, key: str) -> set[str]:
    return {one.channel for one in await book.outbox.pending_dispatches() if one.notice.key == key}


def test_an_account_s_channel_hears_of_its_targets_and_of_a_canary_s_way_back(tmp_path: Path) -> None:
    async def act(book: Bookkeeper) -> None:
        for target in ("graph", "acme-send", "acme-send.roundtrip"):
            (notice,), _ = desk(trouble(target))
            await book.enqueue([notice])
        name = "@2026-03-02T21:50:00Z:opened"
        assert await owed(book, f"graph{name}") == {"ops"}
        assert await owed(book, f"acme-send{name}") == {"ops", "acme", "canary"}
        assert await owed(book, f"acme-send.roundtrip{name}") == {"ops", "acme", "canary"}

    with_book(tmp_path / "wamon.db", act)


def test_whoever_heard_of_it_hears_what_became_of_it_after_a_restart_too(tmp_path: Path) -> None:
    (opened,), told = desk(trouble("graph", Kind.USER_ERROR, Cause.VALIDATION))
    (changed,), later = desk(trouble("graph"), told, NOW + MINUTE)
    (resolved,), _ = desk(trouble("graph", closed_ms=NOW), later, NOW + 5 * MINUTE)

    async def first_life(book: Bookkeeper) -> None:
        await book.enqueue([opened])
        assert await owed(book, opened.key) == {"dev"}

    async def second_life(book: Bookkeeper) -> None:
        await book.enqueue([changed])
        await book.enqueue([resolved])
        assert await owed(book, changed.key) == {"dev", "ops"}
        assert await owed(book, resolved.key) == {"dev", "ops"}

    with_book(tmp_path / "wamon.db", first_life)
    with_book(tmp_path / "wamon.db", second_life)


def test_an_incident_of_another_s_first_letters_is_another_incident(tmp_path: Path) -> None:
    (opened,), told = desk(trouble("graph", Kind.USER_ERROR, Cause.VALIDATION))
    longer = msgspec.structs.replace(opened, key=f"{opened.incident}0:opened", incident=f"{opened.incident}0")

    async def act(book: Bookkeeper) -> None:
        await book.enqueue([longer])
        assert await book.outbox.told([opened.incident]) == {opened.incident: frozenset()}
        assert await book.outbox.told([longer.incident]) == {longer.incident: frozenset({"dev"})}

    assert told
    with_book(tmp_path / "wamon.db", act)


def test_quiet_hours_in_their_zone_hold_a_letter_and_the_morning_brings_it(tmp_path: Path) -> None:
    async def act(book: Bookkeeper) -> None:
        now_ms, post = NOW, Post()
        drain = Drain(book.outbox, post, lambda: now_ms, subscriptions=subscriptions(SETTINGS))
        (notice,), _ = desk(trouble("graph"))
        await book.enqueue([notice])
        await drain.drain()
        now_ms = NOW + 8 * HOUR - SECOND
        await drain.drain()
        assert post.letters == []
        now_ms = NOW + 8 * HOUR
        await drain.drain()
        ((channel, letter),) = post.letters
        assert (channel, letter.title.partition(")")[0]) == ("ops", "[URGENT] (held for quiet hours: 8 h")

    with_book(tmp_path / "wamon.db", act)


def test_a_restart_does_not_forget_the_letters_of_the_hour(tmp_path: Path) -> None:
    at_ms = NOW - 2 * HOUR

    def life(targets: range, minute: int, expected: int) -> None:
        async def act(book: Bookkeeper) -> None:
            post, now_ms = Post(), at_ms + minute * MINUTE
            drain = Drain(book.outbox, post, lambda: now_ms, subscriptions=subscriptions(SETTINGS))
            for number in targets:
                (notice,), _ = desk(trouble("graph"))
                name = f"{number}@{notice.incident}"
                again = msgspec.structs.replace(notice, key=f"{name}:opened", incident=name, created_at_ms=now_ms)
                await book.enqueue([again])
                await drain.drain()
            await drain.drain()
            assert len(post.letters) == expected

        with_book(tmp_path / "wamon.db", act)

    life(range(2), 0, 2)
    life(range(2, 9), 10, 1)
    life(range(0), 59, 0)
    life(range(0), 60, 1)


def test_what_a_channel_refused_takes_no_room_in_its_hour(tmp_path: Path) -> None:
    async def act(book: Bookkeeper) -> None:
        now_ms, post = NOW - 2 * HOUR, Post(refusing=5)
        drain = Drain(book.outbox, post, lambda: now_ms, subscriptions=subscriptions(SETTINGS))
        (notice,), _ = desk(trouble("graph"))
        await book.enqueue([msgspec.structs.replace(notice, created_at_ms=now_ms)])
        for _ in range(6):
            await drain.drain()
            now_ms += 5 * MINUTE
        assert [channel for channel, _ in post.letters] == ["ops"]

    with_book(tmp_path / "wamon.db", act)

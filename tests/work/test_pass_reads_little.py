"""The pass reads few looks and computes few days, and says what it would say had it read everything."""

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest

from wamon.core.calendar import zones_of
from wamon.core.days import Overlay, counted
from wamon.core.finding import Cause, Column, Context, Finding, Origin, Ruling, Verdict
from wamon.core.gleaning import passing
from wamon.core.judgement import judge
from wamon.core.knowledge import Controls, Knowledge, knowledge
from wamon.core.maintenance import Cover
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.posted import Outage
from wamon.core.publication import Passed
from wamon.core.reading import read_exchange
from wamon.core.review import Ground, Review, review
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, day_of, day_span, iso, parse_iso
from wamon.core.watched import EVIDENCE, Watched
from wamon.ledger.book import Book
from wamon.ledger.ledger import memory_ledger
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.close import close_day
from wamon.work.reclassify import Pass, reclassify

UTC = ZoneInfo("UTC")
KNOWN = knowledge()
BEGIN = parse_iso("2026-11-03T00:00:00Z")
DAYS = 4
STEP = 5 * MINUTE
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]
TARGETS = [
    Watched("one", ProbeKind.API, STEP, "ours", number="1"),
    Watched("two", ProbeKind.API, STEP, "client", number="2"),
    Watched("seldom", ProbeKind.API, 2 * HOUR, "third", number="3"),
    Watched("send", ProbeKind.MESSAGE, 30 * MINUTE, "ours"),
    Watched("send.roundtrip", ProbeKind.ROUNDTRIP, 30 * MINUTE, "ours"),
    Watched("webhook", ProbeKind.WEBHOOK, STEP, "ours"),
    Watched("token", ProbeKind.TOKEN, 15 * MINUTE, "ours"),
    Watched("control", ProbeKind.CONTROL, STEP),
]
FIRST_MS = {one.name: BEGIN for one in TARGETS}
GOOD = {
    ProbeKind.API: {"http_status": 200, "body": {"id": "1"}},
    ProbeKind.MESSAGE: {"http_status": 200, "body": {"messages": [{"id": "wamid.A"}]}},
    ProbeKind.ROUNDTRIP: {"body": {"statuses": [{"id": "wamid.A", "status": "delivered"}]}},
    ProbeKind.WEBHOOK: {"reached": "answered", "http_status": 200, "body": "challenge"},
    ProbeKind.TOKEN: {"http_status": 200, "body": {"data": {"is_valid": True, "expires_at": 0, "scopes": SCOPES}}},
    ProbeKind.CONTROL: {"reached": "answered", "http_status": 200},
}
PAYMENT = {"details": "There is a problem with the payment method"}
BAD = [
    {"http_status": 500, "body": {"error": {"code": 2, "message": "m"}}},
    {"http_status": 500, "body": {"error": {"code": 131016, "message": "m"}}},
    {"http_status": 500, "body": {"error": {"code": 131000, "message": "m"}}},
    {"http_status": 500, "body": {"error": {"code": 131000, "message": "m", "error_data": PAYMENT}}},
    {"http_status": 401, "body": {"error": {"code": 190, "message": "m"}}},
    {"http_status": 401, "body": {"error": {"code": 190, "error_subcode": 463, "message": "m"}}},
    {"http_status": 400, "body": {"error": {"code": 100, "message": "m"}}},
    {"http_status": 400, "body": {"error": {"code": 4, "message": "m"}}},
    {"http_status": 400, "body": {"error": {"code": 131057, "message": "m"}}},
    {"reached": "sent", "failure": "read_timeout"},
    {"reached": "none", "failure": "connect_timeout"},
    {"http_status": 200, "body": "<html>"},
]


class Story:
    """Some days of looks with trouble of every kind, much of it around midnight, in a real book."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.ledger = memory_ledger()
        self.book = Bookkeeper(self.ledger, {})
        self.looks = sorted((one for target in TARGETS for one in self.of(target)), key=lambda one: one[0])
        self.windows = [Span(BEGIN + self.chance.randrange(DAYS * DAY), 0)] if self.chance.random() < 0.5 else []
        self.windows = [Span(one.start_ms, one.start_ms + HOUR) for one in self.windows]
        self.outages = self.posted()
        self.controls = Controls()

    def of(self, target: Watched) -> list[tuple[int, Exchange, Context]]:
        """All looks of a target, each with the instant at which it is written: a few come late."""
        found = []
        bad: dict[str, object] | None = None
        left, phase = 0, self.chance.randrange(target.interval_ms)
        for at_ms in range(BEGIN + phase, BEGIN + DAYS * DAY, target.interval_ms):
            near_midnight = min(at_ms % DAY, DAY - at_ms % DAY) < 40 * MINUTE
            if left == 0:
                bad = None
                if self.chance.random() < (0.15 if near_midnight else 0.012):
                    bad, left = self.chance.choice(BAD), self.chance.choice([1, 1, 2, 3, 6, 12])
            left = max(0, left - 1)
            if self.chance.random() < 0.01:
                continue  # a hole
            failing = bad if target.probe not in EVIDENCE or (bad and self.chance.random() < 0.3) else None
            answer = failing or GOOD[target.probe]
            one = read_exchange({**answer, **self.said_of(target), "at": iso(at_ms)})
            context = Context(
                target.probe.value,
                target.interval_ms,
                target.account,
                one.request_fingerprint,
                one.token_fingerprint,
                told=passing(one),
            )
            late = self.chance.random() < 0.004
            found.append((at_ms + (3 * HOUR if late else SECOND), one, context))
        return found

    def said_of(self, target: Watched) -> dict[str, object]:
        names = {"target": target.name, "probe": target.probe.value}
        prints = {"request_fingerprint": f"R-{target.name}", "token_fingerprint": f"T-{target.account}"}
        return {**names, **prints, "durations_ms": {"total": 400.0}}

    def posted(self) -> list[Outage]:
        if self.chance.random() < 0.5:
            return []
        first = BEGIN + self.chance.randrange(DAYS * DAY)
        return [Outage("whatsapp-business-api/Cloud API", first, first + 2 * HOUR)]

    def ground(self, now_ms: int) -> Ground:
        overlay = Overlay({one.name: Cover(tuple(self.windows)) for one in TARGETS} if self.windows else {})
        return Ground(
            targets=TARGETS,
            first_ms=FIRST_MS,
            known=Knowledge(KNOWN.catalogue, self.controls),
            zone=UTC,
            confirm=2,
            now_ms=now_ms,
            latest=lambda _target, _day: None,
            overlay=overlay,
            outages=self.outages,
        )

    async def live(self, since_ms: int, until_ms: int) -> None:
        """Write what comes in this time, and now and then judge a look again."""
        fresh = [one for one in self.looks if since_ms <= one[0] < until_ms]
        await self.ledger.write(lambda book: [self.write(book, *one) for one in fresh])

    def write(self, book: Book, written_ms: int, one: Exchange, context: Context) -> None:
        at_ms, edition = one.at_ms or 0, KNOWN.catalogue.edition
        first = Ruling(one.target, at_ms, judge(one, KNOWN), Origin.LIVE, edition, written_ms)
        book.record(one, context, first, keep_exchange=context.probe == ProbeKind.TOKEN)
        if self.chance.random() < 0.0015:
            later = Finding(*self.chance.choice(FOLLOWED))
            book.append_rulings([Ruling(one.target, at_ms, later, Origin.FOLLOW_UP, edition, written_ms + MINUTE)])

    async def passed(self, within: Span, now_ms: int) -> tuple[Review, Review]:
        """What the pass says, and what it would say had it read and computed everything."""
        for target in TARGETS:
            if target.probe is ProbeKind.CONTROL:
                self.controls = Controls()
                for look in await self.book.looks(target.name, Span(0, now_ms + 1)):
                    self.controls.add(target.name, look)
        before = await self.book.published(Span(BEGIN - DAY, BEGIN + DAYS * DAY), UTC)
        until_ms = min(now_ms, within.end_ms + DAY) + 1
        everything = [await self.book.account(one.name, one.account, Span(0, until_ms)) for one in TARGETS]
        ground = msgspec.structs.replace(
            self.ground(now_ms),
            latest=lambda target, day: before.get((target, day)),
            passes=(*await self.book.passes(), Passed(now_ms, within)),
            zones=zones_of((day, row.zone) for (_, day), row in before.items()),
        )
        wanted = review(everything, within, ground)
        plan = Pass(within, UTC, 2, now_ms, ground.overlay, outages=self.outages)
        found = (await reclassify(self.book, TARGETS, KNOWN, FIRST_MS, plan)).review
        return found, wanted


FOLLOWED = [
    (Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK, Column.UNOBSERVED),
    (Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN),
]


def differences(found: Review, wanted: Review) -> list[object]:
    """Whatever only one of them says."""
    rows = [
        {(one.target, one.day): (one.revision, one.figures, one.secondary) for one in each.publications}
        for each in (found, wanted)
    ]
    days = [(key, *(row.get(key) for row in rows)) for key in rows[0] | rows[1]]
    return [
        *(set(found.rulings) ^ set(wanted.rulings)),
        *(set(found.turns) ^ set(wanted.turns)),
        *(set(found.kept) ^ set(wanted.kept)),
        *(one for one in days if one[1] != one[2]),
    ]


async def told(seed: int) -> Counter[str]:
    """Two weekly passes over one story, each beside one that reads everything; what was seen on the way."""
    story = Story(seed)
    seen: Counter[str] = Counter()
    await story.book.activate([one.name for one in TARGETS], BEGIN)
    now_ms = BEGIN
    for number in range(1, DAYS + 1):
        closing_ms = BEGIN + number * DAY + 15 * MINUTE + story.chance.randrange(2 * MINUTE)
        await story.live(now_ms, closing_ms)
        day = day_of(closing_ms - DAY, UTC)
        unaware = msgspec.structs.replace(story.ground(closing_ms), overlay=Overlay(), outages=())
        await close_day(day, counted(TARGETS), story.book, unaware)
        now_ms = closing_ms
        if number >= 3:
            pass_ms = BEGIN + number * DAY + 6 * HOUR
            await story.live(now_ms, pass_ms)
            now_ms = pass_ms
            within = Span(day_span(day - timedelta(days=1), UTC).start_ms, day_span(day, UTC).end_ms)
            found, wanted = await story.passed(within, pass_ms)
            assert differences(found, wanted) == [], f"seed {seed}, pass {number}"
            seen.update(rulings=len(found.rulings), days=len(found.publications))
            seen["outside"] += sum(one.day < day - timedelta(days=1) for one in found.publications)
            again, _ = await story.passed(within, pass_ms + 1)
            assert (again.rulings, again.publications) == ((), ())
    return seen


SEEDS = range(8)


@pytest.mark.parametrize("share", range(2))
def test_the_pass_says_what_it_would_say_had_it_read_everything(share: int) -> None:
    seen: Counter[str] = Counter()
    for seed in SEEDS[share::2]:
        seen += asyncio.run(told(seed))
    assert seen["rulings"] > 30
    assert seen["days"] > 10
    assert seen["outside"] > 0

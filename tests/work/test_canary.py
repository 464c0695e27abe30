"""Canaries over a real book: what leaves, what never leaves twice, what is made of what came back or did not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.receiver import status_event
from wamon.core.cadence import offset_ms, slot_of
from wamon.core.incident import Lasting
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.core.receipt import gist
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span
from wamon.core.vigil import Vigil, Watched
from wamon.ledger import LedgerError, open_ledger
from wamon.ledger.words import Arrival
from wamon.metrics import Tally
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.canary import Canaries, Course
from wamon.work.look import Watch
from wamon.work.receive import parsed

NOON = 1_793_700_000_000
ACCEPTED = {"reached": Phase.ANSWERED, "http_status": 200, "body": {"messages": [{"id": "wamid.X"}]}}
SERVICE = {"reached": Phase.ANSWERED, "http_status": 500, "body": {"error": {"code": 131016}}}
UNANSWERED = {"reached": Phase.SENT, "failure": Failure.READ_TIMEOUT}
UNREACHED = {"reached": Phase.NONE, "failure": Failure.CONNECT_TIMEOUT}
NAMES = ("send", "other")


class Ears:
    """A receiver that listens since an instant, and is or is not reached from outside."""

    def __init__(self) -> None:
        self.since_ms, self.is_reached = 0, True

    def listened_since(self, at_ms: int) -> bool:
        return self.since_ms <= at_ms

    async def reachable(self) -> bool:
        return self.is_reached


class Played:
    """Canaries of two targets to one handset, on a clock that the story moves. Also Graph, as they meet it."""

    def __init__(self, folder: Path, cap: int = 12, now_ms: int = NOON) -> None:
        self.now_ms = now_ms
        self.ledger = open_ledger(folder / "wamon.db")
        self.book = Bookkeeper(self.ledger, {})
        self.ears = Ears()
        self.answer: dict[str, Any] = dict(ACCEPTED)
        self.sent: list[tuple[str, str, int]] = []
        self.cap, self.marks, self.posts = cap, 0, 0
        self.woken: dict[str, int] = {}
        self.tally = Tally(NAMES)

    async def begin(self) -> None:
        """Start, or start again."""
        vigil = Vigil(knowledge(), Lasting())
        self.watch = Watch(vigil, self, self.book, self.tally, self.clock, wake=self.woken.__setitem__)
        for name in NAMES:
            vigil.watch(Watched(name, ProbeKind.MESSAGE, 2 * HOUR))
            vigil.watch(Watched(f"{name}.roundtrip", ProbeKind.ROUNDTRIP, 2 * HOUR))
        courses = {name: Course(name, "graph", "15550000000", 2 * MINUTE, self.cap) for name in NAMES}
        self.canaries = Canaries(
            courses, self.watch, self, self.book, self.tally, self.clock, self.unique, pause=self.pause
        )
        self.canaries.ears = self.ears
        await self.canaries.resume()

    def clock(self) -> int:
        return self.now_ms

    def unique(self) -> str:
        self.marks += 1
        return f"{self.now_ms}-{self.marks}"

    async def pause(self, seconds: float) -> None:
        self.now_ms += round(seconds * SECOND)

    async def send_canary(self, name: str, mark: str, at_ms: int) -> Exchange:
        self.sent.append((name, mark, at_ms))
        return Exchange(name, ProbeKind.MESSAGE, at_ms, durations_ms={"total": 100.0}, **self.answer)

    async def ask(self, name: str, at_ms: int) -> Exchange:
        raise AssertionError(f"{name} was asked as if it were no canary")

    async def report(self, status: str, mark: str | None = None, code: int | None = None) -> None:
        """Meta reports of a canary, the last one unless another is named."""
        errors = {} if code is None else {"errors": [{"code": code}]}
        self.posts += 1
        raw = status_event(
            f"wamid.{self.posts}",
            status,
            biz_opaque_callback_data=mark or self.sent[-1][1] if mark != "" else "somebody's",
            **errors,
        )
        kept = gist(parsed(raw), b"key")
        assert kept is not None
        arrival = Arrival("graph", self.now_ms, f"{self.posts:032}".encode(), kept)
        await self.ledger.receive([arrival])
        self.canaries.hear(arrival)

    async def judge(self) -> None:
        await self.canaries.judge(self.now_ms)

    async def verdicts(self, name: str) -> list[tuple[str, str, str, bool]]:
        """Verdict, cause, column and doubt of every look at a target."""
        found = [one.finding for one in await self.book.marks(name, Span(0, NOON + 9 * DAY))]
        return [(one.verdict.value, one.cause.value, one.column.value, one.provisional) for one in found]


Story = Callable[[Played], Awaitable[None]]


def told(folder: Path, story: Story, **how: Any) -> Played:
    async def run() -> Played:
        played = Played(folder, **how)
        try:
            await played.begin()
            await story(played)
        finally:
            await played.ledger.close()
        return played

    return asyncio.run(run())


UP = ("ok", "none", "up", False)
MISSED = ("missed_success", "timeout", "down", True)
FIRM = ("missed_success", "timeout", "down", False)
UNHEARD = ("inconclusive", "endpoint", "unobserved", False)


def test_it_leaves_with_its_mark_and_is_ruled_when_it_is_delivered(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        ((name, mark, at_ms),) = played.sent
        assert (name, at_ms) == ("send", NOON)
        assert [one.mark for one in await played.book.canaries(0)] == [mark]
        assert played.canaries.due(played.now_ms) == NOON + 2 * MINUTE + 1
        played.now_ms += 900
        await played.report("sent")
        await played.judge()
        assert await played.verdicts("send.roundtrip") == []
        played.now_ms += 1_200
        await played.report("delivered")
        assert played.canaries.due(played.now_ms) == played.now_ms + 1
        await played.judge()
        assert await played.verdicts("send") == await played.verdicts("send.roundtrip") == [UP]
        assert not played.canaries.awaited

    played = told(tmp_path, story)
    counted = {key: (sum(row[:-1]), row[-1]) for key, row in played.tally.returns.items()}
    assert counted == {("send.roundtrip", "sent"): (1, 900), ("send.roundtrip", "delivered"): (1, 2_100)}


@pytest.mark.parametrize(
    ("answer", "there", "silent", "returned"),
    [
        (ACCEPTED, UP, [MISSED], [UP]),
        (SERVICE, ("system_error", "service", "down", False), [], []),
        (UNREACHED, ("network_error", "path", "network", True), [], []),
        (UNANSWERED, ("missed_success", "timeout", "down", False), [], [UP]),
    ],
)
def test_what_its_sending_says_decides_what_silence_says(
    tmp_path: Path, answer: dict[str, Any], there: tuple, silent: list, returned: list
) -> None:
    async def story(played: Played) -> None:
        for name, reports in (("send", False), ("other", True)):
            played.answer = answer
            await played.canaries.look(name)
            if reports:
                await played.report("delivered")
            played.now_ms += 3 * MINUTE
            await played.judge()
            assert await played.verdicts(name) == [there]
        assert await played.verdicts("send.roundtrip") == silent
        assert await played.verdicts("other.roundtrip") == returned

    told(tmp_path, story)


def listens(_ears: Ears) -> None:
    """All is well."""


def began_late(ears: Ears) -> None:
    ears.since_ms = NOON + 1


def is_cut_off(ears: Ears) -> None:
    ears.is_reached = False


@pytest.mark.parametrize(
    ("our_side", "others", "ruled"),
    [
        (listens, False, MISSED),
        (listens, True, FIRM),
        (began_late, True, UNHEARD),
        (is_cut_off, False, UNHEARD),
        (is_cut_off, True, FIRM),
    ],
)
def test_silence_is_ruled_by_how_our_own_receiver_fared(
    tmp_path: Path, our_side: Callable[[Ears], None], others: bool, ruled: tuple
) -> None:
    async def story(played: Played) -> None:
        our_side(played.ears)
        await played.canaries.look("send")
        played.now_ms += MINUTE
        if others:
            await played.report("delivered", mark="")
        played.now_ms += 2 * MINUTE
        await played.judge()
        assert await played.verdicts("send.roundtrip") == [ruled]
        await played.report("delivered", mark=played.sent[0][1])
        await played.judge()
        assert await played.verdicts("send.roundtrip") == [ruled], "late, and still missed"

    played = told(tmp_path, story)
    assert played.tally.returns["send.roundtrip", "delivered"][-1] == 3 * MINUTE, "its end is known"


def test_a_failed_one_counts_by_its_code_and_a_fresh_one_follows_soon(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        played.now_ms += 1_500
        await played.report("failed", code=131016)
        await played.judge()
        assert await played.verdicts("send.roundtrip") == [("system_error", "service", "down", False)]
        again = played.watch.due("send", played.now_ms)
        assert again == played.woken["send"] == NOON + 2 * MINUTE
        played.now_ms = again
        await played.canaries.look("send")
        assert [one.extra for one in await played.book.canaries(0)] == [False, True]
        played.now_ms += 1_000
        await played.report("delivered")
        await played.judge()
        regular = played.watch.due("send", played.now_ms)
        assert regular >= slot_of(NOON, 2 * HOUR, offset_ms("send", 2 * HOUR)) + 2 * HOUR

    told(tmp_path, story)


def test_two_canaries_to_one_handset_leave_six_seconds_apart_also_after_a_restart(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await asyncio.gather(played.canaries.look("send"), played.canaries.look("other"))
        assert [at_ms for _, _, at_ms in played.sent] == [NOON, NOON + 6 * SECOND]
        played.now_ms += 2 * HOUR
        await played.canaries.look("send")
        await played.begin()
        await played.canaries.look("other")
        assert played.sent[3][2] - played.sent[2][2] == 6 * SECOND

    told(tmp_path, story)


def test_a_slot_is_sent_for_once_whatever_happened_after_it_was_written(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        for _ in range(3):
            await played.begin()
            played.now_ms += 1_000
            await played.canaries.look("send")
        assert len(played.sent) == 1
        played.now_ms += 2 * HOUR
        await played.canaries.look("send")
        assert len(played.sent) == 2

    told(tmp_path, story)


def test_a_restart_takes_up_what_was_awaited_and_hears_what_was_said_meanwhile(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        await played.canaries.look("other")
        await played.report("delivered", mark=played.sent[0][1])
        await played.begin()
        assert {one.canary.target for one in played.canaries.awaited.values()} == {"send", "other"}
        await played.judge()
        assert await played.verdicts("send.roundtrip") == [UP]
        played.ears.since_ms = played.now_ms + 1
        played.now_ms += 3 * MINUTE
        await played.judge()
        assert await played.verdicts("other.roundtrip") == [UNHEARD], "nobody listened all the while"
        await played.begin()
        assert not played.canaries.awaited, "what is judged is not judged again"

    told(tmp_path, story)


def test_what_a_crash_left_without_an_answer_is_judged_only_if_it_comes_back(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        for name in NAMES:
            played.now_ms += 6 * SECOND
            course = played.canaries.courses[name]
            played.canaries._sender = Vanishing(played)
            with pytest.raises(asyncio.CancelledError):
                await played.canaries.look(name)
            assert course.target == name
        await played.begin()
        await played.report("sent", mark=played.sent[1][1])
        played.now_ms += 3 * MINUTE
        await played.judge()
        assert await played.verdicts("send") == await played.verdicts("send.roundtrip") == []
        assert await played.verdicts("other.roundtrip") == [UP]

    told(tmp_path, story)


class Vanishing:
    """Graph takes the message in, and nobody is there any more to hear it."""

    def __init__(self, played: Played) -> None:
        self.played = played

    async def send_canary(self, name: str, mark: str, at_ms: int) -> Exchange:
        await self.played.send_canary(name, mark, at_ms)
        raise asyncio.CancelledError


def test_caps_keep_regular_canaries_back_and_say_so(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        played.watch.refused = lambda name, at_ms: refused.append((name, at_ms))
        for _ in range(3):
            await played.canaries.look("send")
            await played.report("delivered")
            await played.judge()
            played.now_ms += 2 * HOUR
        assert len(played.sent) == 2
        played.now_ms += DAY - 6 * HOUR
        await played.canaries.look("send")
        assert len(played.sent) == 3

    refused: list[tuple[str, int]] = []
    told(tmp_path, story, cap=2)
    assert refused == [("send", NOON + 4 * HOUR)]


def test_a_quota_that_is_nearly_full_keeps_canaries_back(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        played.watch.refused = lambda name, at_ms: refused.append(name)
        usage = '{"4711": [{"type": "whatsapp", "call_count": 81, "total_cputime": 1, "total_time": 1}]}'
        played.answer = ACCEPTED | {"headers": {"x-business-use-case-usage": usage}}
        await played.canaries.look("send")
        await played.canaries.look("other")
        assert [name for name, _, _ in played.sent] == ["send"], "they share a token"
        played.now_ms += 2 * HOUR
        await played.canaries.look("other")
        assert len(played.sent) == 2

    refused: list[str] = []
    told(tmp_path, story)
    assert refused == ["other"]


def test_what_cannot_be_written_down_first_is_not_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(played: Played) -> None:
        async def full(_canary: object) -> bool:
            raise LedgerError("the disk is full")

        played.book.launch = full  # type: ignore[method-assign]
        await played.canaries.look("send")
        assert played.sent == []
        assert not played.canaries.awaited

    told(tmp_path, story)
    assert "no canary of send was sent, for it cannot be written down first: the disk is full" in caplog.text


@pytest.mark.parametrize("step_ms", [-HOUR, 5 * HOUR])
def test_a_clock_that_is_set_makes_nothing_overdue(tmp_path: Path, step_ms: int) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        played.now_ms += 30 * SECOND + step_ms
        played.watch.step(step_ms)
        await played.judge()
        assert await played.verdicts("send.roundtrip") == []
        await played.report("delivered")
        await played.judge()
        assert await played.verdicts("send.roundtrip") == [UP]

    played = told(tmp_path, story)
    assert played.tally.returns["send.roundtrip", "delivered"][-1] == 30 * SECOND


def test_reports_are_counted_once_each_whatever_meta_repeats(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        statuses: Sequence[str] = ("delivered", "sent", "delivered", "read", "sent")
        for status in statuses:
            await played.report(status)
        await played.judge()
        await played.report("read")
        assert await played.verdicts("send.roundtrip") == [UP]

    played = told(tmp_path, story)
    counts = {status: sum(row[:-1]) for (_, status), row in played.tally.returns.items()}
    assert counts == {"sent": 1, "delivered": 1, "read": 1}


class Slow:
    """Graph answers only after the message has arrived and its webhook was heard."""

    def __init__(self, played: Played) -> None:
        self.played = played

    async def send_canary(self, name: str, mark: str, at_ms: int) -> Exchange:
        seen = await self.played.send_canary(name, mark, at_ms)
        await self.played.report("delivered")
        await self.played.judge()
        assert await self.played.verdicts(f"{name}.roundtrip") == [], "its sending is judged first"
        return seen


def test_a_webhook_that_is_faster_than_the_answer_is_heard_and_waits_for_it(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        played.canaries._sender = Slow(played)
        await played.canaries.look("send")
        await played.judge()
        assert await played.verdicts("send") == await played.verdicts("send.roundtrip") == [UP]

    told(tmp_path, story)


def test_after_a_restart_a_canary_that_failed_is_followed_soon_and_the_extra_ones_are_remembered(
    tmp_path: Path,
) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        await played.report("failed", code=131016)
        await played.judge()
        played.now_ms += 90 * SECOND
        await played.begin()
        assert played.watch.due("send", played.now_ms) == NOON + 2 * MINUTE
        played.now_ms += 10 * MINUTE
        await played.begin()
        soon = played.watch.due("send", played.now_ms)
        assert played.now_ms < soon <= played.now_ms + 3 * SECOND, "it is overdue"
        played.now_ms = soon
        await played.canaries.look("send")
        assert [one.extra for one in await played.book.canaries(0)] == [False, True]

    told(tmp_path, story)


def test_what_was_awaited_long_before_a_start_is_not_judged_by_a_receiver_that_was_off(tmp_path: Path) -> None:
    async def story(played: Played) -> None:
        await played.canaries.look("send")
        played.now_ms += 3 * HOUR
        await played.begin()
        assert not played.canaries.awaited
        await played.judge()
        assert await played.verdicts("send.roundtrip") == []
        await played.report("delivered")

    played = told(tmp_path, story)
    assert played.tally.returns["send.roundtrip", "delivered"][-1] == 3 * HOUR, "what comes late is still known"


def test_the_self_test_is_asked_of_silence_only(tmp_path: Path) -> None:
    class Asked(Ears):
        async def reachable(self) -> bool:
            asked.append(1)
            return True

    asked: list[int] = []

    async def story(played: Played) -> None:
        played.canaries.ears = Asked()
        await played.canaries.look("send")
        await played.report("sent")
        played.now_ms += 3 * MINUTE
        await played.judge()
        assert asked == []
        await played.canaries.look("other")
        played.now_ms += 3 * MINUTE
        await played.judge()
        assert asked == [1]

    told(tmp_path, story)

"""The way back of a canary: reports in any order, the deadline, silence, and how each is ruled."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.finding import Cause, Column, Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange, Failure, Phase, Receiver
from wamon.core.receipt import MessageReport
from wamon.core.roundtrip import Canary, Fate, Heard, came_back, fate_of, is_over, mark_of
from wamon.core.timeline import MINUTE, SECOND

SENT_MS = 1_793_700_000_000
CANARY = Canary(mark_of("a1"), "send", SENT_MS, SENT_MS, 2 * MINUTE)
KNOWN = knowledge()


def heard(message_status: str, after_s: float, *codes: int) -> Heard:
    at_ms = SENT_MS + round(after_s * SECOND)
    return Heard(MessageReport("1", b"m", b"r", message_status, at_ms, codes, CANARY.mark), at_ms)


def ruled(*reports: Heard, receiver: Receiver | None = None) -> tuple[str, str, str, bool]:
    exchange = came_back(CANARY, reports, Fate.ACCEPTED, receiver)
    assert exchange is not None
    assert (exchange.target, exchange.at_ms) == ("send.roundtrip", SENT_MS)
    found = judge(exchange, KNOWN)
    return found.verdict.value, found.cause.value, found.column.value, found.provisional


UP = ("ok", "none", "up", False)


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([heard("sent", 1)], UP),
        ([heard("delivered", 1)], UP),
        ([heard("read", 3), heard("delivered", 2), heard("sent", 1)], UP),
        ([heard("failed", 1, 131026)], ("user_error", "recipient", "user", False)),
        ([heard("failed", 1, 131016)], ("system_error", "service", "down", False)),
        ([heard("failed", 1, 131000)], ("system_error", "service", "down", True)),
        ([heard("sent", 1), heard("failed", 2, 131016)], ("system_error", "service", "down", False)),
        ([heard("delivered", 1), heard("failed", 2, 131016)], UP),
        ([heard("delivered", 121)], ("missed_success", "timeout", "down", True)),
    ],
)
def test_reports_are_ruled_whatever_their_order(reports: list[Heard], expected: tuple[object, ...]) -> None:
    for order in permutations(reports):
        assert ruled(*order) == expected


def test_a_failure_that_comes_after_the_first_end_changes_nothing() -> None:
    assert ruled(heard("delivered", 1), heard("failed", 90, 131016)) == UP
    assert ruled(heard("failed", 1, 131016), heard("delivered", 90))[0] == "system_error"


def test_it_is_awaited_until_its_end_or_its_deadline_and_not_longer() -> None:
    assert not is_over(CANARY, [], CANARY.until_ms)
    assert not is_over(CANARY, [heard("sent", 1)], CANARY.until_ms)
    assert is_over(CANARY, [heard("sent", 1)], CANARY.until_ms + 1)
    assert not is_over(CANARY, [heard("delivered", 121)], CANARY.until_ms)
    assert is_over(CANARY, [heard("sent", 1), heard("delivered", 4)], SENT_MS + 4 * SECOND)


def test_the_first_status_tells_how_long_it_took() -> None:
    delivered = came_back(CANARY, [heard("delivered", 4), heard("sent", 1)], Fate.ACCEPTED)
    assert delivered is not None
    assert delivered.durations_ms == {"total": 1_000.0}


def test_what_was_not_accepted_for_sure_is_judged_by_what_comes_and_never_by_silence() -> None:
    assert came_back(CANARY, [], Fate.UNKNOWN, Receiver.HEARD) is None
    assert came_back(CANARY, [heard("delivered", 121)], Fate.UNKNOWN, Receiver.HEARD) is None
    back = came_back(CANARY, [heard("sent", 1)], Fate.UNKNOWN)
    assert back is not None
    assert judge(back, KNOWN).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("exchange", "accepted", "fate"),
    [
        (Exchange(reached=Phase.ANSWERED, http_status=200), True, Fate.ACCEPTED),
        (Exchange(reached=Phase.ANSWERED, http_status=500), False, Fate.REFUSED),
        (Exchange(reached=Phase.SECURED, failure=Failure.CONNECTION_RESET), False, Fate.REFUSED),
        (Exchange(reached=Phase.SENT, failure=Failure.READ_TIMEOUT), False, Fate.UNKNOWN),
        (Exchange(reached=Phase.SENT, http_status=200, failure=Failure.CONNECTION_RESET), False, Fate.UNKNOWN),
        (None, False, Fate.UNKNOWN),
    ],
)
def test_what_a_sending_tells_of_a_canary(exchange: Exchange | None, accepted: bool, fate: Fate) -> None:
    assert fate_of(exchange, accepted) is fate


@pytest.mark.parametrize(
    ("receiver", "verdict", "cause", "column", "provisional"),
    [
        (Receiver.HEARD, Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN, False),
        (Receiver.LISTENING, Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN, True),
        (None, Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN, True),
        (Receiver.DEAF, Verdict.INCONCLUSIVE, Cause.ENDPOINT, Column.UNOBSERVED, False),
    ],
)
def test_silence_is_metas_as_far_as_our_receiver_was_well(
    receiver: Receiver | None, verdict: str, cause: str, column: str, provisional: bool
) -> None:
    assert ruled(receiver=receiver) == (verdict, cause, column, provisional)


@given(
    st.lists(
        st.builds(
            heard, st.sampled_from(["sent", "delivered", "read", "failed", "deleted", "other"]), st.floats(0, 200)
        )
    ),
    st.randoms(),
)
def test_the_order_of_arrival_is_not_read(reports: list[Heard], chance: object) -> None:
    before = came_back(CANARY, reports, Fate.ACCEPTED)
    chance.shuffle(reports)  # type: ignore[attr-defined]
    after = came_back(CANARY, reports, Fate.ACCEPTED)
    assert before is not None
    assert after is not None
    assert judge(before, KNOWN) == judge(after, KNOWN)

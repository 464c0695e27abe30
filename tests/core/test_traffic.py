"""Real messages by the minute: whose they are, how a message counts, and what a minute is judged to be."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.receiver import status_event
from wamon.core.finding import Column, Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.minutes import GRACE_MS, Minute, Minutes, failed_of, is_minute, observation
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind
from wamon.core.reading import read_exchange, write_exchange
from wamon.core.receipt import gist
from wamon.core.timeline import MINUTE, SECOND
from wamon.core.traffic import Direction, Facts, Outcome, Source, as_exchange, concerned, heard, reported
from wamon.core.watched import Watched

TEN = 1_790_000_040_000
"""A whole minute."""
KNOWN = knowledge()


def webhook(status: str, *codes: int) -> Facts:
    return Facts(Source.WEBHOOK, status, codes)


SENT, DELIVERED, READ = webhook("sent"), webhook("delivered"), webhook("read")
BROKEN, UNREACHABLE, DOUBTFUL = webhook("failed", 131016), webhook("failed", 131026), webhook("failed", 131000)
ACCEPTED = Facts(Source.APPLICATION, good=True)
REFUSED = Facts(Source.APPLICATION, codes=(190,), http_status=401)
NO_ANSWER = Facts(Source.APPLICATION, reached=Phase.SENT, failure=Failure.READ_TIMEOUT, http_status=None)
OVERLOADED = Facts(Source.APPLICATION, http_status=503)


def outcome(facts: Facts, message: str = "", at_ms: int = TEN) -> Outcome:
    return Outcome(at_ms, "graph", "1", Direction.SEND, facts, message.encode())


def judged(counts: dict[Facts, int], failed: dict[bytes, Facts] | None = None) -> Exchange:
    return observation("real", Minute(TEN, counts, failed or {}), KNOWN)


MINUTES: list[tuple[dict[Facts, int], Column, int | None]] = [
    ({DELIVERED: 5}, Column.UP, None),
    ({SENT: 5}, Column.UP, None),
    ({ACCEPTED: 3, SENT: 2}, Column.UP, None),
    ({DELIVERED: 5, BROKEN: 5}, Column.DOWN, 131016),
    ({DELIVERED: 6, BROKEN: 5}, Column.UP, None),
    ({DELIVERED: 5, BROKEN: 3, DOUBTFUL: 2}, Column.DOWN, 131016),
    ({DELIVERED: 2, NO_ANSWER: 3}, Column.DOWN, None),
    ({OVERLOADED: 2, BROKEN: 2, DELIVERED: 1}, Column.DOWN, 131016),
    ({OVERLOADED: 3, BROKEN: 2}, Column.DOWN, None),
    ({UNREACHABLE: 3, DELIVERED: 2}, Column.USER, 131026),
    ({UNREACHABLE: 3, DELIVERED: 3}, Column.UP, None),
    ({REFUSED: 5}, Column.USER, 190),
    ({REFUSED: 3, BROKEN: 3}, Column.DOWN, 131016),
    ({REFUSED: 3, BROKEN: 2, DELIVERED: 3}, Column.UP, None),
    ({webhook("received"): 5}, Column.UP, None),
    ({webhook("received", 131000): 3, webhook("received"): 2}, Column.DOWN, 131000),
]


@pytest.mark.parametrize(("counts", "column", "code"), MINUTES)
def test_a_minute_is_down_when_half_of_its_outcomes_are_else_what_most_of_the_others_are(
    counts: dict[Facts, int], column: Column, code: int | None
) -> None:
    exchange = judged(counts)
    found = judge(exchange, KNOWN)
    assert (found.column, found.code) == (column, code)
    assert exchange.at_ms == TEN + 30 * SECOND
    assert exchange.body["minute"]["outcomes"] == sum(counts.values())
    assert sum(one["outcomes"] for one in exchange.body["minute"]["kinds"]) == sum(counts.values())
    well = {SENT, DELIVERED, ACCEPTED, webhook("received")}
    assert failed_of(exchange) == (sum(n for one, n in counts.items() if one not in well), sum(counts.values()))


@pytest.mark.parametrize("facts", [one for counts, _, _ in MINUTES for one in counts], ids=str)
def test_a_minute_of_one_kind_is_judged_as_each_of_its_outcomes(facts: Facts) -> None:
    alone, together = judge(as_exchange(facts, TEN), KNOWN), judge(judged({facts: 7}), KNOWN)
    assert together == alone


def test_a_minute_says_itself_that_it_is_one_and_stays_one_when_written_and_read() -> None:
    for counts, _, _ in MINUTES:
        exchange = judged(counts)
        again = read_exchange(msgspec.json.decode(msgspec.json.encode(write_exchange(exchange))))
        assert again == exchange
        assert is_minute(again)
    assert not is_minute(as_exchange(DELIVERED, TEN))


def test_a_failed_minute_names_each_message_that_failed_so_that_a_delivery_can_acquit_it() -> None:
    failed = {bytes([n]): BROKEN for n in range(3)} | {b"u": UNREACHABLE}
    statuses = _statuses(judged({BROKEN: 3, UNREACHABLE: 1, SENT: 2}, failed))
    assert [one["id"] for one in statuses] == ["00", "01", "02"]
    beside = _statuses(judged({BROKEN: 3, OVERLOADED: 1, UNREACHABLE: 1}, failed))
    assert [one["id"] for one in beside] == ["00", "01", "02", ""]
    many = {n.to_bytes(2): BROKEN for n in range(1_000)}
    crowd = _statuses(judged({BROKEN: 1_000}, many))
    assert len(crowd) == 201
    assert crowd[-1]["id"] == ""


def _statuses(exchange: Exchange) -> list[dict[str, Any]]:
    return list(exchange.body["entry"][0]["changes"][0]["value"]["statuses"])


STORIES = {
    "sent, then delivered": ([SENT, DELIVERED], {DELIVERED: 1}),
    "sent, then failed": ([SENT, BROKEN], {BROKEN: 1}),
    "failed on one device, delivered on another": ([BROKEN, DELIVERED], {DELIVERED: 1}),
    "failed, and read": ([BROKEN, READ], {READ: 1}),
    "read, of a message of another time": ([READ], {}),
    "twice the same": ([SENT, SENT, SENT], {SENT: 1}),
}


@pytest.mark.parametrize(("told", "counts"), STORIES.values(), ids=STORIES)
def test_a_message_counts_once_in_a_minute_with_what_went_furthest(
    told: list[Facts], counts: dict[Facts, int]
) -> None:
    for order in (told, told[::-1]):
        minutes = Minutes()
        for facts in order:
            minutes.add(outcome(facts, "m"))
        for facts in [ACCEPTED] * 5:
            minutes.add(outcome(facts))
        (found,) = minutes.ripe(TEN + MINUTE + GRACE_MS)
        assert dict(found.counts) == {**counts, ACCEPTED: 5}
        assert list(found.failed.items()) == [(b"m", facts) for facts in counts if facts is BROKEN]


def test_a_minute_waits_for_its_grace_and_is_given_once() -> None:
    minutes = Minutes()
    for n in range(5):
        assert minutes.add(outcome(SENT, str(n), TEN + 59_999))
    assert minutes.ripe(TEN + MINUTE + GRACE_MS - 1) == []
    assert [one.start_ms for one in minutes.ripe(TEN + MINUTE + GRACE_MS)] == [TEN]
    assert not minutes.add(outcome(SENT, "late"))
    assert minutes.ripe(TEN + 10 * MINUTE) == []


def test_four_outcomes_are_no_observation_until_a_late_one_makes_them_five() -> None:
    minutes = Minutes()
    for n in range(4):
        minutes.add(outcome(SENT, str(n)))
    assert minutes.ripe(TEN + 5 * MINUTE) == []
    minutes.add(outcome(SENT, "late"))
    assert [one.outcomes for one in minutes.ripe(TEN + 6 * MINUTE)] == [5]


def test_what_is_too_old_is_forgotten_and_what_was_judged_before_a_start_stays_judged() -> None:
    minutes = Minutes([TEN])
    assert not minutes.add(outcome(SENT, "a"))
    for n in range(5):
        minutes.add(outcome(SENT, str(n), TEN + MINUTE))
    minutes.forget_before(TEN + 2 * MINUTE)
    assert minutes.ripe(TEN + 9 * MINUTE) == []


def test_a_webhook_tells_of_its_messages_and_never_of_our_own_canaries() -> None:
    def told(raw: bytes) -> list[Outcome]:
        kept = gist(msgspec.json.decode(raw), b"key")
        assert kept is not None
        return list(heard("graph", 1_790_000_005_000, kept))

    (sent,) = told(status_event("wamid.1"))
    assert (sent.at_ms, sent.account, sent.number) == (1_790_000_000_000, "graph", "106540352242922")
    assert (sent.direction, sent.facts) == (Direction.SEND, SENT)
    assert sent.message == told(status_event("wamid.1", "delivered"))[0].message
    assert sent.message != told(status_event("wamid.2"))[0].message
    assert told(status_event("wamid.1", biz_opaque_callback_data="wamon:canary:abc")) == []
    assert told(status_event("wamid.1", "deleted")) == []
    (failed,) = told(status_event("wamid.1", "failed", errors=[{"code": 131016}]))
    assert failed.facts == BROKEN
    (future,) = told(status_event("wamid.1", timestamp="1790009999"))
    assert future.at_ms == 1_790_000_005_000


def test_incoming_messages_and_what_meta_could_not_pass_on_are_outcomes_of_receiving() -> None:
    found = incoming({"messages": [{"timestamp": "1790000001"}] * 3}, {"errors": [{"code": 131000}]})
    assert Counter(one.facts for one in found) == {webhook("received"): 3, webhook("received", 131000): 1}
    assert {one.direction for one in found} == {Direction.RECEIVE}


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        ({"messages": [{"timestamp": "1790000001", "type": "interactive"}]}, webhook("received")),
        ({"statuses": [{"id": "wamid.1", "status": "failed", "errors": [{"code": 131016}]}]}, BROKEN),
    ],
)
def test_an_error_beside_what_came_is_about_that_and_no_request_that_was_lost(value: Any, facts: Facts) -> None:
    assert [one.facts for one in incoming(value | {"errors": [{"code": 131000}]})] == [facts]


def incoming(*values: dict[str, Any]) -> list[Outcome]:
    """The outcomes of one webhook with these changes of messages."""
    changes = [{"field": "messages", "value": value} for value in values]
    kept = gist({"entry": [{"changes": changes}]}, b"key")
    assert kept is not None
    return list(heard("graph", 1_790_000_005_000, kept))


def test_of_a_reported_call_codes_are_kept_and_no_text() -> None:
    call = Exchange(
        at_ms=TEN,
        reached=Phase.ANSWERED,
        http_status=400,
        body={"error": {"code": 131030, "error_subcode": 7, "message": "+1 555 0000000", "is_transient": False}},
    )
    found = reported(call, "graph", "1")
    assert found == outcome(
        Facts(Source.APPLICATION, codes=(131030,), subcode=7, is_transient=False, http_status=400, error=True)
    )
    good = reported(
        msgspec.structs.replace(call, http_status=200, body={"messages": [{"id": "wamid.1"}]}), "graph", "1"
    )
    assert good == outcome(ACCEPTED)
    assert reported(Exchange(), "graph") is None


REPORTED = [
    Exchange(at_ms=TEN, reached=Phase.ANSWERED, http_status=500, body={"error": {"code": 2}}),
    Exchange(at_ms=TEN, reached=Phase.ANSWERED, http_status=502, body="<html>bad gateway"),
    Exchange(at_ms=TEN, reached=Phase.NONE, failure=Failure.DNS_ERROR),
    Exchange(at_ms=TEN, reached=Phase.SENT, failure=Failure.READ_TIMEOUT),
    Exchange(at_ms=TEN, reached=Phase.ANSWERED, http_status=429),
    Exchange(at_ms=TEN, reached=Phase.ANSWERED, http_status=400, body={"error": {"is_transient": True}}),
    Exchange(
        at_ms=TEN, reached=Phase.ANSWERED, http_status=401, body={"error": {"code": "190", "error_subcode": 463}}
    ),
    Exchange(at_ms=TEN, reached=Phase.ANSWERED, http_status=200, body={"messages": [{"id": "wamid.x"}]}),
]


@pytest.mark.parametrize("call", REPORTED, ids=lambda one: f"{one.http_status} {one.failure} {one.body}")
def test_what_is_kept_of_a_reported_call_is_judged_as_the_call_itself(call: Exchange) -> None:
    found = reported(call, "graph")
    assert found is not None
    itself = judge(msgspec.structs.replace(call, probe=ProbeKind.TRAFFIC), KNOWN)
    assert judge(as_exchange(found.facts, TEN), KNOWN) == itself


WATCHED = [
    Watched("all", ProbeKind.TRAFFIC, MINUTE, "graph", direction="send"),
    Watched("one", ProbeKind.TRAFFIC, MINUTE, "graph", number="1", direction="send"),
    Watched("in", ProbeKind.TRAFFIC, MINUTE, "graph", direction="receive"),
    Watched("shop", ProbeKind.TRAFFIC, MINUTE, "shop", direction="send"),
    Watched("shop number", ProbeKind.API, MINUTE, "shop", number="2"),
    Watched("both", ProbeKind.TRAFFIC, MINUTE, "bare"),
]


@pytest.mark.parametrize(
    ("account", "number", "direction", "names"),
    [
        ("graph", "1", Direction.SEND, ["all", "one"]),
        ("graph", "", Direction.SEND, ["all"]),
        ("graph", "9", Direction.SEND, ["all"]),
        ("graph", "1", Direction.RECEIVE, ["in"]),
        ("shop", "2", Direction.SEND, ["shop"]),
        ("graph", "2", Direction.SEND, ["shop"]),
        ("bare", "", Direction.RECEIVE, ["both"]),
        ("nobody", "", Direction.SEND, []),
    ],
)
def test_an_outcome_counts_for_its_number_and_its_account(
    account: str, number: str, direction: Direction, names: list[str]
) -> None:
    assert concerned(Outcome(TEN, account, number, direction, SENT), WATCHED) == names


told = st.lists(
    st.tuples(
        st.integers(0, 4).map(lambda n: f"m{n}"),
        st.sampled_from([SENT, DELIVERED, READ, BROKEN, UNREACHABLE]),
        st.integers(0, 3 * MINUTE - 1),
    ),
    max_size=40,
)


@given(told, st.randoms(use_true_random=False), st.data())
def test_the_order_and_the_repeats_of_webhooks_never_change_a_minute(
    rows: list[tuple[str, Facts, int]], shuffled: Any, data: st.DataObject
) -> None:
    """One code for each message, as Meta repeats a failure with the same code."""
    codes = {name: data.draw(st.sampled_from([BROKEN, UNREACHABLE])) for name, _, _ in rows}
    told = [outcome(codes[name] if facts.codes else facts, name, TEN + at_ms) for name, facts, at_ms in rows]

    def gathered(every: list[Outcome]) -> list[Minute]:
        minutes = Minutes()
        for one in every:
            minutes.add(one)
        for n in range(5):
            for minute in range(3):
                minutes.add(outcome(SENT, f"good {n}", TEN + minute * MINUTE))
        return minutes.ripe(TEN + 9 * MINUTE)

    again = [*told, *told[: len(told) // 2]]
    shuffled.shuffle(again)
    first, second = gathered(told), gathered(again)
    assert [one.counts for one in first] == [one.counts for one in second]
    assert [one.failed for one in first] == [one.failed for one in second]


def test_every_fact_is_judged_and_nothing_raises() -> None:
    for reached in (None, *Phase):
        for failure in (None, *Failure):
            facts = Facts(Source.APPLICATION, reached=reached, failure=failure, http_status=None)
            assert judge(as_exchange(facts, TEN), KNOWN).verdict in Verdict

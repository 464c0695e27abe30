"""What goes into the book comes out of it, whatever a target answers: properties."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import CONTEXT, EVER, GOOD, NOON, THEIRS, ruled, seen
from wamon.core.finding import Cause, Column, Context, Finding, Origin, Ruling, Scope, Verdict
from wamon.core.observation import STEPS, Exchange, Failure, Phase, ProbeKind
from wamon.core.publication import kept_figures
from wamon.core.secondary import Secondary
from wamon.core.segments import Segment
from wamon.core.timeline import DAY
from wamon.core.uptime import Figures
from wamon.ledger import Book, opening
from wamon.ledger.packing import pack_exchange, unpack_exchange
from wamon.ledger.words import Declaration, Notice, Publication

T = TypeVar("T")


class TakenBackError(Exception):
    """Ends a transaction that is not to be kept."""


@pytest.fixture(scope="module")
def write() -> Iterator[Callable[[Callable[[Book], T]], T]]:
    """Run something on a book in memory, and take it back: every example begins with an empty one."""
    db = opening.connect(opening.MEMORY)
    opening.lay(db)
    book = Book(db, opening.MEMORY)

    def written(act: Callable[[Book], T]) -> T:
        with suppress(TakenBackError), book.transaction():
            found = act(book)
            raise TakenBackError
        return found

    yield written
    book.close()


texts = st.text(max_size=40)
maybe_texts = st.none() | texts
instants = st.integers(0, EVER.end_ms - 1)
leaves = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
bodies = st.recursive(
    leaves | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
codes = st.none() | st.integers(-(2**63) + 1, 2**63 - 1)
findings = st.builds(
    Finding,
    st.sampled_from(Verdict),
    st.sampled_from(Cause),
    st.sampled_from(Column),
    st.sampled_from(Scope),
    st.booleans(),
    codes,
    codes,
    texts,
)
contexts = st.builds(Context, texts, st.integers(1, DAY), texts, maybe_texts, maybe_texts, maybe_texts, texts)
exchanges = st.builds(
    Exchange,
    target=texts,
    probe=st.none() | st.sampled_from(ProbeKind),
    at_ms=instants,
    request_fingerprint=maybe_texts,
    token_fingerprint=maybe_texts,
    reached=st.none() | st.sampled_from(Phase),
    failure=st.none() | st.sampled_from(Failure),
    http_status=st.none() | st.integers(0, 999),
    headers=st.dictionaries(texts, texts, max_size=4),
    body=bodies,
    durations_ms=st.dictionaries(st.sampled_from(STEPS), st.floats(0, 1e6), max_size=5),
    expected_body=maybe_texts,
    peer=maybe_texts,
    certificate_expires_ms=st.none() | instants,
    detail=maybe_texts,
)
evidence = st.lists(texts, max_size=3).map(tuple)


@given(exchange=exchanges, context=contexts, finding=findings, ruled_at_ms=instants, why=evidence)
def test_an_exchange_and_its_first_ruling_come_back_whole(
    write: Callable[..., object],
    exchange: Exchange,
    context: Context,
    finding: Finding,
    ruled_at_ms: int,
    why: tuple[str, ...],
) -> None:
    first = Ruling(exchange.target, exchange.at_ms or 0, finding, Origin.LIVE, "edition", ruled_at_ms, why)

    def act(book: Book) -> object:
        book.record(exchange, context, first, keep_exchange=True)
        (kept,) = book.witnessed(EVER)
        (mark,) = book.marks(exchange.target, EVER)
        return kept.exchange, kept.context, kept.first, mark.context, book.first_ruling(first.target, first.at_ms)

    assert write(act) == (exchange, context, finding, context, first)


@given(
    finding=findings,
    origin=st.sampled_from([Origin.FOLLOW_UP, Origin.RECLASSIFICATION]),
    at_ms=instants,
    why=evidence,
)
def test_a_later_ruling_comes_back_whole(
    write: Callable[..., object], finding: Finding, origin: Origin, at_ms: int, why: tuple[str, ...]
) -> None:
    later = Ruling("graph", NOON, finding, origin, "edition", at_ms, why)

    def act(book: Book) -> object:
        book.record(seen(), CONTEXT, ruled(THEIRS))
        book.append_rulings([later])
        return [one.ruling for one in book.rulings(EVER)], book.marks("graph", EVER)[0].finding

    assert write(act) == ([later], finding)


figures = st.builds(Figures, *(st.integers(0, 90_000_000) for _ in Figures.__struct_fields__))
secondaries = st.builds(Secondary, *(st.integers(0, 90_000_000) for _ in Secondary.__struct_fields__))
segments = st.builds(
    Segment,
    instants,
    instants,
    st.sampled_from(Column),
    st.sampled_from(Verdict),
    st.sampled_from(Cause),
    st.booleans(),
    texts,
    st.integers(-1, NOON),
    st.integers(0, 10_000),
)


@given(
    sums=st.lists(st.tuples(figures, st.none() | secondaries), min_size=1, max_size=3),
    day=st.dates(date(1970, 1, 1), date(2100, 1, 1)),
    stretches=st.lists(segments, max_size=5, unique_by=lambda one: one.start_ms),
    words=st.tuples(texts, texts, texts),
    at_ms=instants,
)
def test_a_publication_comes_back_whole_from_the_trail_and_from_the_cache(
    write: Callable[..., object],
    sums: list[tuple[Figures, Secondary | None]],
    day: date,
    stretches: list[Segment],
    words: tuple[str, str, str],
    at_ms: int,
) -> None:
    target, reason, author = words
    told = [
        Publication(target, day, "Asia/Kathmandu", at_ms, "closed", kept_figures(one, beside), reason, author)
        for one, beside in sums
    ]

    def act(book: Book) -> object:
        written = book.publish([(one, stretches) for one in told])
        kept = sorted(stretches)
        assert [book.segments(one.n) for one in written] == [kept] * len(told)
        assert book.publications() == written
        return book.trails(day, day)[target, day]

    first, latest = write(act)  # type: ignore[misc]
    assert [(one.figures, one.secondary) for one in (first, latest)] == [sums[0], sums[-1]]
    assert (first.revision, latest.revision) == (1, len(sums))
    assert (latest.target, latest.day, latest.reason, latest.author) == (target, day, reason, author)
    assert (latest.zone, latest.published_at_ms) == ("Asia/Kathmandu", at_ms)


@given(
    one=st.builds(
        Notice,
        key=texts,
        kind=texts,
        phase=texts,
        target=texts,
        severity=texts,
        title=texts,
        body=texts,
        created_at_ms=instants,
        html=maybe_texts,
        evidence=evidence,
        channels=st.lists(texts, max_size=3, unique=True).map(tuple),
        not_before_ms=st.none() | instants,
    ),
    content=st.dictionaries(texts, bodies, max_size=3),
)
def test_a_notice_and_a_declaration_come_back_whole(
    write: Callable[..., object], one: Notice, content: dict[str, object]
) -> None:
    declaration = Declaration("note", content, one.created_at_ms, one.title, one.body)

    def act(book: Book) -> object:
        assert book.enqueue([one]) == [one]
        number = book.declare(declaration)
        (told,) = book.declarations("note")
        assert told == msgspec.structs.replace(declaration, n=number)
        assert [(owed.notice, owed.last.channel) for owed in book.owed()] == [
            (one, channel) for channel in sorted(one.channels)
        ]
        return book.notices()

    assert write(act) == [one]


hostile = st.recursive(
    st.sampled_from(["\ud800", "a\udfff", 2**70, -(2**200), 10**4000, float("nan"), float("inf"), 1e308]) | leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "\ud83d"]), inner, max_size=2)
    ),
    max_leaves=6,
)


def nested(levels: int) -> object:
    body: object = "deep"
    for level in range(levels):
        body = [body] if level % 2 else {"in": body}
    return body


def survives(write: Callable[..., object], exchange: Exchange) -> bool:
    def act(book: Book) -> object:
        book.record(exchange, CONTEXT, ruled(THEIRS))
        (kept,) = book.witnessed(EVER)
        return kept.exchange.at_ms, kept.exchange.http_status, kept.exchange.probe, kept.exchange.reached

    return write(act) == (NOON, 200, ProbeKind.API, Phase.ANSWERED)


@given(body=hostile, detail=st.sampled_from(["\udc80", "fine", None]), total_ms=st.floats())
def test_an_answer_that_json_cannot_carry_does_not_cost_the_look(
    write: Callable[..., object], body: object, detail: str | None, total_ms: float
) -> None:
    assert survives(
        write, seen(body=body, detail=detail, headers={"x": "\ud800"}, durations_ms={"total": total_ms})
    )


@pytest.mark.parametrize("levels", [63, 64, 65, 500, 990, 1_010, 100_000])
def test_an_answer_however_deep_does_not_cost_the_look(write: Callable[..., object], levels: int) -> None:
    assert survives(write, seen(body=nested(levels)))


@pytest.mark.parametrize("levels", [10, 63, 64, 65, 900])
def test_a_deep_answer_can_be_read_from_a_deep_stack(levels: int) -> None:
    """A weekly pass that cannot read one old answer would never pass again."""
    blob = pack_exchange(seen(body=nested(levels)))

    def deeper(calls: int) -> Exchange:
        return deeper(calls - 1) if calls else unpack_exchange(blob)

    read = deeper(sys.getrecursionlimit() - 200).body
    assert levels > 64 or read == nested(levels)


@pytest.mark.parametrize("code", [2**63, -(2**63), 10**80, 2**64])
def test_a_code_that_no_column_holds_is_no_code(write: Callable[..., object], code: int) -> None:
    finding = msgspec.structs.replace(THEIRS, code=code, subcode=458)

    def act(book: Book) -> object:
        book.record(seen(), CONTEXT, ruled(finding))
        book.append_rulings([ruled(finding, origin=Origin.RECLASSIFICATION)])
        return book.marks("graph", EVER, standing=False)[0].finding, book.marks("graph", EVER)[0].finding

    tamed = msgspec.structs.replace(THEIRS, code=None, subcode=458)
    assert write(act) == (tamed, tamed)


def test_words_are_stored_once(write: Callable[..., object]) -> None:
    def act(book: Book) -> object:
        for minute in range(50):
            book.record(seen(NOON + minute), CONTEXT, ruled(GOOD, NOON + minute))
        count = "SELECT (SELECT count(*) FROM contexts), (SELECT count(*) FROM findings)"
        return book.db.execute(count).fetchone()

    assert write(act) == (1, 1)

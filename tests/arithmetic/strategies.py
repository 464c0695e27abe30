"""Observations for the tests: rows of looks by hand, nasty timelines by seed, and the same for hypothesis."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.timeline import Span

UP = Finding(Verdict.OK, Cause.NONE, Column.UP)
DOWN = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN)
MISSED = Finding(Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN, provisional=True)
ENDPOINT = Finding(Verdict.SYSTEM_ERROR, Cause.ENDPOINT, Column.DOWN)
EVERYWHERE = Finding(Verdict.SYSTEM_ERROR, Cause.EDGE, Column.DOWN, rule="everywhere_but_there")
NETWORK = Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK)
REFUSED = Finding(Verdict.USER_ERROR, Cause.VALIDATION, Column.USER)
EXPIRED = Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER)
THROTTLED = Finding(Verdict.USER_ERROR, Cause.THROTTLING, Column.USER)
UNSURE = Finding(Verdict.INCONCLUSIVE, Cause.LOCAL_NETWORK, Column.UNOBSERVED)
MAINTAINED = Finding(Verdict.INCONCLUSIVE, Cause.MAINTENANCE, Column.UNOBSERVED)

USER_FINDINGS = tuple(
    Finding(Verdict.USER_ERROR, cause, Column.USER)
    for cause in (
        Cause.AUTHENTICATION,
        Cause.PERMISSION,
        Cause.THROTTLING,
        Cause.REGISTRATION,
        Cause.INTEGRITY,
        Cause.VALIDATION,
        Cause.PAYMENT,
        Cause.RECIPIENT,
    )
)
INTERVALS = (10_000, 20_000, 30_000, 60_000, 60_000, 60_000, 61_003, 100_000, 300_000)
TEN_MINUTES = 600_000
OFFSETS = (-1, 0, 1)


def mark(at_ms: int, finding: Finding = UP, interval_ms: int = 60_000, *, slow: bool = False) -> Mark:
    """One observation of an `edge` target."""
    return Mark(at_ms, Context("edge", interval_ms, slow=slow), finding)


def row(first_ms: int, last_ms: int, step_ms: int, finding: Finding = UP) -> list[Mark]:
    """Looks from first to last, both included, at their own interval."""
    return [mark(at, finding, step_ms) for at in range(first_ms, last_ms + 1, step_ms)]


def instead(marks: Iterable[Mark], finding: Finding, instants: Iterable[int]) -> list[Mark]:
    """The same looks, with another finding at some instants; instants that nobody looked at are added."""
    wanted = set(instants)
    kept = [one for one in marks if one.at_ms not in wanted]
    return sorted([*kept, *(mark(at, finding) for at in wanted)], key=lambda one: one.at_ms)


@dataclass(frozen=True)
class Scene:
    """All that the arithmetic is given."""

    marks: tuple[Mark, ...]
    now_ms: int
    confirm: int
    posted: tuple[Span, ...]
    within: Span
    maintenance: tuple[Span, ...]
    unobserved: tuple[Span, ...]


def reach(interval_ms: int) -> int:
    """H, in whole milliseconds."""
    return max(interval_ms, 60_000) * 3 // 4


def _nasty_gap(rng: Random, before_ms: int, interval_ms: int) -> int:
    """A distance to the next look, most often one at which some rule turns."""
    both = reach(before_ms) + reach(interval_ms)
    edge = rng.choice(
        (
            both,
            both + 3 * before_ms,
            both + 3 * interval_ms,
            2 * reach(before_ms),
            2 * reach(interval_ms),
            150_000,
            TEN_MINUTES,
            rng.randrange(1, 400_000),
            rng.randrange(1, 3_000),
        )
    )
    return max(0, edge + rng.choice(OFFSETS))


def _gap(rng: Random, at_ms: int, failed: Sequence[int], before_ms: int, interval_ms: int) -> int:
    kind = rng.random()
    if kind < 0.45:
        return rng.choice((10_000, 20_000, 60_000, 60_000, interval_ms, interval_ms))
    if kind < 0.55 and failed:
        # Exactly ten minutes after an earlier failure, or a millisecond off.
        return max(1, rng.choice(failed) + TEN_MINUTES + rng.choice(OFFSETS) - at_ms)
    if kind < 0.60:
        return 0
    return _nasty_gap(rng, before_ms, interval_ms)


def _finding(rng: Random, mood: str) -> Finding:
    """A finding, most often of the timeline's mood, so that rows of one kind come about."""
    if mood == "maintained" and rng.random() < 0.85:
        return MAINTAINED
    if mood == "down" and rng.random() < 0.8:
        return rng.choice((DOWN, DOWN, DOWN, MISSED, EVERYWHERE, ENDPOINT))
    if mood == "network" and rng.random() < 0.6:
        return rng.choice((NETWORK, DOWN))
    if mood == "good" and rng.random() < 0.8:
        return UP
    return rng.choice((UP, UP, DOWN, NETWORK, UNSURE, MAINTAINED, EVERYWHERE, ENDPOINT, rng.choice(USER_FINDINGS)))


def _marks(rng: Random) -> list[Mark]:
    size = rng.choice((0, 1, 2, 3, 5, 8, 13, 13, 20, 20, 30)) if rng.random() < 0.95 else 60
    interval = rng.choice(INTERVALS)
    at, before, mood = 1_000_000_000, interval, "good"
    steady = rng.choice((0, 0, 10_000, 20_000, 60_000, 149_999, 150_000, 150_001))
    marks: list[Mark] = []
    failed: list[int] = []
    for _ in range(size):
        if rng.random() < 0.25:
            mood = rng.choice(("good", "good", "down", "down", "network", "any", "maintained"))
        if rng.random() < 0.08:
            interval = rng.choice(INTERVALS)
        if steady and rng.random() < 0.85:
            at += steady
        else:
            at += _gap(rng, at, failed, before, interval)
        finding = _finding(rng, mood)
        marks.append(mark(at, finding, interval, slow=rng.random() < 0.2))
        failed += [at] if finding.column in (Column.DOWN, Column.NETWORK) else []
        before = interval
    return marks


def _chain(rng: Random) -> list[Mark]:
    """One long fault that Meta's ten minutes just hold, just miss, or far exceed."""
    interval = rng.choice((30_000, 60_000, 60_000, 100_000, 300_000))
    step = rng.choice((20_000, 59_999, 60_000, 75_000, 100_000, 140_000, 149_999, 150_000, 150_001))
    at = 1_000_000_000
    marks = [mark(at, UP, interval)]
    before = rng.choice((60_000, 60_000, 149_999, 150_000, 150_001, 200_000, 20_000))
    at += before
    owned = min(before - before // 2, reach(interval), 75_000)
    members = max(1, (TEN_MINUTES - owned) // step + rng.choice((0, 0, 0, 0, 1)))
    for k in range(members):
        at += step if k else 0
        finding = rng.choice((DOWN, DOWN, MISSED, EVERYWHERE, ENDPOINT))
        odd = rng.choice((NETWORK, UNSURE, UP, DOWN, EXPIRED))
        marks.append(mark(at, odd if rng.random() < 0.02 else finding, interval))
    missing = TEN_MINUTES - owned - (members - 1) * step + rng.choice(OFFSETS)
    at += 2 * missing + rng.choice((0, 1)) if missing > 0 else 60_000
    marks.append(mark(at, rng.choice((UP, UP, UP, EXPIRED, UNSURE, NETWORK)), interval))
    return [*marks, mark(at + 60_000, UP, interval)]


def _edges(marks: Sequence[Mark], now_ms: int) -> list[int]:
    edges = [now_ms, 1_000_000_000]
    for one in marks:
        cap = reach(one.interval_ms)
        edges += [one.at_ms, one.at_ms - cap, one.at_ms + cap, one.at_ms + 30_000, one.at_ms - 5_000]
    return edges


def _spans(rng: Random, edges: Sequence[int], often: float) -> tuple[Span, ...]:
    """Spans in any order that may touch, overlap, or be empty."""
    if rng.random() > often:
        return ()
    spans = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        start = rng.choice(edges) + rng.choice(OFFSETS)
        end = rng.choice(edges) + rng.choice(OFFSETS)
        if rng.random() < 0.6:
            end = start + rng.choice((0, 1, 10_000, 45_000, 90_001, 600_000))
        spans.append(Span(min(start, end), max(start, end)))
    return tuple(spans)


def scene(rng: Random) -> Scene:
    """A short timeline with nasty spacing, its overlays and a window cut anywhere."""
    marks = _chain(rng) if rng.random() < 0.25 else _marks(rng)
    last = marks[-1].at_ms if marks else 1_000_000_000
    cap = reach(marks[-1].interval_ms) if marks else 0
    now = last + max(0, rng.choice((0, 1, 10_000, cap - 1, cap, cap + 1, 1_000_000)))
    edges = _edges(marks, now)
    within = Span(min(edges) - 10_000, now)
    if rng.random() < 0.5:
        cuts = sorted(rng.choice(edges) + rng.choice(OFFSETS) for _ in range(2))
        within = Span(cuts[0], min(cuts[1], now))
    if rng.random() < 0.5:
        rng.shuffle(marks)
    return Scene(
        tuple(marks),
        now,
        rng.choice((2, 2, 2, 2, 1, 3)),
        _spans(rng, edges, 0.25),
        within,
        _spans(rng, edges, 0.35),
        _spans(rng, edges, 0.35),
    )


def scenes() -> st.SearchStrategy[Scene]:
    """The same for hypothesis."""
    return st.integers(0, 2**48).map(lambda seed: scene(Random(seed)))

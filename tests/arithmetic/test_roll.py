"""A roll, whatever happens to it, says what all its looks together say."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from wamon.core.finding import Column, Mark
from wamon.core.review import day_tallies
from wamon.core.roll import Roll
from wamon.core.segments import account
from wamon.core.timeline import Span
from wamon.core.uptime import figures

from .strategies import DOWN, MAINTAINED, NETWORK, REFUSED, UNSURE, UP, mark

MINUTE = 60_000
START = 1_000_000_000
EVER = Span(0, 10**13)
FINDINGS = st.sampled_from((UP, UP, UP, UP, REFUSED, DOWN, DOWN, NETWORK, UNSURE, MAINTAINED))
GAPS = st.sampled_from(
    (
        1,
        2,
        999,
        10_000,
        20_000,
        45_000,
        MINUTE,
        MINUTE,
        MINUTE,
        90_001,
        150_000,
        270_000,
        599_999,
        600_000,
        600_001,
        2_000_000,
    )
)


class AgainstAllLooks(RuleBasedStateMachine):
    """The model is every look that was accepted, counted from the beginning each time."""

    @initialize(
        hold_ms=st.sampled_from((0, MINUTE, 15 * MINUTE)),
        confirm=st.integers(1, 3),
        posted=st.booleans(),
    )
    def begin(self, hold_ms: int, confirm: int, posted: bool) -> None:
        spans = (Span(START + 20 * MINUTE, START + 40 * MINUTE),) if posted else ()
        self.roll = Roll(hold_ms=hold_ms, confirm=confirm, posted=spans, settle_every=2)
        self.looks: dict[int, Mark] = {}
        self.newest = START
        self.forgot = 0

    @rule(
        gaps=st.lists(st.tuples(GAPS, FINDINGS), min_size=1, max_size=8),
        interval=st.sampled_from((MINUTE, 20_000, 300_000)),
    )
    def looks_come(self, gaps: list, interval: int) -> None:
        for gap, finding in gaps:
            self.newest += gap
            self.looks[self.newest] = mark(self.newest, finding, interval, slow=gap == 45_000)
            assert self.roll.add(self.looks[self.newest])

    @rule(count=st.integers(10, 40))
    def all_is_well_for_a_while(self, count: int) -> None:
        self.looks_come([(45_000 if count % 3 else MINUTE, UP)] * count, MINUTE)

    @rule(back=st.integers(0, 30 * MINUTE), finding=FINDINGS)
    def a_look_comes_late(self, back: int, finding) -> None:
        """It is refused where time is settled already, and where there is one of its instant."""
        late = mark(self.newest - back, finding)
        known = late.at_ms in self.looks
        if self.roll.add(late):
            assert not known
            self.looks[late.at_ms] = late
            self.newest = max(self.newest, late.at_ms)

    @rule(share=st.floats(0, 1), finding=FINDINGS, seed=st.integers(0, 1_000))
    def evidence_turns_recent_looks(self, share: float, finding, seed: int) -> None:
        recent = [at for at in self.looks if at >= self.newest - self.roll.hold_ms]
        turned = {at: finding for at in recent if Random(seed + at).random() < share}
        self.roll.judge_again(turned)
        for at in turned:
            before = self.looks[at].context
            self.looks[at] = mark(at, finding, before.interval_ms, slow=before.slow)

    @rule(back=st.integers(0, 60 * MINUTE))
    def what_is_old_is_forgotten(self, back: int) -> None:
        self.forgot = max(self.forgot, self.newest - back)
        self.roll.forget_before(self.forgot)

    @invariant()
    def it_says_what_all_looks_say(self) -> None:
        marks = [self.looks[at] for at in sorted(self.looks)]
        now = self.newest + 5_000
        whole = account(marks, now, confirm=self.roll.confirm, posted=self.roll.posted)
        kept = self.roll.timeline(now)
        if not self.forgot:
            assert kept == whole
            assert list(self.roll.tallies().within(EVER)) == list(day_tallies(marks, EVER).within(EVER))
        down = [one for one in kept.segments if one.column is Column.DOWN]
        assert not (self.roll.untroubled and down)
        if not marks or all(one.finding is UP for one in marks):
            assert self.roll.untroubled
        window = Span(max(self.forgot, START - MINUTE), now)
        assert figures(kept, window) == figures(whole, window)


TestARollAgainstAllLooks = AgainstAllLooks.TestCase
TestARollAgainstAllLooks.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, derandomize=True
)


def test_a_look_as_old_as_the_follow_up_reaches_is_not_settled_yet() -> None:
    """A throttled look is an answer, so time could be cut at it, and evidence may still turn it."""
    roll = Roll(hold_ms=15 * MINUTE, settle_every=1)
    looks = [mark(START + minute * MINUTE, REFUSED if minute == 15 else UP) for minute in range(31)]
    for one in looks:
        roll.add(one)
    roll.judge_again({looks[15].at_ms: DOWN, looks[16].at_ms: DOWN})
    looks[15:17] = [mark(one.at_ms, DOWN) for one in looks[15:17]]
    assert roll.timeline(looks[-1].at_ms) == account(looks, looks[-1].at_ms)


def test_a_look_at_a_cut_that_owns_nothing_behind_it_is_counted_once() -> None:
    """Its neighbour came a millisecond later, so what lies between belongs to that one."""
    roll = Roll(hold_ms=0, settle_every=1)
    looks = [mark(START + minute * MINUTE) for minute in range(20)]
    looks += [mark(looks[-1].at_ms + 1), mark(looks[-1].at_ms + MINUTE)]
    for one in looks:
        roll.add(one)
    assert roll.timeline(looks[-1].at_ms) == account(looks, looks[-1].at_ms)

"""No storm: trouble of many is told once, at the smallest thing they have in common, and nobody is forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.announcing import announce
from wamon.core.finding import Cause, Verdict
from wamon.core.grouping import EVERYONE, Kin
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.notice import Notice, Told
from wamon.core.observation import ProbeKind
from wamon.core.timeline import MINUTE, parse_iso
from wamon.core.watched import Watched

START = parse_iso("2026-11-03T10:14:00Z")
LASTING = Lasting()


def number(
    name: str, account: str, *, app: str = "", token: str = "", probe: ProbeKind = ProbeKind.API
) -> Watched:
    """A target of a number of its own; without a token it has one that nobody shares."""
    return Watched(name, ProbeKind.API, MINUTE, account, token or f"env:{account}", number=f"id-{name}", app=app)


def clients(count: int, **more: str) -> list[Watched]:
    return [number(f"n{n}", f"client-{n}", **more) for n in range(count)]


ACME = [number(f"a{n}", "acme") for n in range(15)]
BETA = [number(f"b{n}", "beta") for n in range(4)]
ONE_NUMBER = [
    Watched("edge", ProbeKind.EDGE, MINUTE, quota="edge"),
    *(
        Watched(name, probe, MINUTE, quota="env:T", number="1")
        for name, probe in (
            ("api", ProbeKind.API),
            ("send", ProbeKind.MESSAGE),
            ("send.roundtrip", ProbeKind.ROUNDTRIP),
        )
    ),
    Watched("webhook", ProbeKind.WEBHOOK, MINUTE, quota="webhook"),
]

Failing = tuple[str, float, float | None, Kind, Cause]
"""A target, from a minute to another or still, how, and why."""


def down(
    names: str, opened: float = 0, closed: float | None = None, cause: Cause = Cause.SERVICE
) -> list[Failing]:
    return [(name, opened, closed, Kind.OUTAGE, cause) for name in names.split()]


def refused(names: str, opened: float = 0, cause: Cause = Cause.AUTHENTICATION) -> list[Failing]:
    return [(name, opened, None, Kind.USER_ERROR, cause) for name in names.split()]


def incident(one: Failing) -> Incident:
    name, opened, closed, kind, cause = one
    closed_ms = None if closed is None else START + round(closed * MINUTE)
    verdict = Verdict.USER_ERROR if kind is Kind.USER_ERROR else Verdict.SYSTEM_ERROR
    return Incident(name, kind, START + round(opened * MINUTE), closed_ms, verdict, cause)


class Play:
    """What is said as time goes by: `at` gives the notices of a minute."""

    def __init__(self, watched: list[Watched]) -> None:
        self.probes = {one.name: one.probe for one in watched}
        self.kin = Kin(watched)
        self.told: tuple[Told, ...] = ()

    def notices(self, minute: float, failing: list[Failing]) -> tuple[Notice, ...]:
        found = [(incident(one), self.probes[one[0]]) for one in failing if one[1] <= minute]
        desk = announce(found, self.told, START + round(minute * MINUTE), lasting=LASTING, kin=self.kin)
        self.told = desk.told
        return desk.notices

    def at(self, minute: float, failing: list[Failing]) -> list[str]:
        return [f"{one.target} {one.phase.value}" for one in self.notices(minute, failing)]


SCENES = {
    "one number is itself": (ACME, down("a0"), ["a0"]),
    "two numbers are two": (ACME, down("a0 a1"), ["a0", "a1"]),
    "three of fifteen are the account": (ACME, down("a0 a1 a2"), ["account acme"]),
    "three of sixteen are not a fifth": ([*ACME, number("a15", "acme")], down("a0 a1 a2"), ["a0", "a1", "a2"]),
    "within five minutes": (ACME, down("a0") + down("a1", 2) + down("a2", 5), ["account acme"]),
    "and not later": (ACME, down("a0") + down("a1", 2) + down("a2", 5.1), ["a0", "a1", "a2"]),
    "who comes later joins": (
        ACME,
        down("a0 a1 a2") + down("a3", 7) + down("a4", 30),
        ["account acme"],
    ),
    "who was in trouble long before does not": (
        ACME,
        down("a9", -15) + down("a0 a1 a2"),
        ["a9", "account acme"],
    ),
    "one breakdown has several faces": (
        ACME,
        down("a0") + down("a1", cause=Cause.TIMEOUT) + down("a2", cause=Cause.EDGE),
        ["account acme"],
    ),
    "another owner is another matter": (ACME, down("a0 a1") + refused("a2"), ["a0", "a1", "a2"]),
    "another cause of ours is too": (
        ACME,
        refused("a0 a1") + refused("a2", cause=Cause.PAYMENT),
        ["a0", "a1", "a2"],
    ),
    "two accounts on one token are the app": (clients(5, token="env:ONE"), refused("n0 n3"), ["app client-0"]),
    "two accounts of one app are the app": (clients(5, app="77"), down("n0 n3"), ["app 77"]),
    "two unrelated apps are everyone": (clients(2), down("n0 n1"), [EVERYONE]),
    "everyone takes accounts along": (
        [*ACME, *BETA],
        down("a0 a1 a2 a3 b0 b1 b2"),
        [EVERYONE],
    ),
    "the edge speaks for what is behind it": (ONE_NUMBER, down("edge api send"), ["edge"]),
    "and not for our own mistakes": (ONE_NUMBER, down("edge") + refused("api"), ["api", "edge"]),
    "nor for our endpoint": (
        ONE_NUMBER,
        [*down("edge"), ("webhook", 0, None, Kind.ENDPOINT, Cause.ENDPOINT)],
        ["edge", "webhook"],
    ),
    "of one number the gravest speaks": (ONE_NUMBER, down("api send send.roundtrip"), ["send"]),
}


@pytest.mark.parametrize(("watched", "failing", "expected"), SCENES.values(), ids=SCENES.keys())
def test_trouble_is_told_at_the_smallest_thing_they_have_in_common(
    watched: list[Watched], failing: list[Failing], expected: list[str]
) -> None:
    play = Play(watched)
    said = play.notices(40, failing)
    assert sorted(one.target for one in said) == sorted(expected)
    assert play.at(41, failing) == []


def test_a_wider_view_takes_over_without_a_word_and_ends_once() -> None:
    play = Play(ACME)
    first, wide = down("a0"), down("a0") + down("a1 a2", 3)
    assert play.at(2, first) == ["a0 opened"]
    assert play.at(5, wide) == ["account acme opened"]
    assert play.at(6, wide + down("a3", 5.5)) == []
    over = down("a0 a1 a2", 0, 9) + down("a3", 5.5, 10)
    assert play.at(9.5, down("a0 a1 a2", 0, 9) + down("a3", 5.5)) == []
    assert play.at(12, over) == ["account acme resolved"]
    assert play.at(60, over) == []


def test_who_still_fails_when_the_others_are_well_is_not_forgotten() -> None:
    play = Play(ONE_NUMBER)
    assert play.at(2, down("edge api")) == ["edge opened"]
    assert sorted(play.at(12, down("edge", 0, 9) + down("api"))) == ["api opened", "edge resolved"]


def test_trouble_that_becomes_graver_is_told_again() -> None:
    play = Play(ONE_NUMBER)
    assert [one.title.partition("]")[0] for one in play.notices(2, down("edge"))] == ["[URGENT"]
    graver = play.notices(4, down("edge") + down("send", 3))
    assert [(one.phase.value, one.title.partition("]")[0]) for one in graver] == [("changed", "[CRITICAL")]
    assert play.notices(5, down("edge") + down("send", 3)) == ()


def test_the_first_line_says_how_wide_it_is() -> None:
    (said,) = Play(ACME).notices(6, down("a0 a1 a2 a3"))
    assert said.title == (
        "[URGENT] Meta · account management fails · account acme, 4/15 numbers · since 10:14 UTC (6 min)"
        " · Meta's page: unknown · do: hold queues, no re-sends"
    )
    (said,) = Play(clients(8)).notices(6, down("n0 n1 n2 n3 n4 n5 n6"))
    assert "· 7/8 accounts ·" in said.title


def test_while_our_own_line_is_down_nothing_is_opened() -> None:
    watched = [*ACME, Watched("x", ProbeKind.API, MINUTE)]
    play = Play(watched)
    offline = (
        Incident("x", Kind.UNOBSERVED, START, None, Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK),
        ProbeKind.API,
    )
    found = [offline, *((incident(one), ProbeKind.API) for one in down("a0 a1 a2"))]
    desk = announce(found, (), START + 5 * MINUTE, lasting=LASTING, kin=play.kin)
    assert desk.notices == ()
    later = announce(found[1:], desk.told, START + 6 * MINUTE, lasting=LASTING, kin=play.kin)
    assert [one.target for one in later.notices] == ["account acme"]


MANY = [number(f"m{n}", f"account-{n % 7}", token=f"env:{n % 3}") for n in range(42)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([one.name for one in MANY]),
            st.integers(0, 20),
            st.integers(1, 30),
            st.sampled_from([Cause.SERVICE, Cause.TIMEOUT]),
        ),
        max_size=60,
        unique_by=lambda one: one[0],
    )
)
def test_whatever_the_order_everybody_is_told_of_and_nobody_twice(
    scene: list[tuple[str, int, int, Cause]],
) -> None:
    play = Play(MANY)
    opened: dict[str, int] = {}
    for minute in range(60):
        failing = [
            (name, start, start + length if minute >= start + length else None, Kind.OUTAGE, cause)
            for name, start, length, cause in scene
        ]
        for one in play.notices(minute, failing):
            if one.phase.value == "opened":
                opened[one.key] = opened.get(one.key, 0) + 1
        spoken = {one.target for one in play.told if one.closed_ms is None}
        covered = spoken | {name for one in spoken for name in play.kin.under(one)}
        long = {name for name, start, length, _ in scene if start + 2 <= minute < start + length}
        assert long <= covered, "whoever has failed for two minutes has been told of, alone or with others"
    assert all(count == 1 for count in opened.values())
    assert all(one.closed_ms is not None for one in play.told), "what was opened is ended"


def test_accounts_hang_together_by_token_or_app_over_any_number_of_steps() -> None:
    kin = Kin(
        [
            number("a", "one", token="env:A"),
            number("b", "two", token="env:B", app="9"),
            number("c", "three", token="env:C"),
            number("d", "one", token="env:D", app="9"),
            number("e", "four", token="env:C"),
        ]
    )
    assert {kin.app(name) for name in "abd"} == {"app 9"}
    assert {kin.app(name) for name in "ce"} == {"app three"}
    assert kin.under("app three") == {"c", "e", "account three", "account four"}
    assert kin.under("c") == frozenset()


def test_two_hundred_accounts_that_lose_meta_at_once_are_one_notice() -> None:
    watched = [number(f"t{n}", f"account-{n // 5}", token=f"env:{n // 50}") for n in range(1_000)]
    failing = [(f"t{n}", n / 1_000, None, Kind.OUTAGE, Cause.SERVICE) for n in range(1_000)]
    (said,) = Play(watched).notices(10, failing)
    assert said.target == EVERYONE
    assert "200/200 accounts" in said.title

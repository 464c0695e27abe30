"""The watch as it stands: follow-ups when a control speaks, late looks, and what is told as time goes by."""

from collections.abc import Iterable
from typing import Any

import pytest

from wamon.core.finding import Column, Origin, Ruling, Verdict
from wamon.core.incident import Lasting
from wamon.core.knowledge import Controls, Knowledge, knowledge
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.posted import Outage
from wamon.core.reading import read_exchange
from wamon.core.timeline import MINUTE, SECOND, iso, parse_iso
from wamon.core.vigil import Vigil
from wamon.core.watched import Watched

START = parse_iso("2026-11-03T10:00:00Z")
GOOD = {"reached": "answered", "http_status": 200, "body": {"id": "1"}}
GONE = {"reached": "none", "failure": "connect_timeout"}
HUNG = {"reached": "sent", "failure": "read_timeout"}
CUT = {"reached": "sent", "failure": "connection_reset", "http_status": 502}
SYSTEM = {"http_status": 500, "body": {"error": {"code": 131016}}}


def watching() -> Vigil:
    vigil = Vigil(Knowledge(knowledge().catalogue, Controls()), Lasting())
    for name, probe in (("api", ProbeKind.API), ("webhook", ProbeKind.WEBHOOK), ("control", ProbeKind.CONTROL)):
        vigil.watch(Watched(name, probe, MINUTE))
    return vigil


def look(second: float, said: dict[str, Any], target: str = "api") -> Exchange:
    at = iso(START + round(second * SECOND))
    return read_exchange({"target": target, "probe": target, "at": at, **said})


def columns(vigil: Vigil, target: str = "api") -> list[Column]:
    return [mark.finding.column for mark in vigil.rolls[target].marks]


def said(rulings: Iterable[Ruling]) -> list[tuple[str, int, str, str]]:
    return [
        (one.target, (one.at_ms - START) // SECOND, one.finding.cause.value, one.origin.value) for one in rulings
    ]


@pytest.mark.parametrize("failed", [GONE, HUNG, CUT])
def test_a_control_that_failed_too_turns_what_was_doubtful_into_our_own_line(failed: dict[str, Any]) -> None:
    vigil = watching()
    vigil.observe(look(0, failed))
    observed = vigil.observe(look(3, GONE, "control"))
    assert said(observed.follow_ups) == [("api", 0, "local_network", "follow_up")]
    assert columns(vigil) == [Column.UNOBSERVED]


def test_a_control_that_answered_makes_the_path_firm() -> None:
    vigil = watching()
    assert vigil.observe(look(0, GONE)).finding.provisional
    (firm,) = vigil.observe(look(3, GOOD, "control")).follow_ups
    assert (firm.finding.provisional, firm.finding.column) == (False, Column.NETWORK)
    assert vigil.observe(look(4, GOOD, "control")).follow_ups == ()


def test_one_control_that_answers_after_all_takes_the_follow_up_back() -> None:
    vigil = watching()
    vigil.observe(look(0, GONE))
    vigil.observe(look(3, GONE, "control"))
    assert columns(vigil) == [Column.UNOBSERVED]
    vigil.observe(look(8, GOOD, "control"))
    assert columns(vigil) == [Column.NETWORK]


def test_a_control_speaks_only_for_its_own_moment() -> None:
    vigil = watching()
    vigil.observe(look(0, GONE))
    assert vigil.observe(look(16, GONE, "control")).follow_ups == ()


def test_the_endpoint_is_followed_up_too() -> None:
    vigil = watching()
    vigil.observe(look(0, GONE, "webhook"))
    assert columns(vigil, "webhook") == [Column.DOWN]
    vigil.observe(look(1, GONE, "control"))
    assert columns(vigil, "webhook") == [Column.UNOBSERVED]


def test_what_graph_itself_said_is_not_turned_by_a_control() -> None:
    vigil = watching()
    vigil.observe(look(0, SYSTEM))
    assert vigil.observe(look(1, GONE, "control")).follow_ups == ()
    assert columns(vigil) == [Column.DOWN]


def test_a_control_of_which_nothing_is_known_is_no_evidence() -> None:
    vigil = watching()
    vigil.observe(look(0, GONE))
    assert vigil.observe(look(1, {}, "control")).follow_ups == ()
    assert vigil.known.controls.looks == {}


def test_the_first_ruling_is_live_and_of_this_edition() -> None:
    vigil, seen = watching(), look(0, SYSTEM)
    ruling = vigil.ruling(seen, vigil.observe(seen))
    assert (ruling.origin, ruling.edition) == (Origin.LIVE, knowledge().catalogue.edition)
    assert ruling.finding.verdict is Verdict.SYSTEM_ERROR


def test_of_two_looks_at_one_instant_the_first_stands() -> None:
    vigil = watching()
    assert vigil.observe(look(0, GOOD)).fresh
    assert not vigil.observe(look(0, SYSTEM)).fresh
    assert columns(vigil) == [Column.UP]


def test_a_late_look_finds_its_place() -> None:
    vigil = watching()
    for second, words in ((0, GOOD), (120, GOOD), (60, SYSTEM)):
        assert vigil.observe(look(second, words)).fresh
    assert columns(vigil) == [Column.UP, Column.DOWN, Column.UP]


def lived(vigil: Vigil, looks: list[Exchange], until_s: int) -> list[str]:
    """Let time go by in quarter minutes, with looks at their instants; the phases of all that is told."""
    phases, waiting = [], sorted(looks, key=lambda one: one.at_ms or 0)
    for second in range(0, until_s, 15):
        now_ms = START + second * SECOND
        while waiting and (waiting[0].at_ms or 0) <= now_ms:
            vigil.observe(waiting.pop(0))
        if vigil.announcing(now_ms):
            phases += [f"{second} {one.kind.value} {one.phase.value}" for one in vigil.announce(now_ms)]
    return phases


def minutes(words: dict[int, dict[str, Any]], last: int, target: str = "api") -> list[Exchange]:
    return [look(60 * minute, words.get(minute, GOOD), target) for minute in range(last)]


def test_an_outage_is_told_when_due_and_resolved_when_over() -> None:
    looks = minutes(dict.fromkeys(range(5, 10), SYSTEM), 20)
    assert lived(watching(), looks, 1200) == ["390 outage opened", "690 outage resolved"]


CODE_2 = {"http_status": 500, "body": {"error": {"code": 2}}}
PLANNED = {"http_status": 500, "body": {"error": {"code": 131057}}}


@pytest.mark.parametrize(("lasting", "told"), [(5, []), (8, ["630 outage opened", "870 outage resolved"])])
def test_code_2_is_told_as_soon_as_an_update_would_be_over(lasting: int, told: list[str]) -> None:
    looks = minutes(dict.fromkeys(range(5, 5 + lasting), CODE_2), 40)
    assert lived(watching(), looks, 2400) == told


def test_maintenance_that_becomes_downtime_by_lasting_is_told_when_due() -> None:
    looks = minutes(dict.fromkeys(range(5, 35), PLANNED), 35)
    assert "1050 outage opened" in lived(watching(), looks, 2100)


def test_calm_needs_no_announcing_at_all() -> None:
    vigil = watching()
    for one in minutes({}, 10):
        vigil.observe(one)
    assert vigil.due_ms is None


def test_path_trouble_is_told_once_a_control_has_spoken() -> None:
    gone = dict.fromkeys(range(5, 15), GONE)
    assert lived(watching(), minutes(gone, 30), 1800) == []
    both = [*minutes(gone, 30), *minutes({}, 30, "control")]
    assert [one.split(" ", 1)[1] for one in lived(watching(), both, 1800)] == [
        "disruption opened",
        "disruption resolved",
    ]


def test_looks_put_back_after_a_start_go_on_where_they_were() -> None:
    vigil = watching()
    for one in minutes(dict.fromkeys(range(5, 10), SYSTEM), 8):
        vigil.observe(one)
    again = Vigil(vigil.known, Lasting(), vigil.told)
    again.watch(Watched("api", ProbeKind.API, MINUTE))
    again.restore("api", vigil.rolls["api"].marks)
    assert again.incidents("api", START + 8 * MINUTE) == vigil.incidents("api", START + 8 * MINUTE)
    assert again.announcing(START + 8 * MINUTE)


def test_a_target_told_before_a_restart_is_not_told_again() -> None:
    vigil = watching()
    words = dict.fromkeys(range(5, 30), SYSTEM)
    assert lived(vigil, minutes(words, 10), 600) == ["390 outage opened"]
    again = Vigil(vigil.known, Lasting(), vigil.told)
    again.watch(Watched("api", ProbeKind.API, MINUTE))
    again.restore("api", vigil.rolls["api"].marks)
    assert again.announce(START + 10 * MINUTE) == ()


def down_ms(vigil: Vigil) -> int:
    now_ms = START + 400 * MINUTE
    segments = vigil.timeline("api", now_ms).segments
    return sum(one.span.length_ms for one in segments if one.column is Column.DOWN)


@pytest.mark.parametrize(("bad_minute", "settled"), [(100, True), (395, False)])
def test_an_outage_that_meta_posted_confirms_a_single_failure_also_where_the_time_was_settled(
    bad_minute: int, settled: bool
) -> None:
    vigil = watching()
    marks = [
        vigil.observe(look(minute * 60, SYSTEM if minute == bad_minute else GOOD)).mark for minute in range(400)
    ]
    assert down_ms(vigil) == 0, "a blip is forgiven"
    posted = Outage("whatsapp-business-api/account management", START + (bad_minute + 30) * MINUTE, None)
    elsewhere = Outage("whatsapp-business-api/Embedded Signup", START, None)
    assert vigil.posted([elsewhere]) == set()
    assert vigil.posted([posted]) == {"api"}
    assert down_ms(vigil) == (0 if settled else MINUTE)
    vigil.restore("api", marks)
    assert down_ms(vigil) == MINUTE
    assert vigil.posted([posted, elsewhere]) == set(), "nothing that concerns a target is new"
    assert vigil.posted([]) == {"api"}


def test_a_look_that_was_taken_in_while_earlier_ones_were_read_again_is_not_lost() -> None:
    vigil = watching()
    marks = [vigil.observe(look(minute * 60, GOOD)).mark for minute in range(5)]
    vigil.observe(look(300, SYSTEM))
    vigil.restore("api", marks)
    assert columns(vigil) == [Column.UP] * 5 + [Column.DOWN]
    vigil.restore("api", vigil.rolls["api"].marks)
    assert len(columns(vigil)) == 6, "none stands twice"

"""Notes about time in which nothing was seen: what is worth one, and who speaks of how long it lasted."""

from wamon.core.announcing import announce
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.observation import ProbeKind
from wamon.core.timeline import HOUR, MINUTE

NOON = 1_793_700_000_000
WHY = (Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK)


def blank(target: str, start_min: int, minutes: int, cause: Cause) -> Incident:
    opened_ms = NOON + start_min * MINUTE
    closed_ms = opened_ms + minutes * MINUTE
    return Incident(target, Kind.UNOBSERVED, opened_ms, closed_ms, Verdict.NETWORK_ERROR, cause)


def titles(*found: tuple[Incident, ProbeKind]) -> list[str]:
    return [one.title for one in announce(found, (), NOON + 3 * HOUR, lasting=Lasting()).notices]


def test_a_canary_that_was_never_sent_is_not_missed_on_its_way_back() -> None:
    refused = blank("send.roundtrip", 0, 33, Cause.NONE)
    assert titles((refused, ProbeKind.ROUNDTRIP)) == []
    (told,) = titles((blank("send", 0, 33, Cause.NONE), ProbeKind.MESSAGE))
    assert told.startswith("Nothing could be said for 33 min")
    (deaf,) = titles((blank("send.roundtrip", 0, 33, Cause.ENDPOINT), ProbeKind.ROUNDTRIP))
    assert deaf.startswith("Nothing could be said for 33 min")


def test_canaries_do_not_speak_of_what_others_missed_and_are_not_told_of_it_again() -> None:
    seldom = (blank("send", -8, 61, Cause.LOCAL_NETWORK), ProbeKind.MESSAGE)
    still = (Incident("send", Kind.UNOBSERVED, NOON, None, *WHY), ProbeKind.MESSAGE)
    often = [(blank(name, 0, 25, Cause.LOCAL_NETWORK), ProbeKind.API) for name in ("a", "b")]
    (alone,) = titles(seldom)
    assert alone.startswith("We were offline 1 h 1 min since")
    for canary in (seldom, still):
        desk = announce([canary, *often], (), NOON + 30 * MINUTE, lasting=Lasting())
        (told,) = desk.notices
        assert told.title.startswith("We were offline 25 min since")
        assert told.target == "a, b"
        assert announce([seldom], desk.told, NOON + 3 * HOUR, lasting=Lasting()).notices == ()

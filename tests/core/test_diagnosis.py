"""Each line of the doctor: what makes it green, amber and red, and that what is not well says what to do."""

import pytest

from wamon.core.account_facts import Stated, SubscriptionFact
from wamon.core.account_lines import Expected, Light, lines
from wamon.core.diagnosis import (
    Line,
    channel_line,
    clock_line,
    daemon_line,
    database_line,
    disk_line,
    handshake_line,
    listening_line,
    name_line,
    page_lines,
    permission_line,
    secrets_line,
    token_line,
    version_line,
    worst,
)
from wamon.core.shapes import NEEDED_SCOPES, TokenFacts
from wamon.core.timeline import DAY, SECOND, parse_iso

NOW = parse_iso("2026-11-03T10:00:00Z")
HOST = "graph.facebook.com"
URL = "https://watch.example"


def clock(now_ms: int = NOW, synchronised: bool | None = True, drift_ms: int | None = 300) -> Line:
    return clock_line(now_ms, synchronised=synchronised, drift_ms=drift_ms)


def names(ipv4: int, ipv6: int, second: bool | None = None) -> Line:
    return name_line(HOST, ipv4, ipv6, second=second, refusal="graph.facebook.com: Name or service not known")


def token(valid: bool = True, scopes: frozenset[str] | None = NEEDED_SCOPES, left_ms: int | None = None) -> Line:
    expires_at_s = 0 if left_ms is None else (NOW + left_ms) // SECOND
    return token_line("graph", TokenFacts(valid, scopes, expires_at_s), NOW)


SAID = [
    (clock(), Light.GREEN, "synchronised; agrees with the controls' clocks"),
    (clock(synchronised=None, drift_ms=None), Light.GREEN, "cannot be asked here; no control told the time"),
    (clock(synchronised=False), Light.AMBER, "is not synchronised, 0 s from the controls' clocks"),
    (clock(drift_ms=-2_001), Light.AMBER, "is off, 2 s from the controls' clocks"),
    (clock(drift_ms=2_000), Light.GREEN, "synchronised; agrees with the controls' clocks"),
    (clock(drift_ms=3 * 60 * SECOND), Light.RED, "is wrong, 3 min from the controls' clocks"),
    (clock(now_ms=7 * SECOND), Light.RED, "says 1970-01-01T00:00:07Z and was never set; no day is counted by it"),
    (names(2, 1), Light.GREEN, "2 IPv4, 1 IPv6"),
    (names(1, 0, second=True), Light.GREEN, "1 IPv4, 0 IPv6; the second resolver knows it"),
    (names(1, 1, second=False), Light.AMBER, "1 IPv4, 1 IPv6; the second resolver does not"),
    (
        names(0, 0, second=True),
        Light.RED,
        "has no address (graph.facebook.com: Name or service not known); the second resolver knows it",
    ),
    (disk_line("/var/lib/wamon", 5 << 30), Light.GREEN, "5,120 MiB free for /var/lib/wamon"),
    (disk_line("/var/lib/wamon", (1 << 30) - 1), Light.AMBER, "1,023 MiB free for /var/lib/wamon"),
    (disk_line("/var/lib/wamon", 99 << 20), Light.RED, "99 MiB free for /var/lib/wamon"),
    (permission_line((), ()), Light.GREEN, "the database's folder can be written; no secret lies open"),
    (permission_line((), ("/etc/t",)), Light.AMBER, "others on this machine may read /etc/t"),
    (permission_line(("/var/lib/wamon",), ("/etc/t",)), Light.RED, "cannot write /var/lib/wamon"),
    (database_line("w.db", ()), Light.GREEN, "w.db is whole"),
    (database_line("w.db", None), Light.AMBER, "there is none yet at w.db"),
    (database_line("w.db", ("page 3 is torn", "and 4")), Light.RED, "page 3 is torn and 1 more"),
    (daemon_line("1.0", "1.0", True), Light.GREEN, "1.0 runs and is well"),
    (daemon_line("1.0", "1.1", True), Light.AMBER, "1.0 runs, and this program is 1.1"),
    (daemon_line("1.0", "1.0", False), Light.RED, "1.0 runs and is not well"),
    (daemon_line(None, "1.0", None), Light.AMBER, "does not run"),
    (listening_line("[service] listen", "a:1", None, by_daemon=False), Light.GREEN, "a:1 is free"),
    (
        listening_line("l", "a:1", "in use", by_daemon=True),
        Light.GREEN,
        "a:1: the daemon listens there",
    ),
    (listening_line("[service] listen", "a:1", "in use", by_daemon=False), Light.RED, "a:1: in use"),
    (token(), Light.GREEN, "valid, both permissions, does not expire"),
    (token(scopes=None), Light.GREEN, "valid, permissions not told, does not expire"),
    (token(left_ms=20 * DAY), Light.GREEN, "valid, both permissions, expires in 480 h"),
    (token(left_ms=13 * DAY), Light.AMBER, "valid, both permissions, expires in 312 h"),
    (token(left_ms=-SECOND), Light.RED, "is no longer valid"),
    (token(valid=False), Light.RED, "is no longer valid"),
    (
        token(scopes=frozenset({"whatsapp_business_messaging"})),
        Light.RED,
        "lacks whatsapp_business_management",
    ),
    (token_line("graph", None, NOW), Light.RED, "could not be inspected"),
    (handshake_line(URL, ""), Light.GREEN, f"{URL} answers Meta's handshake"),
    (handshake_line(URL, "answered 403"), Light.RED, f"{URL}: answered 403"),
    (channel_line("ops", ""), Light.GREEN, "its URL is understood; try it with: wamon notify test ops"),
    (channel_line("ops", "no such service"), Light.RED, "no such service"),
    (secrets_line(()), Light.GREEN, "all can be had"),
    (secrets_line(("a: is not set", "b: is empty")), Light.RED, "a: is not set; b: is empty"),
    (version_line("1.0", ()), Light.GREEN, "wamon 1.0; Graph's version is current"),
    (version_line("1.0", ("v19.0 expired",)), Light.AMBER, "wamon 1.0; v19.0 expired"),
]


@pytest.mark.parametrize(("line", "light", "said"), SAID, ids=[f"{one.part}-{said[:9]}" for one, _, said in SAID])
def test_a_line_has_its_light_its_sentence_and_a_remedy_where_it_is_not_well(
    line: Line, light: Light, said: str
) -> None:
    assert (line.light, line.said) == (light, said)
    assert bool(line.remedy) is (light is not Light.GREEN)


def test_where_only_our_resolver_fails_it_is_named_and_else_the_line() -> None:
    assert names(0, 0, second=True).remedy.startswith("the resolver of this machine is at fault")
    assert names(0, 0).remedy == names(0, 0, second=False).remedy != names(0, 0, second=True).remedy


def test_the_worst_line_is_the_state_of_all() -> None:
    green, amber, red = (Line("p", light, "s") for light in Light)
    assert [worst(row) for row in ((), (green,), (green, amber), (red, amber))] == [
        Light.GREEN,
        Light.GREEN,
        Light.AMBER,
        Light.RED,
    ]


def test_what_graph_says_of_an_account_is_told_as_the_page_tells_it() -> None:
    found = lines([Stated(NOW, "acme", "subscribed_apps", SubscriptionFact())], {"acme": Expected("7")})
    (line,) = page_lines(found)
    assert (line.part, line.light) == ("subscribed_apps of acme", Light.RED)
    assert line.said == "no app gets the account's webhooks"
    assert line.remedy

"""Each line of the doctor: what makes it green, amber and red, and that what is not well says what to do."""

import pytest

from wamon.core.account_facts import (
    EntityHealth,
    HealthFact,
    MissingFact,
    NumberFact,
    SubscriptionFact,
    TemplateFact,
    UnreadFact,
)
from wamon.core.diagnosis import (
    Colour,
    Line,
    account_line,
    channel_line,
    clock_line,
    daemon_line,
    database_line,
    disk_line,
    handshake_line,
    listening_line,
    name_line,
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


def account(fact: object, app_id: str = "77") -> Line:
    return account_line("acme", "subject", fact, app_id=app_id, public_url=URL)  # type: ignore[arg-type]


SAID = [
    (clock(), Colour.GREEN, "synchronised; agrees with the controls' clocks"),
    (clock(synchronised=None, drift_ms=None), Colour.GREEN, "cannot be asked here; no control told the time"),
    (clock(synchronised=False), Colour.AMBER, "is not synchronised, 0 s from the controls' clocks"),
    (clock(drift_ms=-2_001), Colour.AMBER, "is off, 2 s from the controls' clocks"),
    (clock(drift_ms=2_000), Colour.GREEN, "synchronised; agrees with the controls' clocks"),
    (clock(drift_ms=3 * 60 * SECOND), Colour.RED, "is wrong, 3 min from the controls' clocks"),
    (clock(now_ms=7 * SECOND), Colour.RED, "says 1970-01-01T00:00:07Z and was never set; no day is counted by it"),
    (names(2, 1), Colour.GREEN, "2 IPv4, 1 IPv6"),
    (names(1, 0, second=True), Colour.GREEN, "1 IPv4, 0 IPv6; the second resolver knows it"),
    (names(1, 1, second=False), Colour.AMBER, "1 IPv4, 1 IPv6; the second resolver does not"),
    (
        names(0, 0, second=True),
        Colour.RED,
        "has no address (graph.facebook.com: Name or service not known); the second resolver knows it",
    ),
    (disk_line("/var/lib/wamon", 5 << 30), Colour.GREEN, "5,120 MiB free for /var/lib/wamon"),
    (disk_line("/var/lib/wamon", (1 << 30) - 1), Colour.AMBER, "1,023 MiB free for /var/lib/wamon"),
    (disk_line("/var/lib/wamon", 99 << 20), Colour.RED, "99 MiB free for /var/lib/wamon"),
    (permission_line((), ()), Colour.GREEN, "the database's folder can be written; no secret lies open"),
    (permission_line((), ("/etc/t",)), Colour.AMBER, "others on this machine may read /etc/t"),
    (permission_line(("/var/lib/wamon",), ("/etc/t",)), Colour.RED, "cannot write /var/lib/wamon"),
    (database_line("w.db", ()), Colour.GREEN, "w.db is whole"),
    (database_line("w.db", None), Colour.AMBER, "there is none yet at w.db"),
    (database_line("w.db", ("page 3 is torn", "and 4")), Colour.RED, "page 3 is torn and 1 more"),
    (daemon_line("1.0", "1.0", True), Colour.GREEN, "1.0 runs and is well"),
    (daemon_line("1.0", "1.1", True), Colour.AMBER, "1.0 runs, and this program is 1.1"),
    (daemon_line("1.0", "1.0", False), Colour.RED, "1.0 runs and is not well"),
    (daemon_line(None, "1.0", None), Colour.AMBER, "does not run"),
    (listening_line("[service] listen", "a:1", None, by_daemon=False), Colour.GREEN, "a:1 is free"),
    (
        listening_line("l", "a:1", "in use", by_daemon=True),
        Colour.GREEN,
        "a:1: the daemon listens there",
    ),
    (listening_line("[service] listen", "a:1", "in use", by_daemon=False), Colour.RED, "a:1: in use"),
    (token(), Colour.GREEN, "valid, both permissions, does not expire"),
    (token(scopes=None), Colour.GREEN, "valid, permissions not told, does not expire"),
    (token(left_ms=20 * DAY), Colour.GREEN, "valid, both permissions, expires in 480 h"),
    (token(left_ms=13 * DAY), Colour.AMBER, "valid, both permissions, expires in 312 h"),
    (token(left_ms=-SECOND), Colour.RED, "is no longer valid"),
    (token(valid=False), Colour.RED, "is no longer valid"),
    (
        token(scopes=frozenset({"whatsapp_business_messaging"})),
        Colour.RED,
        "lacks whatsapp_business_management",
    ),
    (token_line("graph", None, NOW), Colour.RED, "could not be inspected"),
    (account(SubscriptionFact(("77", "8"))), Colour.GREEN, "webhooks go to app 77, 8"),
    (account(SubscriptionFact(("8",)), app_id=""), Colour.GREEN, "webhooks go to app 8"),
    (account(SubscriptionFact(("8",))), Colour.RED, "app 77 is not among those that get its webhooks"),
    (account(SubscriptionFact()), Colour.RED, "no app gets its webhooks"),
    (account(NumberFact(app_url=f"{URL}/webhook")), Colour.GREEN, f"webhooks go to {URL}/webhook"),
    (account(NumberFact()), Colour.GREEN, "Meta shows no callback"),
    (account(NumberFact(number_url="https://b.example/")), Colour.AMBER, "webhooks go to https://b.example/"),
    (account(TemplateFact("t", "en", "APPROVED")), Colour.GREEN, "approved"),
    (account(TemplateFact("t", "en", "PAUSED")), Colour.RED, "is paused"),
    (account(MissingFact()), Colour.RED, "Meta does not know it"),
    (account(UnreadFact(100)), Colour.AMBER, "could not be read, error 100"),
    (account(UnreadFact()), Colour.AMBER, "could not be read"),
    (account(HealthFact((EntityHealth("WABA", "AVAILABLE"),))), Colour.GREEN, "may send"),
    (account(HealthFact((EntityHealth("WABA", "BLOCKED", 141),))), Colour.AMBER, "WABA BLOCKED"),
    (handshake_line(URL, ""), Colour.GREEN, f"{URL} answers Meta's handshake"),
    (handshake_line(URL, "answered 403"), Colour.RED, f"{URL}: answered 403"),
    (channel_line("ops", ""), Colour.GREEN, "its URL is understood; try it with: wamon notify test ops"),
    (channel_line("ops", "no such service"), Colour.RED, "no such service"),
    (secrets_line(()), Colour.GREEN, "all can be had"),
    (secrets_line(("a: is not set", "b: is empty")), Colour.RED, "a: is not set; b: is empty"),
    (version_line("1.0", ()), Colour.GREEN, "wamon 1.0; Graph's version is current"),
    (version_line("1.0", ("v19.0 expired",)), Colour.AMBER, "wamon 1.0; v19.0 expired"),
]


@pytest.mark.parametrize(("line", "colour", "said"), SAID, ids=[f"{one.part}-{said[:9]}" for one, _, said in SAID])
def test_a_line_has_its_colour_its_sentence_and_a_remedy_where_it_is_not_well(
    line: Line, colour: Colour, said: str
) -> None:
    assert (line.colour, line.said) == (colour, said)
    assert bool(line.remedy) is (colour is not Colour.GREEN)


def test_where_only_our_resolver_fails_it_is_named_and_else_the_line() -> None:
    assert names(0, 0, second=True).remedy.startswith("the resolver of this machine is at fault")
    assert names(0, 0).remedy == names(0, 0, second=False).remedy != names(0, 0, second=True).remedy


def test_the_worst_line_is_the_state_of_all() -> None:
    green, amber, red = (Line("p", colour, "s") for colour in Colour)
    assert [worst(row) for row in ((), (green,), (green, amber), (red, amber))] == [
        Colour.GREEN,
        Colour.GREEN,
        Colour.AMBER,
        Colour.RED,
    ]

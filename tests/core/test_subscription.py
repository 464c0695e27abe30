"""Who is told what: filters of a channel, quiet hours in their zone; whoever heard of trouble hears of its end."""

from datetime import time
from zoneinfo import ZoneInfo

import msgspec
import pytest

from wamon.core.announcing import announce
from wamon.core.expiry import Ending, Thing, expiry_notices
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind, Lasting, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.observation import ProbeKind
from wamon.core.subscription import Hours, Quiet, Subscription, addressed, hears
from wamon.core.timeline import DAY, HOUR, MINUTE, parse_iso

NOW = parse_iso("2026-03-02T12:00:00Z")
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Quiet(Hours(time(22), time(7)), BERLIN)


def told(kind: Kind, cause: Cause, target: str = "cloud-api", probe: ProbeKind = ProbeKind.API) -> Notice:
    """An opening, as the desk makes it."""
    verdict = Verdict.USER_ERROR if kind is Kind.USER_ERROR else Verdict.SYSTEM_ERROR
    incident = Incident(target, kind, NOW - 6 * MINUTE, None, verdict, cause)
    (notice,) = announce([(incident, probe)], (), NOW, lasting=Lasting()).notices
    return notice


OUTAGE = told(Kind.OUTAGE, Cause.SERVICE)
SENDING = told(Kind.OUTAGE, Cause.SERVICE, "send", ProbeKind.MESSAGE)
MALFORMED = told(Kind.USER_ERROR, Cause.VALIDATION)
DEAD_TOKEN = told(Kind.USER_ERROR, Cause.AUTHENTICATION)
WIDE = msgspec.structs.replace(
    OUTAGE,
    target="account acme",
    facts=msgspec.structs.replace(OUTAGE.facts, members=("acme-1", "acme-2")),
)
(TOKEN_ENDS,) = expiry_notices([Ending(Thing.TOKEN, "acme", NOW + 6 * DAY)], (), NOW)
(CERTIFICATE_ENDS,) = expiry_notices([Ending(Thing.CERTIFICATE, "webhook", NOW + 6 * DAY)], (), NOW)
DAYS = msgspec.structs.replace(OUTAGE, kind=Kind.RESTATED, target="cloud-api, send", facts=TOKEN_ENDS.facts)

OF_ACME = Subscription(targets=frozenset({"acme-2"}), accounts=frozenset({"acme"}))
OF_NO_TARGET = Subscription(accounts=frozenset({"new"}))

WANTED = {
    "everything": (Subscription(), OUTAGE, True),
    "its kind": (hears("outage"), OUTAGE, True),
    "another kind": (hears("endpoint"), OUTAGE, False),
    "an error of our own, for developers": (hears("user_error"), MALFORMED, True),
    "an error of our own that stops nothing, for operations": (hears("outage"), MALFORMED, False),
    "an error of our own that stops the account, for operations": (hears("outage"), DEAD_TOKEN, True),
    "the same for developers": (hears("user_error"), DEAD_TOKEN, True),
    "the same for the web team": (hears("endpoint"), DEAD_TOKEN, False),
    "its severity": (Subscription(severities=frozenset({Severity.CRITICAL})), SENDING, True),
    "another severity": (Subscription(severities=frozenset({Severity.CRITICAL})), OUTAGE, False),
    "its target": (Subscription(targets=frozenset({"cloud-api"})), OUTAGE, True),
    "another target": (Subscription(targets=frozenset({"send"})), OUTAGE, False),
    "one of those it speaks for": (OF_ACME, WIDE, True),
    "trouble of other accounts": (OF_ACME, OUTAGE, False),
    "its account's token": (OF_ACME, TOKEN_ENDS, True),
    "another's certificate": (OF_ACME, CERTIFICATE_ENDS, False),
    "its own certificate": (Subscription(targets=frozenset({"webhook"})), CERTIFICATE_ENDS, True),
    "an account without targets hears of no other": (OF_NO_TARGET, OUTAGE, False),
}


@pytest.mark.parametrize(("subscription", "notice", "wanted"), WANTED.values(), ids=WANTED)
def test_a_channel_hears(subscription: Subscription, notice: Notice, wanted: bool) -> None:
    assert subscription.wants(notice) is wanted


def test_days_of_several_targets_are_told_to_whoever_wants_one_of_them() -> None:
    several = msgspec.structs.replace(
        OUTAGE, kind=Kind.DIGEST, target="platform, send", facts=CERTIFICATE_ENDS.facts
    )
    plain = msgspec.structs.replace(several, facts=msgspec.structs.replace(several.facts, name="x"))
    assert Subscription(targets=frozenset({"send"})).wants(plain)
    assert not Subscription(targets=frozenset({"sen"})).wants(plain)


CHANNELS = {"ops": hears("outage"), "pager": Subscription(severities=frozenset({Severity.CRITICAL}))}


def phase(notice: Notice, of: NoticePhase) -> Notice:
    return msgspec.structs.replace(notice, phase=of)


def test_whoever_heard_of_trouble_hears_how_it_goes_on_whatever_became_of_it() -> None:
    other = phase(MALFORMED, NoticePhase.CHANGED)
    assert addressed(other, CHANNELS) == ()
    assert addressed(other, CHANNELS, frozenset({"ops"})) == ("ops",)
    assert addressed(phase(other, NoticePhase.REMINDER), CHANNELS, frozenset({"pager"})) == ("pager",)


def test_an_end_is_told_to_those_who_heard_of_the_beginning_and_to_nobody_else() -> None:
    over = phase(SENDING, NoticePhase.RESOLVED)
    assert addressed(over, CHANNELS, frozenset({"pager"})) == ("pager",)
    assert addressed(phase(MALFORMED, NoticePhase.RESOLVED), CHANNELS, frozenset({"ops"})) == ("ops",)


def test_an_end_whose_beginning_nobody_heard_is_told_to_whoever_wants_it() -> None:
    over = phase(SENDING, NoticePhase.RESOLVED)
    assert addressed(over, CHANNELS) == ("ops", "pager")
    assert addressed(over, CHANNELS, frozenset({"a channel that was taken out"})) == ("ops", "pager")


def test_a_note_is_told_to_those_alone_who_want_it() -> None:
    assert addressed(phase(MALFORMED, NoticePhase.NOTE), CHANNELS, frozenset({"ops"})) == ()


def test_the_end_and_the_withdrawal_of_critical_trouble_are_critical_too() -> None:
    incident = Incident("send", Kind.OUTAGE, NOW, None, Verdict.SYSTEM_ERROR, Cause.SERVICE)
    opened = announce([(incident, ProbeKind.MESSAGE)], (), NOW + 3 * MINUTE, lasting=Lasting())
    (gone,) = announce([], opened.told, NOW + HOUR, lasting=Lasting()).notices
    assert (gone.phase, gone.severity) == (NoticePhase.RESOLVED, Severity.CRITICAL)
    milder = msgspec.structs.replace(incident, closed_ms=NOW + 4 * MINUTE, kind=Kind.OUTAGE)
    (over,) = announce([(milder, ProbeKind.API)], opened.told, NOW + HOUR, lasting=Lasting()).notices
    assert (over.phase, over.severity) == (NoticePhase.RESOLVED, Severity.CRITICAL)


QUIET = {
    "2026-03-02T20:59:59Z": False,
    "2026-03-02T21:00:00Z": True,
    "2026-03-03T05:59:59Z": True,
    "2026-03-03T06:00:00Z": False,
    "2026-07-02T19:59:59Z": False,
    "2026-07-02T20:00:00Z": True,
    "2026-07-03T05:00:00Z": False,
}


@pytest.mark.parametrize(("at", "quiet"), QUIET.items())
def test_quiet_hours_are_by_the_clock_on_the_wall_of_their_zone(at: str, quiet: bool) -> None:
    assert NIGHT.holds(parse_iso(at)) is quiet


ENDS = {
    "2026-03-02T21:00:00Z": "2026-03-03T06:00:00Z",
    "2026-03-03T05:59:00Z": "2026-03-03T06:00:00Z",
    "2026-03-28T22:00:00Z": "2026-03-29T05:00:00Z",  # clocks go ahead in this night
    "2026-10-24T21:00:00Z": "2026-10-25T06:00:00Z",  # and back in this one
}


@pytest.mark.parametrize(("at", "ends"), ENDS.items())
def test_quiet_hours_end_by_the_clock_on_the_wall(at: str, ends: str) -> None:
    assert NIGHT.end_ms(parse_iso(at)) == parse_iso(ends)


def test_quiet_hours_within_a_day_end_the_same_day() -> None:
    noon = Quiet(Hours(time(12), time(13)), ZoneInfo("UTC"))
    assert [noon.holds(NOW + minutes * MINUTE) for minutes in (-1, 0, 59, 60)] == [False, True, True, False]
    assert noon.end_ms(NOW) == NOW + HOUR

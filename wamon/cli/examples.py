"""Example notices, one of each kind and phase, made by the code that makes the real ones."""

from collections.abc import Callable, Mapping
from datetime import UTC

import msgspec

from wamon.cli.example_digests import weekly_digest
from wamon.core.announcing import announce
from wamon.core.budget import PAIRS, Burn, MonthBudget
from wamon.core.burning import Pace, burn_notices
from wamon.core.expiry import Ending, Thing, expiry_notices
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.notice import Notice
from wamon.core.observation import ProbeKind
from wamon.core.publication import Publication
from wamon.core.review import Review, Turn, restated_notice
from wamon.core.silence import Silence
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, from_ms, iso
from wamon.core.uptime import Figures

_AGO_MS = 6 * MINUTE

Example = Callable[[int], Notice]


def _trouble(
    target: str, kind: Kind, verdict: Verdict, cause: Cause, probe: ProbeKind, *codes: int
) -> list[Example]:
    """How an incident is told when it opens, and when it is over."""

    def opened(at_ms: int) -> Notice:
        return _told(_incident(at_ms), probe, at_ms)

    def resolved(at_ms: int) -> Notice:
        over = msgspec.structs.replace(_incident(at_ms - 20 * MINUTE), closed_ms=at_ms - 3 * MINUTE)
        before = announce([(_incident(at_ms - 20 * MINUTE), probe)], (), at_ms - 20 * MINUTE, lasting=Lasting())
        (notice,) = announce([(over, probe)], before.told, at_ms, lasting=Lasting()).notices
        return notice

    def _incident(at_ms: int) -> Incident:
        return Incident(target, kind, at_ms - _AGO_MS, None, verdict, cause, codes=codes)

    return [opened, resolved]


def _graver(at_ms: int) -> Notice:
    """The token that sending needs fails where a way back had failed before."""
    milder = _outage("send.roundtrip", at_ms)
    before = announce([(milder, ProbeKind.ROUNDTRIP)], (), at_ms - 2 * MINUTE, lasting=Lasting())
    (notice,) = announce([(milder, ProbeKind.MESSAGE)], before.told, at_ms, lasting=Lasting()).notices
    return notice


def _again(at_ms: int) -> Notice:
    """Nobody has said a word of it for an hour."""
    incident = _outage("send", at_ms - HOUR)
    before = announce([(incident, ProbeKind.MESSAGE)], (), at_ms - HOUR, lasting=Lasting())
    (notice,) = announce([(incident, ProbeKind.MESSAGE)], before.told, at_ms, lasting=Lasting()).notices
    return notice


def _held_back(at_ms: int) -> Notice:
    """What came and went while somebody moved a database."""
    silence = Silence(at_ms - 2 * HOUR, at_ms, number=1, author="anna", because="the database moves")
    over = [
        msgspec.structs.replace(_outage(target, at_ms - HOUR), closed_ms=at_ms - 40 * MINUTE)
        for target in ("send", "cloud-api")
    ]
    found = [(over[0], ProbeKind.MESSAGE), (over[1], ProbeKind.API)]
    (notice,) = announce(found, (), at_ms, lasting=Lasting(), silences=[silence]).notices
    return notice


def _outage(target: str, at_ms: int) -> Incident:
    """One that has lasted for some minutes."""
    return Incident(
        target, Kind.OUTAGE, at_ms - _AGO_MS, None, Verdict.SYSTEM_ERROR, Cause.SERVICE, codes=(131016,)
    )


def _told(incident: Incident, probe: ProbeKind, at_ms: int) -> Notice:
    (notice,) = announce([(incident, probe)], (), at_ms, lasting=Lasting()).notices
    return notice


def _unobserved(at_ms: int) -> Notice:
    closed_ms = at_ms - 3 * MINUTE
    blank = Incident(
        "cloud-api",
        Kind.UNOBSERVED,
        closed_ms - 130 * SECOND,
        closed_ms,
        Verdict.NETWORK_ERROR,
        Cause.LOCAL_NETWORK,
    )
    return _told(blank, ProbeKind.API, at_ms)


def _restated(at_ms: int) -> Notice:
    day = from_ms(at_ms - 8 * DAY).astimezone(UTC).date()
    first_ms = at_ms - 8 * DAY - at_ms % HOUR

    def published(revision: int, down_ms: int, user_ms: int) -> Publication:
        sums = Figures(total_ms=DAY, down_ms=down_ms, user_error_ms=user_ms)
        return Publication(
            "cloud-api", day, "UTC", revision, at_ms, sums, "weekly pass: same token valid (cloud-api)"
        )

    first, after = published(1, 0, 20 * MINUTE), published(2, 20 * MINUTE, 0)
    turn = Turn(
        "cloud-api",
        "same_token_valid",
        Verdict.USER_ERROR,
        Verdict.SYSTEM_ERROR,
        Column.USER,
        Column.DOWN,
        observations=20,
        moved_ms=20 * MINUTE,
        first_ms=first_ms,
        last_ms=first_ms + 19 * MINUTE,
    )
    notice = restated_notice(Review((), (after,), (turn,)), lambda _target, _day: first, at_ms)
    assert notice is not None
    return notice


def _expiry(left_ms: int, *told_days: int) -> Example:
    """A token that ends in so long, of which people were told so many days before."""

    def example(at_ms: int) -> Notice:
        token = Ending(Thing.TOKEN, "graph", at_ms + left_ms)
        told = {f"{token.subject}@{iso(at_ms + left_ms)}:{days}d" for days in told_days}
        (notice,) = expiry_notices([token], told, at_ms)
        return notice

    return example


def _renewed(at_ms: int) -> Notice:
    told = {f"{Ending(Thing.TOKEN, 'graph', None).subject}@{iso(at_ms + DAY)}:7d"}
    (notice,) = expiry_notices([Ending(Thing.TOKEN, "graph", None)], told, at_ms)
    return notice


_MONTH = MonthBudget(43 * MINUTE + 12 * SECOND, 31 * MINUTE)


def _burns(at_ms: int) -> Notice:
    pace = Pace(Burn(PAIRS[1], 4 * MINUTE), _MONTH)
    (notice,) = burn_notices({"cloud-api": pace}, (), 99.9, at_ms)
    return notice


def _burns_no_more(at_ms: int) -> Notice:
    told = {_burns(at_ms - DAY).key}
    (notice,) = burn_notices({"cloud-api": Pace(None, _MONTH)}, told, 99.9, at_ms)
    return notice


_EXAMPLES: tuple[tuple[Kind, list[Example]], ...] = (
    (
        Kind.OUTAGE,
        [
            *_trouble("send", Kind.OUTAGE, Verdict.SYSTEM_ERROR, Cause.SERVICE, ProbeKind.MESSAGE, 131016),
            _graver,
            _again,
            _held_back,
        ],
    ),
    (
        Kind.DISRUPTION,
        _trouble("graph", Kind.DISRUPTION, Verdict.NETWORK_ERROR, Cause.PATH, ProbeKind.EDGE),
    ),
    (
        Kind.USER_ERROR,
        _trouble("cloud-api", Kind.USER_ERROR, Verdict.USER_ERROR, Cause.AUTHENTICATION, ProbeKind.API, 190),
    ),
    (
        Kind.ENDPOINT,
        _trouble("webhook", Kind.ENDPOINT, Verdict.USER_ERROR, Cause.ENDPOINT, ProbeKind.WEBHOOK),
    ),
    (Kind.UNOBSERVED, [_unobserved]),
    (Kind.RESTATED, [_restated]),
    (Kind.EXPIRY, [_expiry(29 * DAY), _expiry(6 * DAY, 90, 30), _renewed]),
    (Kind.DIGEST, [weekly_digest]),
    (Kind.DEGRADED, [_burns, _burns_no_more]),
)


def examples(at_ms: int) -> Mapping[str, Mapping[str, Notice]]:
    """An example of every kind, by phase, as it would be written now."""
    now_ms = at_ms - at_ms % SECOND
    return {
        kind.value: {one.phase.value: one for one in (make(now_ms) for make in makes)} for kind, makes in _EXAMPLES
    }

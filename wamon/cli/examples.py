"""Example notices, one of each kind, made by the code that makes the real ones."""

from collections.abc import Callable, Mapping
from datetime import UTC

from wamon.core.finding import Cause, Column, Verdict
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.notice import Notice, announce
from wamon.core.observation import ProbeKind
from wamon.core.publication import Publication
from wamon.core.review import Review, Turn, restated_notice
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, from_ms
from wamon.core.uptime import Figures

_AGO_MS = 6 * MINUTE


def _told(incident: Incident, probe: ProbeKind, at_ms: int) -> Notice:
    (notice,) = announce([(incident, probe)], (), at_ms, lasting=Lasting()).notices
    return notice


def _outage(at_ms: int) -> Notice:
    failing = Incident(
        "send", Kind.OUTAGE, at_ms - _AGO_MS, None, Verdict.SYSTEM_ERROR, Cause.SERVICE, codes=(131016,)
    )
    return _told(failing, ProbeKind.MESSAGE, at_ms)


def _disruption(at_ms: int) -> Notice:
    cut = Incident("graph", Kind.DISRUPTION, at_ms - _AGO_MS, None, Verdict.NETWORK_ERROR, Cause.PATH)
    return _told(cut, ProbeKind.EDGE, at_ms)


def _user_error(at_ms: int) -> Notice:
    refused = Incident(
        "cloud-api", Kind.USER_ERROR, at_ms - _AGO_MS, None, Verdict.USER_ERROR, Cause.AUTHENTICATION, codes=(190,)
    )
    return _told(refused, ProbeKind.API, at_ms)


def _endpoint(at_ms: int) -> Notice:
    broken = Incident("webhook", Kind.ENDPOINT, at_ms - _AGO_MS, None, Verdict.USER_ERROR, Cause.ENDPOINT)
    return _told(broken, ProbeKind.WEBHOOK, at_ms)


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


EXAMPLES: Mapping[str, Callable[[int], Notice]] = {
    Kind.OUTAGE.value: _outage,
    Kind.DISRUPTION.value: _disruption,
    Kind.USER_ERROR.value: _user_error,
    Kind.ENDPOINT.value: _endpoint,
    Kind.UNOBSERVED.value: _unobserved,
    Kind.RESTATED.value: _restated,
}


def example(kind: str, at_ms: int) -> Notice:
    """A notice of a kind as it would be written now. Raises KeyError for a kind nobody makes yet."""
    return EXAMPLES[kind](at_ms - at_ms % SECOND)

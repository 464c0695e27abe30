"""Outages that Meta posted: which target each one speaks for, and for how long."""

import pytest

from wamon.core.finding import Cause
from wamon.core.observation import ProbeKind
from wamon.core.posted import Outage, posted_spans
from wamon.core.timeline import HOUR, Span, parse_iso

TEN = parse_iso("2026-11-03T10:00:00Z")
NOW = TEN + 12 * HOUR
WHOLE = (Span(TEN - HOUR, TEN + HOUR),)
CLOUD, MANAGEMENT = "whatsapp-business-api/Cloud API", "whatsapp-business-api/WhatsApp Business account management"


def spoken(service: str, probe: ProbeKind, cause: Cause | None = None) -> bool:
    found = posted_spans([Outage(service, TEN, TEN + HOUR)], probe, NOW, cause=cause)
    assert found in ((), WHOLE)
    return bool(found)


@pytest.mark.parametrize(
    ("service", "probe", "cause"),
    [
        (CLOUD, ProbeKind.MESSAGE, None),
        (CLOUD, ProbeKind.ROUNDTRIP, Cause.TIMEOUT),
        (CLOUD, ProbeKind.TRAFFIC, Cause.SERVICE),
        (CLOUD.upper().replace("WHATSAPP-BUSINESS-API", "whatsapp-business-api"), ProbeKind.MESSAGE, None),
        (MANAGEMENT, ProbeKind.API, None),
        ("graph-api", ProbeKind.EDGE, None),
        ("graph-api/Graph API", ProbeKind.EDGE, Cause.TIMEOUT),
        ("facebook-login", ProbeKind.EDGE, None),
        ("graph-api", ProbeKind.API, Cause.EDGE),
        ("facebook-login/Login", ProbeKind.MESSAGE, Cause.AUTHENTICATION),
    ],
)
def test_an_outage_speaks_for_what_watches_its_service(
    service: str, probe: ProbeKind, cause: Cause | None
) -> None:
    assert spoken(service, probe, cause)


@pytest.mark.parametrize(
    ("service", "probe", "cause"),
    [
        (CLOUD, ProbeKind.API, None),
        (CLOUD, ProbeKind.EDGE, None),
        (CLOUD, ProbeKind.WEBHOOK, None),
        (CLOUD, ProbeKind.CONTROL, None),
        (MANAGEMENT, ProbeKind.MESSAGE, None),
        ("whatsapp-business-api/Cloud API - Localized Storage", ProbeKind.MESSAGE, None),
        ("whatsapp-business-api/Embedded Signup", ProbeKind.API, None),
        ("whatsapp-business-api", ProbeKind.MESSAGE, None),
        ("messenger/Cloud API", ProbeKind.MESSAGE, None),
        ("graph-api", ProbeKind.API, None),
        ("graph-api", ProbeKind.MESSAGE, Cause.SERVICE),
        ("facebook-login", ProbeKind.MESSAGE, Cause.PERMISSION),
        ("graph-api", ProbeKind.WEBHOOK, Cause.EDGE),
        ("", ProbeKind.MESSAGE, None),
    ],
)
def test_an_outage_of_another_service_says_nothing(service: str, probe: ProbeKind, cause: Cause | None) -> None:
    assert not spoken(service, probe, cause)


def test_it_lasts_until_resolved_and_an_open_one_until_now() -> None:
    outages = [Outage(CLOUD, TEN, None), Outage(CLOUD, TEN - 5 * HOUR, TEN - 4 * HOUR)]
    assert posted_spans(outages, ProbeKind.MESSAGE, NOW) == (
        Span(TEN - 6 * HOUR, TEN - 4 * HOUR),
        Span(TEN - HOUR, NOW),
    )


def test_outages_that_touch_are_one_and_nothing_reaches_into_the_future() -> None:
    outages = [Outage(CLOUD, TEN, TEN + HOUR), Outage(CLOUD, TEN + 2 * HOUR, NOW + HOUR)]
    assert posted_spans(outages, ProbeKind.MESSAGE, NOW) == (Span(TEN - HOUR, NOW),)
    assert posted_spans([Outage(CLOUD, NOW + 2 * HOUR, None)], ProbeKind.MESSAGE, NOW) == ()

"""Are we the problem? Lines from looks, endings and Graph's own words; what is wrong comes first."""

import pytest

from tests.support.reports import NOW_MS, OK, REFUSED, report, target
from wamon.core.account_facts import Stated, SubscriptionFact
from wamon.core.account_lines import Expected, Light
from wamon.core.expiry import Ending, Thing
from wamon.core.observation import ProbeKind
from wamon.core.ourselves import with_ourselves
from wamon.core.timeline import DAY

ENDINGS = [
    (None, Light.GREEN, ""),
    (31 * DAY, Light.GREEN, ""),
    (30 * DAY, Light.AMBER, "make a new system-user token, put it in the place of the old one, reload"),
    (8 * DAY, Light.AMBER, "make a new system-user token, put it in the place of the old one, reload"),
    (7 * DAY, Light.RED, "make a new system-user token, put it in the place of the old one, reload"),
    (-DAY, Light.RED, "make a new system-user token, put it in the place of the old one, reload"),
]


@pytest.mark.parametrize(("left_ms", "light", "remedy"), ENDINGS)
def test_what_ends_turns_amber_a_month_before_and_red_a_week_before(
    left_ms: int | None, light: Light, remedy: str
) -> None:
    ending = Ending(Thing.TOKEN, "graph", None if left_ms is None else NOW_MS + left_ms)
    (line,) = with_ourselves(report(), (), {}, [ending]).ourselves
    assert (line.account, line.subject, line.light, line.remedy) == ("graph", "token", light, remedy)
    assert line.text.startswith("the access token of account graph")


def test_what_is_wrong_comes_first_and_a_fine_line_has_nothing_to_do() -> None:
    now = report(
        [
            target("token", ProbeKind.TOKEN, last=REFUSED, explanation="It has expired.", remedy="Renew it."),
            target("hook", ProbeKind.WEBHOOK, last=OK),
            target("control-1", ProbeKind.CONTROL, last=OK),
            target("new", ProbeKind.TOKEN, last=None),
        ]
    )
    stated = [Stated(NOW_MS, "graph", "subscribed apps", SubscriptionFact(("7",)))]
    found = with_ourselves(
        now, stated, {"graph": Expected("8")}, [Ending(Thing.CERTIFICATE, "hook", NOW_MS + 20 * DAY)]
    )
    assert [(one.subject, one.light) for one in found.ourselves] == [
        ("token", Light.RED),
        ("subscribed apps", Light.RED),
        ("certificate", Light.AMBER),
        ("endpoint and its handshake", Light.GREEN),
    ]
    token, *_, endpoint = found.ourselves
    assert (token.text, token.remedy) == ("token: It has expired.", "Renew it.")
    assert endpoint.remedy == ""

"""Pages of a partner: each client's own, on which no other is named, and that of two hundred, still to be read."""

import re
from collections.abc import Iterator
from datetime import date

import httpx
import msgspec
import pytest

from tests.support.partners import two_hundred
from tests.support.reports import (
    DOWN,
    NOW_MS,
    Shown,
    chronicle,
    days,
    figures,
    metas_word,
    report,
    target,
)
from tests.web.served import served
from wamon.core.account_lines import Light, Line
from wamon.core.clients import ANOTHER, discretion
from wamon.core.finding import Cause, Origin, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState
from wamon.core.reference import Beside
from wamon.core.report import Day, Report, State, TargetReport, Told
from wamon.core.timeline import HOUR
from wamon.web.clients import ROOM
from wamon.web.pages import environment
from wamon.web.view import page

CLIENTS = ("acme", "globex", "initech")
FIFTH = date(2026, 11, 5)
REASON = "weekly pass: mixed burst (acme.number, with globex.number), as Globex and INITECH said; Graph was well"


def targets_of(name: str) -> list[TargetReport]:
    """A number that is down, a canary, a token; a day judged again because of another client's."""
    restated = Day(FIFTH, DayState.CLOSED, 2, figures(down_ms=HOUR), figures(), REASON)
    return [
        target(
            f"{name}.number",
            state=State.OUTAGE,
            since_ms=NOW_MS - HOUR,
            last=DOWN,
            past=days({FIFTH: restated}, count=6),
            account=name,
        ),
        target(f"{name}.send", ProbeKind.MESSAGE, past=days({}, count=6), account=name),
        target(f"{name}.token", ProbeKind.TOKEN, account=name),
    ]


def partner(*names: str) -> Report:
    """Every client in trouble at once, and everything that is said of it."""
    incidents = [
        Incident(
            f"{name}.number", Kind.OUTAGE, NOW_MS - HOUR, None, Verdict.SYSTEM_ERROR, Cause.SERVICE, codes=(2,)
        )
        for name in names
    ]
    notices = [
        Told(NOW_MS - HOUR, "outage", "opened", told, "urgent", f"[URGENT] Meta · sending fails · {title}", "")
        for told, title in (
            *((f"{name}.number", f"{name}.number") for name in names),
            *((f"account {name}", f"account {name}, 3/3 numbers") for name in names),
            ("app globex", "app globex, 3/3 accounts"),
            ("platform", "3/3 accounts"),
        )
    ]
    word = metas_word()
    beside = tuple(Beside(f"{name}.number", 60.0, 25.4, 1.0) for name in names)
    word = msgspec.structs.replace(
        word, months=tuple(msgspec.structs.replace(one, beside=beside) for one in word.months)
    )
    now = report(
        [one for name in names for one in targets_of(name)]
        + [target("control-1", ProbeKind.CONTROL, account="graph", state=State.OUTAGE)],
        incidents=incidents,
        notices=notices,
        platform=days({}, count=6),
        reference=word,
    )
    own = [Line(name, "subscribed apps", Light.RED, "no app gets the webhooks", "subscribe it") for name in names]
    ends = [Line(f"{name}.number", "certificate", Light.AMBER, "ends in 12 days", "renew it") for name in names]
    return msgspec.structs.replace(now, ourselves=(*own, *ends))


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    now = partner(*CLIENTS)
    face = Shown(now)
    told = chronicle(now, "acme.number", FIFTH)
    assert told is not None
    said = [msgspec.structs.replace(one, because=REASON, origin=Origin.PERSON) for one in told.rulings]
    trail = [msgspec.structs.replace(one, reason=REASON) for one in told.trail]
    face.told_days[FIFTH] = msgspec.structs.replace(told, rulings=tuple(said), trail=tuple(trail))
    with served(face) as address, httpx.Client(base_url=f"http://{address}", trust_env=False) as one:
        yield one


def links(text: str) -> set[str]:
    """Where a page leads to, besides itself and the stylesheet."""
    found = re.findall(r'href="([^"]*)"', text)
    return {one for one in found if one[:1] not in "#?" and one not in ("/style.css", "data:,")}


def test_everything_below_a_clients_page_is_that_clients_and_names_nobody_else(client: httpx.Client) -> None:
    """Walked link by link, as the client would: behind a proxy that lets only /client/acme through."""
    seen: dict[str, str] = {}
    waiting = {"/client/acme"}
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        if answer.status_code == 404:
            assert re.search(r"/\d{4}-\d\d-\d\d$", path), path
            continue
        assert answer.status_code == 200
        seen[path] = answer.text
        waiting |= links(answer.text) - seen.keys()
        assert all(one.startswith("/client/acme") for one in links(answer.text)), links(answer.text)
    assert len(seen) > 12, "days and incidents too"
    for path, text in seen.items():
        assert "acme" in text, path
        assert not re.search("globex|initech", text, re.IGNORECASE), path
        assert "3/3 accounts" not in text, path
    assert "no app gets the webhooks" in seen["/client/acme"]
    assert "ends in 12 days" in seen["/client/acme"]
    assert "account acme, 3/3 numbers" in seen["/client/acme"]
    assert "control-1" in seen["/client/acme"], "whose fault it is needs the controls, which are nobody's"
    assert f"with {ANOTHER}), as {ANOTHER} and {ANOTHER} said; Graph was well" in unescaped(seen["/client/acme"])


def unescaped(text: str) -> str:
    return text.replace("&#39;", "'")


REFUSED = (
    "/client/nobody",
    "/client/graph/target/acme.number",
    "/client/acme/target/globex.number",
    "/client/acme/target/globex.number/2026-11-04",
    "/client/acme/target/platform",
    "/client/acme/target/platform/2026-11-04",
    "/client/acme/incident/globex.number@2026-11-09T08:00:00Z",
)


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_another_clients_or_everybodys_is_not_found_below_a_client(
    client: httpx.Client, path: str
) -> None:
    whole = path.replace("/client/acme", "").replace("/client/graph", "")
    assert client.get(path).status_code == 404
    assert client.get(whole).status_code == (404 if "nobody" in path else 200)


def test_a_clients_page_says_how_sending_is_for_its_own_numbers(client: httpx.Client) -> None:
    text = client.get("/client/acme").text
    assert "The platform's row is put together over all accounts" in text
    assert "wamon uptime --account acme" in text


def test_who_alone_speaks_for_the_platform_sees_its_row() -> None:
    with served(Shown(partner("acme"))) as address:
        text = httpx.get(f"http://{address}/client/acme", trust_env=False).text
    assert 'href="/client/acme/target/platform"' in text


def test_the_page_of_all_leads_to_every_client(client: httpx.Client) -> None:
    text = client.get("/").text
    assert {f"/client/{name}" for name in CLIENTS} <= links(text)


def painted(now: Report) -> str:
    return environment().get_template("status.html").render(page=page(now, ()), every_s=0, root="")


def test_two_hundred_clients_are_one_page_that_names_those_in_trouble_first() -> None:
    text = painted(two_hundred(7, 150))
    assert len(text) < 200_000
    named = re.findall(r'href="/client/([^"]+)"', text)
    assert (len(named), named[:3]) == (200, ["client-007", "client-150", "client-000"])
    assert re.findall(r'<h3 id="[^"]+"><a href="([^"]+)"', text) == [
        "/target/client-007.number",
        "/target/client-150.number",
    ]
    assert "<summary>198 clients are well</summary>" in text
    assert "398 targets have their days on pages of their own" in text
    assert "200 are well." in text
    assert "200 lines, all of them green: on the pages of the clients" in text


def test_a_calm_page_of_two_hundred_says_so_and_one_client_is_whole_as_ever() -> None:
    calm = two_hundred()
    text = painted(calm)
    assert "Every target is well." in text
    assert "<summary>200 clients are well</summary>" in text
    assert "All targets operational" in text
    with served(Shown(calm)) as address:
        own = httpx.get(f"http://{address}/client/client-004", trust_env=False).text
    assert len(re.findall('<h3 id="target', own)) == 2


def test_when_all_two_hundred_fail_the_page_is_still_read() -> None:
    text = painted(two_hundred(*range(200)))
    heading = re.sub("<[^>]+>", "", re.search("<h1>.*?</h1>", text, re.DOTALL)[0])
    assert "200 of 400 targets in trouble" in heading
    assert "and 195 more" in heading
    assert len(heading) < 250
    assert len(re.findall('<h3 id="target', text)) == ROOM
    assert len(text) < 1_000_000


def test_many_numbers_of_one_business_keep_a_line_each() -> None:
    text = painted(report([target(f"n{n}", past=days({}), account="graph") for n in range(ROOM + 1)]))
    assert {f"/target/n{n}" for n in range(ROOM + 1)} <= links(text)
    assert "/client/" not in text


DISCREET = {
    "globex moved": f"{ANOTHER} moved",
    "Globex's move": f"{ANOTHER}'s move",
    "globex.number, x-globex": f"{ANOTHER}, x-globex",
    "globexx and globex-2": "globexx and globex-2",
    "": "",
}


@pytest.mark.parametrize(("text", "said"), DISCREET.items())
def test_a_name_is_replaced_where_it_stands_as_a_word(text: str, said: str) -> None:
    assert discretion(frozenset({"globex", "globex.number", ""}))(text) == said
    assert discretion(frozenset())(text) == text

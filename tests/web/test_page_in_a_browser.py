"""The page as people meet it: in Chromium, narrow and wide, by day and by night, with scripts and without."""

import itertools
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from tests.support.remarks import held_back, people_said
from tests.support.reports import (
    NOW_MS,
    Shown,
    bad_week,
    chronicle,
    days,
    figures,
    metas_word,
    own_lines,
    report,
    target,
)
from tests.web.axe import violations
from tests.web.browser import Browser, browser
from tests.web.served import served
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.publication import DayState
from wamon.core.report import Day, Report, State, Told
from wamon.core.timeline import HOUR
from wamon.web.app import Story

STORIES = (Story(NOW_MS - HOUR, "Meta is down", "For 34 minutes sends and reads fail."),)


@pytest.fixture(scope="module")
def chromium(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(chromium_path, tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(Shown(bad_week(messages=True), STORIES)) as place:
        yield f"http://{place}/"


WIDER = """[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)
  .map(e => e.tagName + '.' + e.className)"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 400, 1280])
def test_nothing_is_cut_off_and_the_browser_has_nothing_to_complain_of(
    chromium: Browser, address: str, width: int, dark: bool
) -> None:
    chromium.look(width, dark=dark)
    chromium.open(address)
    assert chromium.ask("document.documentElement.scrollWidth") == width
    assert chromium.ask(WIDER) == []
    assert chromium.complaints() == []
    assert chromium.requested() == [address, f"{address}style.css"]
    assert len(chromium.screenshot()) > 20_000, "an empty picture"


DETAILS = ("target/cloud-api", "target/platform", "target/cloud-api/2026-11-04", "target/graph/2026-11-06")
DETAILS += ("incident/cloud-api@2026-11-09T08:45:39Z",)
WIDER_YET = WIDER.replace("e => e.get", "e => !e.closest('.scroll') && e.get")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_other_page_is_cut_off_either(chromium: Browser, address: str, width: int, dark: bool) -> None:
    chromium.look(width, dark=dark)
    for path in DETAILS:
        chromium.open(f"{address}{path}")
        assert chromium.ask("document.documentElement.scrollWidth") == width, path
        assert chromium.ask(WIDER_YET) == [], path
        assert chromium.complaints() == []
        assert chromium.ask(FAINT) == [], path


LOOKS = {"": (400, True), "?every=3600": (1280, False), DETAILS[0]: (320, True), DETAILS[2]: (400, False)}
LOOKS |= {DETAILS[1]: (1280, True), DETAILS[4]: (1280, False)}


@pytest.mark.parametrize("path", LOOKS)
def test_axe_core_finds_nothing(chromium: Browser, address: str, path: str) -> None:
    width, dark = LOOKS[path]
    chromium.look(width, dark=dark, scripts=True)
    chromium.open(f"{address}{path}")
    assert violations(chromium) == []


def test_axe_core_would_find_something(chromium: Browser, address: str) -> None:
    chromium.look(1280, scripts=True)
    chromium.open(f"{address}{DETAILS[4]}")
    chromium.ask("document.querySelector('h1').style.color = '#eee'; document.documentElement.lang = ''")
    assert {one.split(":")[0] for one in violations(chromium)} == {"color-contrast", "html-has-lang"}


def test_a_keyboard_reaches_every_link_and_always_shows_where_it_is(chromium: Browser, address: str) -> None:
    chromium.look(1280)
    for path in ("", "target/cloud-api"):
        chromium.open(f"{address}{path}")
        wanted = len(chromium.ask(REACHABLE))
        reached, unseen = [], []
        for _ in range(wanted + 3):
            for kind in ("keyDown", "keyUp"):
                chromium.page("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            where, ring = chromium.ask(FOCUS)
            if where >= 0 and where not in reached:
                reached.append(where)
                unseen += [where] * (not ring)
        assert reached[0] == 0, "first of all the header can be skipped"
        assert len(reached) == wanted > 10
        assert unseen == []


REACHABLE = """[...document.querySelectorAll('a:not([tabindex]), summary')]
  .filter(e => e.checkVisibility({visibilityProperty: true})).map(e => e.textContent)"""
FOCUS = """(e => [[...document.querySelectorAll('a, summary')].indexOf(e),
  getComputedStyle(e).outlineStyle !== 'none'])(document.activeElement)"""


def test_a_page_left_open_says_after_two_minutes_that_it_is_old(chromium: Browser, address: str) -> None:
    chromium.look(1280)
    chromium.open(address)
    stale = "getComputedStyle(document.querySelector('.stale')).visibility"
    height = "document.querySelector('header').offsetHeight"
    before = chromium.ask(height)
    assert chromium.ask(stale) == "hidden"
    chromium.ask("document.getAnimations().forEach(one => { one.currentTime = 119000; })")
    assert chromium.ask(stale) == "hidden"
    chromium.ask("document.getAnimations().forEach(one => { one.currentTime = 121000; })")
    assert chromium.ask(stale) == "visible"
    assert chromium.ask(height) == before, "nothing jumps"


def test_names_as_long_as_they_may_be_do_not_widen_it(chromium: Browser) -> None:
    name = "a-target-with-a-name-as-long-as-it-may-be-" + "x" * 22
    long = [target(name, state=State.OUTAGE, past=days({}), account="an-account-" + "y" * 53)]
    with served(Shown(report(long))) as place:
        chromium.look(320)
        chromium.open(f"http://{place}/")
        assert chromium.ask("document.documentElement.scrollWidth") == 320


FAINT = """(least => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const faint = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const wanted = e.getAttribute('aria-hidden') ? 3 : least;
    if (ratio < wanted) faint.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return faint;
})(4.5)"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(chromium: Browser, address: str, dark: bool) -> None:
    chromium.look(1280, dark=dark)
    chromium.open(address)
    assert chromium.ask("document.querySelectorAll('body *').length") > 500
    assert chromium.ask(FAINT) == []


MARKS = """(() => { const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(['panel', 'good', 'down', 'user', 'net', 'blank'].map(
    name => [name, style.getPropertyValue('--' + name).trim()])); })()"""


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(one * weight for one, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_bar_stands_out_from_its_panel(chromium: Browser, address: str, dark: bool) -> None:
    chromium.look(1280, dark=dark)
    chromium.open(address)
    marks = chromium.ask(MARKS)
    ground = _luminance(marks.pop("panel")) + 0.05
    for name, colour in marks.items():
        mark = _luminance(colour) + 0.05
        assert max(mark, ground) / min(mark, ground) >= 3, name


def test_its_structure_can_be_walked_by_ear(chromium: Browser, address: str) -> None:
    chromium.look(1280)
    chromium.open(address)
    assert chromium.ask("document.documentElement.lang") == "en"
    assert chromium.ask("['header', 'main', 'footer', 'h1'].map(n => document.querySelectorAll(n).length)") == [
        1,
        1,
        1,
        1,
    ]
    assert chromium.ask("[...document.querySelectorAll('.bars .bar')].every(b => b.title && b.role === 'img')")
    assert chromium.ask("[...document.querySelectorAll('.bars')].map(b => b.children.length)") == [90] * 5
    assert chromium.ask("[...document.querySelectorAll('table')].every(t => t.caption && t.tHead)")
    assert chromium.ask("[...document.querySelectorAll('th')].every(t => t.scope)")
    named = "[...document.querySelectorAll('[aria-labelledby]')].every(e => document.getElementById("
    assert chromium.ask(f"{named}e.getAttribute('aria-labelledby')))")
    assert chromium.ask(
        "(ids => new Set(ids).size === ids.length)([...document.querySelectorAll('[id]')].map(e => e.id))"
    )


def test_what_it_says_does_not_need_its_stylesheet_nor_a_script(chromium: Browser, address: str) -> None:
    chromium.look(800)
    chromium.open(address)
    text = chromium.ask("document.body.textContent.replace(/\\s+/g, ' ')")
    for sentence in (
        "1 of 4 targets in trouble: cloud-api (outage)",
        "Meta: account management fails (code 131016/2). Counts as downtime.",
        "cloud-api 99.30 % 0:10:01 → became 95.13 % 1:10:00, revision 2, because weekly pass: same token valid",
        "Nobody looked, or what was seen allows no opinion",
        "Meta is down For 34 minutes sends and reads fail.",
    ):
        assert sentence in text


def test_it_can_be_printed(chromium: Browser, address: str) -> None:
    chromium.look(800, print_media=True)
    chromium.open(address)
    assert chromium.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(chromium.page("Page.printToPDF", printBackground=False)["data"]) > 20_000


PIECES = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title>", "</style>", "-->", "<!--")
PIECES += (
    "{{ 7*7 }}",
    "{% raw %}",
    "javascript:alert(1)",
    "' onload='alert(1)",
    '" style="x:y" a="',
    "&lt;",
    "&#60;",
)
PIECES += (
    "<svg/onload=alert(1)>",
    "]]>",
    "\u202e",
    "\x00",
    "<b>",
    "\ud800",
    "</time></li></ol></main>",
    "\\u003c",
)
PIECES += ("<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "<iframe srcdoc='<script>1'>")


def _hostile(count: int) -> list[str]:
    pick = random.Random(20_261_109)
    pairs = itertools.islice(itertools.product(PIECES, repeat=2), len(PIECES) ** 2)
    found = ["".join(one) for one in pairs]
    return [*found, *("".join(pick.choices(PIECES, k=4)) for _ in range(count - len(found)))]


def _hostile_week(said: list[str]) -> tuple[Report, list[Story]]:
    """A report in which every text that comes from outside is hostile."""
    rest = iter(said)
    restated = {
        day.date: Day(day.date, DayState.CLOSED, 2, figures(down_ms=HOUR), figures(), next(rest))
        for day in days({})
    }
    watched = [
        target(
            next(rest),
            state=State.OUTAGE,
            last=None,
            explanation=next(rest),
            remedy=next(rest),
            past=days({} if number else restated),
        )
        for number in range(3)
    ]
    watched = [msgspec.structs.replace(one, component=next(rest), account=next(rest)) for one in watched]
    found = [
        Incident(next(rest), Kind.OUTAGE, NOW_MS - HOUR, None, Verdict.SYSTEM_ERROR, Cause.SERVICE)
        for _ in range(20)
    ]
    told = [Told(NOW_MS, next(rest), next(rest), "t", "urgent", next(rest)) for _ in range(20)]
    theirs = metas_word(lambda _: next(rest))
    own = own_lines(lambda _: next(rest))
    said_of, held = people_said(found, lambda _: next(rest)), held_back(lambda _: next(rest))
    held = msgspec.structs.replace(held, targets=(next(rest),))
    stories = [Story(NOW_MS, one, one) for one in rest]
    now = report(watched, incidents=found, notices=told, reference=theirs)
    return msgspec.structs.replace(now, ourselves=own, standings=said_of, silences=(held,)), stories


SKELETON = """[...document.querySelectorAll('*')].map(e => e.tagName + ':' + e.getAttributeNames()).join(' ')"""


def test_p16_a_thousand_hostile_strings_stay_text_in_a_browser_that_would_run_them(chromium: Browser) -> None:
    hostile = _hostile(1000)
    assert len(hostile) == 1000
    calm = [f"calm {number}" for number in range(len(hostile))]
    skeletons = []
    for said in (calm, hostile):
        now, stories = _hostile_week(said)
        with served(Shown(now, stories)) as place:
            chromium.look(1280, scripts=True)
            chromium.open(f"http://{place}/")
            skeletons.append(chromium.ask(SKELETON))
            assert chromium.complaints() == []
            assert chromium.requested() == [f"http://{place}/", f"http://{place}/style.css"]
            text = chromium.ask("document.body.textContent")
    assert skeletons[0] == skeletons[1], "a hostile string became markup"
    assert text.count("<script>alert(1)</script>") > 180


def _hostile_details(said: list[str]) -> Shown:
    """Pages of a target, a day and an incident in which every text that comes from outside is hostile."""
    rest = iter(said)
    week = bad_week()
    worst = Day(date(2026, 11, 5), DayState.CLOSED, 2, figures(down_ms=HOUR), figures(), next(rest))
    watched = [
        target(
            "cloud-api",
            state=State.OUTAGE,
            explanation=next(rest),
            remedy=next(rest),
            past=days({worst.date: worst}),
            account=next(rest),
        )
    ]
    told = [
        Told(NOW_MS, next(rest), next(rest), "t", "urgent", next(rest), week.incidents[0].name) for _ in range(60)
    ]
    said_of = people_said(week.incidents, lambda _: next(rest))
    now = msgspec.structs.replace(week, targets=tuple(watched), notices=tuple(told), standings=said_of)
    shown = Shown(now)
    usual = chronicle(shown.now, "cloud-api", worst.date)
    assert usual is not None
    ruled = usual.rulings[0]
    shown.told_days[worst.date] = msgspec.structs.replace(
        usual,
        rulings=tuple(
            msgspec.structs.replace(ruled, author=next(rest), because=next(rest), withdrawn=number % 2 == 0)
            for number in range(250)
        ),
        trail=tuple(
            msgspec.structs.replace(usual.trail[0], author=next(rest), reason=next(rest)) for _ in range(150)
        ),
    )
    assert len(list(rest)) < 20, "all of them are shown"
    return shown


def test_a_thousand_hostile_strings_stay_text_on_the_other_pages_too(chromium: Browser) -> None:
    hostile = _hostile(1000)
    calm = [f"calm {number}" for number in range(len(hostile))]
    paths = ("target/cloud-api", "target/cloud-api/2026-11-05", "incident/cloud-api@2026-11-09T08:45:39Z")
    skeletons = []
    for said in (calm, hostile):
        with served(_hostile_details(said)) as place:
            chromium.look(1280, scripts=True)
            for path in paths:
                chromium.open(f"http://{place}/{path}")
                skeletons.append(chromium.ask(SKELETON))
                assert chromium.complaints() == []
                assert chromium.requested() == [f"http://{place}/{path}", f"http://{place}/style.css"]
    assert skeletons[:3] == skeletons[3:], "a hostile string became markup"
    assert chromium.ask("document.body.textContent").count("<script>alert(1)</script>") > 10


def test_a_day_of_which_nothing_is_known_looks_unknown(chromium: Browser) -> None:
    unseen = Day(date(2026, 11, 8), DayState.CLOSED, 1, figures(unobserved_ms=24 * HOUR))
    with served(Shown(report([target("new", past=days({unseen.date: unseen}, count=3))]))) as place:
        chromium.look(400)
        chromium.open(f"http://{place}/")
        heights = chromium.ask("[...document.querySelectorAll('.bars .bar')].slice(-3).map(b => b.offsetHeight)")
        words = chromium.ask("document.querySelectorAll('.bars .bar')[88].title")
    assert heights[0] == heights[1] == heights[2]
    assert words == "Sun 2026-11-08: no data; coverage 0.00 %, unobserved 24:00:00"

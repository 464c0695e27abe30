"""docs/availability.md says what the code computes: its worked day, every number of it, and every constant."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from wamon.core import cadence, publication, secondary, segments, tallies, uptime
from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.publication import beside_document, figures_document
from wamon.core.review import day_tallies
from wamon.core.secondary import secondary_document
from wamon.core.segments import ANSWERING, FAILING, Timeline, account
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.core.uptime import Figures, figures, percent_and_lost

PAGE = (Path(__file__).parent.parent / "docs" / "availability.md").read_text()
MIDNIGHT = parse_iso("2026-11-03T00:00:00Z")
TODAY = Span(MIDNIGHT, MIDNIGHT + DAY)
CONTEXT = Context("api", MINUTE)
SLOW = Context("api", MINUTE, slow=True)
FINDINGS = {
    "up": Finding(Verdict.OK, column=Column.UP),
    "slow": Finding(Verdict.OK, column=Column.UP, rule="success"),
    "down": Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN),
    "network": Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK),
    "refused": Finding(Verdict.USER_ERROR, Cause.VALIDATION, Column.USER),
    "expired": Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER),
}


def section(title: str) -> str:
    """From a heading to the next one."""
    return re.split(r"^## ", PAGE, flags=re.MULTILINE)[[*TITLES].index(title) + 1]


TITLES = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)


def block(name: str) -> list[str]:
    [text] = re.findall(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    return text.splitlines()


def at(clock: str) -> int:
    return parse_iso(f"2026-11-03T{clock}Z")


def told() -> tuple[dict[int, Finding], dict[str, list[Span]]]:
    """The looks that the page names, and its stretches by word."""
    looks: dict[int, Finding] = {}
    stretches: dict[str, list[Span]] = {}
    for line in block("looks"):
        first, *_, word = line.split()
        if word not in FINDINGS:
            stretches.setdefault(word, []).append(Span(at(first), at(line.split()[2])))
        elif " to " in line:
            _, _, last, _, step, _, _ = line.split()
            looks |= dict.fromkeys(range(at(first), at(last) + 1, int(step) * SECOND), FINDINGS[word])
        else:
            looks[at(first)] = FINDINGS[word]
    return looks, stretches


def replaced(looks: dict[int, Finding]) -> Iterator[Span]:
    """Between a failing look and the one after it, where that came soon, no regular one is made."""
    ordered = sorted(looks)
    for before, after in pairwise(ordered):
        if looks[before].column in FAILING and after - before <= cadence.SLOW_RECHECK_MS:
            yield Span(before + 1, after)


def marks() -> list[Mark]:
    looks, stretches = told()
    quiet = [*replaced(looks), *(Span(one.start_ms + 1, one.end_ms) for one in stretches["off"])]
    regular = {MIDNIGHT + n * MINUTE: FINDINGS["up"] for n in range(-60, 1500)}
    kept = {at_ms: one for at_ms, one in regular.items() if not any(span.holds(at_ms) for span in quiet)}
    return [
        Mark(at_ms, SLOW if finding is FINDINGS["slow"] else CONTEXT, finding)
        for at_ms, finding in sorted((kept | looks).items())
    ]


def timeline() -> Timeline:
    return account(marks(), MIDNIGHT + DAY + HOUR)


def sums() -> Figures:
    return figures(timeline(), TODAY, maintenance=told()[1]["maintenance"])


def number(value: float) -> str:
    return f"{value:g}" if value == int(value) else f"{value:.4f}"


def computed() -> list[str]:
    """The block of figures as it must read."""
    counted = sums()
    beside = secondary.secondary(
        timeline(), day_tallies(marks(), TODAY).within(TODAY), TODAY, maintenance=told()[1]["maintenance"]
    )
    shares = {
        "coverage": (counted.unobserved_ms, counted.expected_ms),
        "availability": (counted.down_ms, counted.platform_ms),
        "availability_meta": (counted.meta_down_ms, counted.total_ms),
        "availability_experienced": (
            counted.down_ms + counted.network_ms + counted.user_error_ms,
            counted.observed_ms,
        ),
    }
    lines = [f"seconds {number(counted.total_ms / SECOND)}"]
    for name, value in figures_document(counted).items():
        lines.append(f"{name} {percent_and_lost(*shares[name]) if name in shares else number(value or 0)}")
    lines.append(f"blips {counted.blips}")
    lines += [f"{name} {number(value)}" for name, value in beside_document(counted).items()]
    return lines + [f"{name} {number(value or 0)}" for name, value in (secondary_document(beside) or {}).items()]


def test_the_worked_day_computes() -> None:
    assert block("figures") == computed()


def test_every_number_told_of_the_worked_day_is_one_that_was_computed() -> None:
    """Instants of looks and edges of stretches, lengths of segments and brackets, sums."""
    day = timeline()
    prose = re.sub(r"```.*?```", "", section("One day, worked"), flags=re.DOTALL)
    looks, stretches = told()
    spans = [*(one.span for one in day.segments), *day.proven, *day.brackets, *day.slow, *stretches["maintenance"]]
    spans += [Span(one.end_ms, two.start_ms) for one, two in pairwise(day.segments)]
    edges = {edge for span in [*spans, *stretches["off"]] for edge in span} | set(looks)
    clocks = {f"{edge // HOUR % 24:02}:{edge // MINUTE % 60:02}:{edge // SECOND % 60:02}" for edge in edges}
    lengths = {span.length_ms // SECOND for span in spans} | {sums().user_error_ms // SECOND}
    lengths |= {reach // SECOND for reach in (segments.reach_ms(MINUTE), segments.META_MINIMUM_MS)}
    known = {*clocks, *(f"{length} s" for length in lengths), "2026-11-03"}
    known |= {f"{cadence.QUICK_RECHECKS and 10} s", f"{segments.NEAR_MS // MINUTE} min"}
    found = re.findall(r"\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d|\d[\d,.]* (?:s|min)\b|\d+", prose)
    assert {one for one in found if one not in known} == set()
    assert len(found) > 25


CONSTANTS = [
    (f"at most {segments.reach_ms(HOUR) / HOUR} of its interval", 1),
    (f"({segments.reach_ms(SECOND) / MINUTE} of a minute", 1),
    ("after 10 s, ", 1),
    (f"{cadence.QUICK_RECHECKS} times, then every {cadence.SLOW_RECHECK_MS // SECOND} s while it fails", 1),
    (f"after {cadence.FIRST_CANARY_AGAIN_MS // MINUTE} min, then", 1),
    (f"every {cadence.CANARY_AGAIN_MS // MINUTE} min. Looking", 1),
    ("2 failed looks in a row are an outage", 1),
    (f"within {segments.NEAR_MS // MINUTE} min before or after", 1),
    (f"at most {segments.BRIDGED_INTERVALS} intervals long", 1),
    (f"after {segments.MAINTENANCE_ALLOWANCE_MS // MINUTE} min of it in a row", 1),
    ("23 to 25 hours", 1),
    (f"chains of at least {segments.META_MINIMUM_MS // SECOND} s", 1),
    (f"at most {segments.CHAIN_GAP_MS // SECOND} s apart", 1),
    ("| 1 - ", 4),
    ("never 0, never 100,", 1),
    (f"Under {uptime.SUFFICIENT_COVERAGE:.2f} of coverage", 1),
    ("100 % is only said", 1),
    ("at least 2 of them (with 1, that one)", 1),
    (f"rows of {secondary.ROW_OF_BAD_MINUTES} and more", 1),
    ("at 95 %", 1),
    (f"windows of {tallies.WINDOW_MS // MINUTE} min", 1),
]
METHOD = ("From looks to time", "The figures of a day", "The platform, and many numbers", "Secondary lines")


def test_every_constant_of_the_method_is_the_codes_own() -> None:
    """What is left without a digit after all known phrases are taken out cannot be wrong about a number."""
    text = " ".join(" ".join(section(title) for title in METHOD).split())
    for phrase, times in CONSTANTS:
        assert text.count(phrase) == times, phrase
        text = text.replace(phrase, "")
    text = re.sub(r"^\d+\. |(?<= )\d+\. \*\*", "", text)
    assert re.findall(r".{20}\d.{20}", text) == []


@pytest.mark.parametrize("name", ["figures", "secondary"])
def test_every_published_name_is_explained(name: str) -> None:
    ours = figures_document(Figures()) | beside_document(Figures())
    names = ours if name == "figures" else secondary_document(secondary.Secondary())
    explained = set(re.findall(r"`([a-z_]+)`", section("The figures of a day") + section("Secondary lines")))
    explained |= {f"success_ratio{tail}" for tail in explained if tail.startswith("_")}
    assert set(names or ()) - explained == set()


def test_unproved_causes_and_answers_are_those_the_page_names() -> None:
    named = {"authentication": "tokens", "permission": "permissions", "throttling": "limits"}
    line = next(line for line in PAGE.splitlines() if line.startswith("| `unproved_s`"))
    for cause in uptime.UNPROVED_CAUSES:
        assert named.get(cause.value, cause.value) in line
    assert {Column.UP, Column.USER} == ANSWERING


def test_a_day_closes_and_freezes_when_the_page_says() -> None:
    text = section("What happens to a day afterwards")
    assert cadence.CLOSES_AFTER_MS == 15 * MINUTE
    assert "a quarter of an hour after its end" in text
    assert publication.FINAL_BUSINESS_DAY == 10
    assert "tenth business day of the following month" in " ".join(text.split())

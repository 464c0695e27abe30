"""docs/operations.md: every alert and kind of notice has its place there, with a meaning and a first step."""

import re
from pathlib import Path

import pytest
import yaml

from tests.cli.program import wamon
from wamon.core.incident import Kind

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text()
RULES = yaml.safe_load((ROOT / "config" / "prometheus" / "rules.yml").read_text())
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
PLACES = dict(re.findall(r"^### (.+)\n\n((?:.+\n)+)", PAGE, re.MULTILINE))


def anchor(heading: str) -> str:
    """How a heading is linked to where the page is shown."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_page_speaks_of_the_alerts_and_kinds_there_are_and_of_no_others() -> None:
    assert PLACES.keys() == ALERTS.keys() | {"Notice: the last word", *(f"Notice: {kind.value}" for kind in Kind)}


@pytest.mark.parametrize("heading", PLACES)
def test_every_place_says_what_it_means_and_what_to_do_first(heading: str) -> None:
    assert re.match(r"\*\*Means\*\* [\s\S]{25,}\n\*\*First\*\* [\s\S]{20,}", PLACES[heading]), PLACES[heading]


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_leads_to_its_place(alert: str) -> None:
    assert ALERTS[alert]["annotations"]["runbook"] == f"docs/operations.md#{anchor(alert)}"


def test_every_command_that_is_named_exists() -> None:
    commands = set(re.findall(r"^  ([a-z-]+) ", wamon("--help").out, re.MULTILINE))
    on_the_page = set(re.findall(r"`wamon ([a-z-]+)[^`]*`", PAGE))
    descriptions = [rule["annotations"]["description"] for rule in ALERTS.values()]
    in_alerts = {name for text in descriptions for name in re.findall(r"(?:^|[:;(] |and )wamon ([a-z-]+)", text)}
    assert {"status", "probe", "notify"} <= on_the_page & in_alerts
    assert on_the_page | in_alerts <= commands

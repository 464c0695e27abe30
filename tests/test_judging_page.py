"""docs/judging.md names every rule there is, in the order in which they are asked, and no other."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from wamon.core.rules_hindsight import HINDSIGHT
from wamon.core.rules_live import RULES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "judging.md").read_text()
LIVE, LATER = PAGE.split("## A week later")


def rows(part: str) -> list[list[str]]:
    """The cells of the numbered rows of a part's table."""
    lines = re.findall(r"^\| \d+ \|.*\|$", part, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(("part", "rules"), [(LIVE, RULES), (LATER, HINDSIGHT)], ids=["live", "hindsight"])
def test_the_page_and_the_code_name_the_same_rules_in_the_same_order(
    part: str, rules: Sequence[Callable[..., object]]
) -> None:
    told = rows(part)
    assert [row[1].strip("`") for row in told] == [rule.__name__ for rule in rules]
    assert [row[0] for row in told] == [str(place) for place in range(1, len(rules) + 1)]
    assert all(all(row) for row in told), "every cell says something"


def test_the_readme_leads_there() -> None:
    assert "(docs/judging.md)" in (ROOT / "README.md").read_text()

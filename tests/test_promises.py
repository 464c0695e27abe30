"""docs/promises.md: every promise has its line with a test named after it, and every test named there exists."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "promises.md").read_text()
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)


def test_every_promise_has_a_line_with_a_test_named_after_it() -> None:
    lines = re.findall(r"^\| (P\d+) \|(.*)$", PAGE, re.MULTILINE)
    assert [name for name, _ in lines] == [f"P{number}" for number in range(1, 26)]
    assert [name for name, line in lines if not re.search(rf"::test_(p\d+_)*{name.lower()}_", line)] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert re.search(rf"^(async )?def {name}\(", (TESTS / file).read_text(), re.MULTILINE)

"""Every sentence of the arithmetic names the tests that prove it, and they exist."""

import re
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
PROOFS = tomllib.loads((Path(__file__).parent / "proofs.toml").read_text())
RULES = [(rule, tests) for section in PROOFS.values() for rule, tests in section.items()]


@pytest.mark.parametrize(("rule", "tests"), RULES, ids=[rule for rule, _ in RULES])
def test_what_proves_a_sentence_exists(rule: str, tests: list[str]) -> None:
    assert tests, rule
    for one in tests:
        path, name = one.split("::")
        assert re.search(rf"^(async )?(def|class) {name}\b", (TESTS / path).read_text(), re.MULTILINE), one

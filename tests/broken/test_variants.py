"""Each promise's test fails where the promise is broken: a copy of the tree with one line changed shows it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VARIANTS = tomllib.loads(Path(__file__).with_name("variants.toml").read_text())
PAGE = (ROOT / "docs" / "promises.md").read_text()
FOLDERS = ("config", "docs", "scripts", "systemd", "tests", "wamon")
FILES = ("Makefile", "README.md", "pyproject.toml", "requirements.lock")


def test_every_promise_has_a_broken_variant_or_says_why_not() -> None:
    without = re.findall(r"^\| (P\d+) \|.*no broken variant[^|]*\|$", PAGE, re.MULTILINE)
    assert sorted([*VARIANTS, *without]) == sorted(f"P{number}" for number in range(1, 26))


@pytest.mark.parametrize("promise", VARIANTS)
def test_what_a_variant_breaks_is_still_there_and_its_test_is_the_promise_s(promise: str) -> None:
    variant = VARIANTS[promise]
    assert (ROOT / variant["file"]).read_text().count(variant["old"]) == 1
    (line,) = re.findall(rf"^\| {promise} \|(.*)$", PAGE, re.MULTILINE)
    assert f"`{variant['test']}`" in line


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("promise", VARIANTS)
def test_the_test_of_a_promise_notices_that_it_is_broken(promise: str, tmp_path: Path) -> None:
    variant = VARIANTS[promise]
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    assert ended(tmp_path, variant["test"]).returncode == 0, "as it is, the promise holds"
    broken = tmp_path / variant["file"]
    broken.write_text(broken.read_text().replace(variant["old"], variant["new"]))
    told = ended(tmp_path, variant["test"])
    assert told.returncode == 1, f"{variant['what']}, and nobody notices:\n{told.stdout}"
    assert re.search(r"\d+ failed", told.stdout), told.stdout


def ended(tree: Path, test: str) -> subprocess.CompletedProcess[str]:
    """One test in a copy of the tree, whose wamon comes first in every process that it starts."""
    environ = {**os.environ, "PYTHONPATH": str(tree), "WAMON_SOAK": "", "PYTHONDONTWRITEBYTECODE": "1"}
    options = ("-q", "-x", "--tb=short", "-p", "no:cacheprovider", "-o", "timeout=120")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"tests/{test}"],
        cwd=tree,
        env=environ,
        capture_output=True,
        text=True,
    )

"""docs/reference.md says what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_reference_is_made_from_the_code_as_it_is() -> None:
    written = runpy.run_path(str(ROOT / "scripts" / "reference.py"))["page"]()
    assert (ROOT / "docs" / "reference.md").read_text() == written, "make it anew: make reference"


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in readme]
    assert missing == []

"""HTML letters as a mail client shows them: by day and by night, on a phone and a desk, with nothing fetched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.axe import violations
from tests.web.browser import Browser, browser

GOLDEN = Path(__file__).parents[1] / "golden" / "notices"
COLOURS = {"light": "background:#fff;color:#202124", "dark": "background:#1f1f1f;color:#e3e3e3"}


@pytest.fixture(scope="module")
def chromium(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(chromium_path, tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.mark.parametrize("colours", COLOURS)
@pytest.mark.parametrize("width", [360, 900])
@pytest.mark.parametrize("letter", sorted(one.name for one in GOLDEN.glob("*.html")))
def test_it_reads_well_wherever_it_is_shown(
    chromium: Browser, tmp_path: Path, letter: str, width: int, colours: str
) -> None:
    title, _, text = (GOLDEN / letter).read_text().partition("\n")
    frame = f'<!doctype html><html lang="en"><meta charset="utf-8">{title}<body style="{COLOURS[colours]}">'
    (tmp_path / letter).write_text(f"{frame}<main><h1>The subject</h1>{text}</main>")
    chromium.look(width, dark=colours == "dark", scripts=True)
    chromium.open((tmp_path / letter).as_uri())
    assert chromium.ask("document.documentElement.scrollWidth") == width, "it is read without moving it about"
    assert chromium.requested() == [(tmp_path / letter).as_uri()], "nothing is fetched from anywhere"
    assert violations(chromium) == []

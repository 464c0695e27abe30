"""The shelf: a ledger in memory and one in a file, for everything that must hold for both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ledger.sample import SHELVES, Story, tell


@pytest.fixture(params=SHELVES, ids=str)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    """``shelf(story)`` runs an async story with a ledger; a second one in a file finds the book of the first."""
    return lambda story: tell(story, lambda: SHELVES[request.param](tmp_path))

"""axe-core in our own browser: the engine comes with a pinned package, nothing is fetched while tests run."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from tests.web.browser import Browser

MOST = "{exclude: ['.bars li:nth-child(n+8)']}"
"""A week of bars speaks for the other twelve."""

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@cache
def _engine() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


def violations(chromium: Browser) -> list[str]:
    """What axe-core finds on the open page: rule, why, and the first places."""
    chromium.ask(f"{_engine()}; typeof axe")
    options = json.dumps({"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
    found: dict[str, Any] = json.loads(chromium.ask(f"axe.run({MOST}, {options}).then(JSON.stringify)"))
    assert len(found["passes"]) > 10, "it has really looked"
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes'][:3]]}"
        for one in found["violations"]
    ]

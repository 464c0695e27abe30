"""Graph API versions and the days they end; Meta has no endpoint that tells (looked for, not found)."""

from datetime import date
from typing import NamedTuple


class GraphVersion(NamedTuple):
    """``expires`` is None while Meta has not announced it. ``note`` says what is uncertain."""

    name: str
    released: date
    expires: date | None
    note: str = ""

    @property
    def number(self) -> tuple[int, int]:
        """For comparing."""
        return version_number(self.name)


SOURCE = "https://developers.facebook.com/docs/graph-api/changelog"
READ_ON = date(2026, 9, 30)
"""The state of the table; Meta may have changed its mind since."""

GRAPH_VERSIONS = (
    GraphVersion("v18.0", date(2023, 9, 12), date(2026, 1, 26), "release date not seen at the source"),
    GraphVersion("v19.0", date(2024, 1, 23), date(2026, 5, 21), "dates not seen at the source"),
    GraphVersion("v20.0", date(2024, 5, 21), date(2026, 9, 24)),
    GraphVersion("v21.0", date(2024, 10, 2), date(2027, 1, 21)),
    GraphVersion("v22.0", date(2025, 1, 21), date(2027, 5, 20), "one reading says 29 May 2027"),
    GraphVersion("v23.0", date(2025, 5, 29), date(2027, 10, 8)),
    GraphVersion("v24.0", date(2025, 10, 8), date(2028, 2, 18)),
    GraphVersion("v25.0", date(2026, 2, 18), date(2028, 7, 29)),
    GraphVersion("v26.0", date(2026, 7, 29), None),
)
SOON_DAYS = 90
"""How long before the end a version is worth a word: an application needs a release for it."""


def version_number(name: str) -> tuple[int, int]:
    """``v25.0`` as (25, 0)."""
    major, _, minor = name.removeprefix("v").partition(".")
    return int(major), int(minor)


def version_advice(name: str, today: date) -> str | None:
    """A sentence when the version has expired, expires soon or is unknown; else None."""
    known = {one.name: one for one in GRAPH_VERSIONS}
    newest, oldest = GRAPH_VERSIONS[-1], GRAPH_VERSIONS[0]
    version = known.get(name)
    if version is None and version_number(name) > newest.number:
        return f"{name} is newer than {newest.name}, the newest known on {READ_ON}; make sure that it exists"
    if version is None or version.expires is None:
        return _gone(name, f"expired before {oldest.name}") if version is None else None
    left = (version.expires - today).days
    if left <= 0:
        return _gone(name, f"expired on {version.expires}")
    if left <= SOON_DAYS:
        days = "1 day" if left == 1 else f"{left} days"
        return f"{name} expires on {version.expires}, in {days}; move to {newest.name}"
    return None


def _gone(name: str, when: str) -> str:
    newest = GRAPH_VERSIONS[-1].name
    return f"{name} {when}, and Meta silently answers with its oldest usable version instead; move to {newest}"

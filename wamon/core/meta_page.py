"""Meta's own status page as values: what it says of its services, outages and figures. Kept, never trusted."""

import re
from enum import StrEnum
from typing import NamedTuple

import msgspec

from wamon.core.timeline import HOUR, MINUTE

WHATSAPP, GRAPH, LOGIN = "whatsapp-business-api", "graph-api", "facebook-login"
ORGS = (WHATSAPP, GRAPH, LOGIN)
"""The parts of Meta's page that are read: tokens and the Graph layer are shared with everybody else.

Seen in the source of open dashboards, read 2026-07-31; Meta documents none of these addresses.
"""

UPTIME, LATENCY_P90, LATENCY_P99 = (
    "cloudapi_uptime_daily",
    "event_tagging_latency_last_31_days_p90_s3",
    "event_tagging_latency_last_31_days_p99_s3",
)
"""Series of daily values, the newest last: percent, and milliseconds."""

OFTEN_MS = 5 * MINUTE
"""Nobody asks Meta's page more often. Its figures are refreshed once a day ("Status", read 2026-06-17)."""


class Light(StrEnum):
    """The lights of Meta's page; ``unknown`` for whatever cannot be read as one of them, never green."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    UNKNOWN = "unknown"


_KEY_WORDS = {
    Light.GREEN: frozenset({"resolved"}),
    Light.YELLOW: frozenset({"low", "minor", "medium", "some", "recovering"}),
    Light.RED: frozenset({"high", "major", "down"}),
}
"""Words of the page and of its documentation ("Status", Indicators, read 2026-06-17), by the sign they mean."""

_ALL_WELL = re.compile(r"no (known )?issues")
_NEGATION = frozenset({"no", "not", "never", "without"})


def light_of(said: str) -> Light:
    """The sign that Meta's words mean; unknown where they contradict each other or say something new."""
    words = re.findall(r"[a-z]+", said.lower())
    if _ALL_WELL.fullmatch(" ".join(words)):
        return Light.GREEN
    meant = [light for light, keys in _KEY_WORDS.items() if keys.intersection(words)]
    return meant[0] if len(meant) == 1 and not _NEGATION.intersection(words) else Light.UNKNOWN


def worst(lights: list[Light]) -> Light:
    """The worst of several signs: red, yellow, then unknown before green; unknown for none."""
    order = (Light.RED, Light.YELLOW, Light.UNKNOWN, Light.GREEN)
    return min(lights, key=order.index, default=Light.UNKNOWN)


class Sign(msgspec.Struct, frozen=True, tag="service"):
    """What the page says of one service. ``id`` is Meta's, as text; empty where there was none."""

    org: str
    id: str
    name: str
    said: str


class Post(msgspec.Struct, frozen=True):
    """One entry of an outage: Meta's words for its state, a text, and when; the time may be missing."""

    said: str
    text: str = ""
    at_ms: int | None = None


class OutageWord(msgspec.Struct, frozen=True, tag="outage"):
    """An outage as Meta tells it. ``service`` is a name where the page gives one; posts stand as they came."""

    org: str
    id: str
    said: str
    service_id: str = ""
    service: str = ""
    title: str = ""
    at_ms: int | None = None
    posts: tuple[Post, ...] = ()


class Series(msgspec.Struct, frozen=True, tag="series"):
    """Daily values, the newest last; None where one could not be read. Percent, or milliseconds.

    ``day`` is the UTC day on which they were read: the values carry no dates, so that the same ones a day later
    say something else. Empty where that does not matter.
    """

    metric: str
    values: tuple[float | None, ...]
    day: str = ""


class FeedEntry(msgspec.Struct, frozen=True, tag="entry"):
    """One entry of the RSS feed, which carries open events only."""

    id: str
    title: str
    text: str = ""
    at_ms: int | None = None


Part = Sign | OutageWord | Series | FeedEntry
"""A piece of a page that is kept once however often it is seen."""


class Version(msgspec.Struct, frozen=True):
    """A page as it read from an instant on, until the next version of the same page."""

    page: str
    seen_ms: int
    parts: tuple[Part, ...]


class Change(msgspec.Struct, frozen=True):
    """Meta's past reads otherwise than it did: what, before, after, and since when."""

    seen_ms: int
    what: str
    before: str
    after: str


class PageKind(StrEnum):
    """What a page holds, and so how it is read."""

    SERVICES = "services"
    OUTAGES = "outages"
    HISTORY = "history"
    SERIES = "series"
    FEED = "feed"


class Page(NamedTuple):
    """One address below the page's own. ``subject`` is an org or a metric; ``every_ms``: asked no more often."""

    path: str
    kind: PageKind
    subject: str
    every_ms: int


SERVICES_PAGE = Page("data/orgs.json", PageKind.SERVICES, "", OFTEN_MS)
FEED_PAGE = Page(f"outage-events-feed-{WHATSAPP}.rss", PageKind.FEED, WHATSAPP, OFTEN_MS)

PAGES = (
    SERVICES_PAGE,
    *(Page(f"data/outages/{org}.json", PageKind.OUTAGES, org, OFTEN_MS) for org in ORGS),
    *(Page(f"data/outages/{org}.history.json", PageKind.HISTORY, org, OFTEN_MS) for org in ORGS),
    *(
        Page(f"metrics/{WHATSAPP}/{metric}.json", PageKind.SERIES, metric, HOUR)
        for metric in (UPTIME, LATENCY_P90, LATENCY_P99)
    ),
    FEED_PAGE,
)
"""Everything that is read, in this order, one after the other."""

_BY_PATH = {page.path: page for page in PAGES}


def page_of(path: str) -> Page | None:
    """The page of a path; None for one that an earlier version of ours may have read."""
    return _BY_PATH.get(path)

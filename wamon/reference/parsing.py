"""The pages of Meta's status site, from bytes to values of ours. Total: None is "this is not that page"."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wamon.core.meta_page import (
    ORGS,
    UPTIME,
    OutageWord,
    Page,
    PageKind,
    Part,
    Post,
    Series,
    Sign,
)
from wamon.reference.feed import feed
from wamon.reference.soft import decoded, instant, number, text

MOST_SERVICES = 100
MOST_OUTAGES = 500
MOST_POSTS = 50
MOST_VALUES = 400
"""More of each is dropped, the oldest first: a page must not fill the ledger."""

NAME, WORDS, STORY = 100, 60, 600
"""Characters kept of a name, of words for a state, of a post's text."""


def read(page: Page, raw: bytes) -> tuple[Part, ...] | None:
    """What a page says; None where the bytes are not that page. Never raises."""
    parts = READERS[page.kind](raw, page.subject)
    return None if parts is None else tuple(parts)


def services(raw: bytes, _subject: str) -> list[Part] | None:
    """The services of the parts of Meta that concern us, in the page's order; without any it is not the page."""
    listed = decoded(raw)
    if not isinstance(listed, list):
        return None
    found: list[Part] = []
    for org in _objects(listed):
        name = text(org.get("id"), NAME)
        if name in ORGS and isinstance(org.get("services"), list):
            found += [one for raw_one in _objects(org["services"]) if (one := _service(name, raw_one)) is not None]
    return found[:MOST_SERVICES] or None


def _service(org: str, raw: Mapping[str, Any]) -> Sign | None:
    name = text(raw.get("name"), NAME)
    return Sign(org, text(raw.get("id"), NAME), name, text(raw.get("status"), WORDS)) if name else None


def checked(raw: bytes) -> dict[tuple[str, str], int]:
    """When Meta says it last checked each service, by org and name.

    Apart from `services`, because it moves with every check: it is shown and not kept.
    """
    listed = decoded(raw)
    return {
        (text(org.get("id"), NAME), text(one.get("name"), NAME)): at_ms
        for org in _objects(listed)
        for one in _objects(org.get("services"))[:MOST_SERVICES]
        if (at_ms := instant(one.get("time"))) is not None and text(org.get("id"), NAME) in ORGS
    }


def outages(raw: bytes, org: str) -> list[Part] | None:
    """Outages, the latest ones where there are too many; an empty list is a page that has none."""
    listed = decoded(raw)
    if not isinstance(listed, list):
        return None
    found = [_outage(org, one) for one in _objects(listed)]
    if listed and not found:
        return None
    if len(found) > MOST_OUTAGES:
        latest = sorted(range(len(found)), key=lambda place: found[place].at_ms or 0)[-MOST_OUTAGES:]
        found = [found[place] for place in sorted(latest)]
    return list(found)


def _outage(org: str, raw: Mapping[str, Any]) -> OutageWord:
    posts = [_post(one) for one in _objects(raw.get("posts"))]
    told = next((one.text for one in posts if one.text), "")
    return OutageWord(
        org,
        text(raw.get("id"), NAME),
        text(raw.get("status"), WORDS),
        service_id=text(raw.get("service_id"), NAME),
        service=text(raw.get("service_name"), NAME) or text(raw.get("service"), NAME),
        title=text(raw.get("title"), NAME) or told[:NAME],
        at_ms=instant(raw.get("time")),
        posts=tuple(posts if len(posts) <= MOST_POSTS else [posts[0], *posts[1 - MOST_POSTS :]]),
    )


def _post(raw: Mapping[str, Any]) -> Post:
    said, told = text(raw.get("status"), WORDS), text(raw.get("description"), STORY)
    return Post(said, told, instant(raw.get("time")))


def series(raw: bytes, metric: str) -> list[Part] | None:
    """Daily values. Uptime in percent, also where the page gives ratios; what cannot be one is None."""
    document = decoded(raw)
    listed = document.get("values") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        return None
    values = [number(one) for one in listed[-MOST_VALUES:]]
    if metric == UPTIME:
        values = _percent(values)
    kept = tuple(None if one is None or one < 0 else round(one, 6) for one in values)
    return [Series(metric, kept)] if any(one is not None for one in kept) else None


def _percent(values: list[float | None]) -> list[float | None]:
    """Ratios where nothing is above one, else percent: a day of less than 1 % stands among better ones."""
    known = [one for one in values if one is not None]
    factor = 100.0 if known and max(known) <= 1 else 1.0
    return [None if one is None or one * factor > 100 else one * factor for one in values]


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; what else stands there is skipped."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


READERS: Mapping[PageKind, Callable[[bytes, str], Iterable[Part] | None]] = {
    PageKind.SERVICES: services,
    PageKind.OUTAGES: outages,
    PageKind.HISTORY: outages,
    PageKind.SERIES: series,
    PageKind.FEED: feed,
}

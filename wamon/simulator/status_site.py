"""Meta's status page as the simulator serves it: the addresses that were seen, filled by a script of posts."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from email.utils import formatdate
from functools import partial
from html import escape
from zoneinfo import ZoneInfo

from wamon.core.meta_page import (
    FEED_PAGE,
    GRAPH,
    LATENCY_P90,
    LATENCY_P99,
    LOGIN,
    ORGS,
    SERVICES_PAGE,
    UPTIME,
    WHATSAPP,
)
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, day_of
from wamon.simulator.faults import Fault, plain_replacement
from wamon.simulator.http11 import Answer, Request
from wamon.simulator.scenario import Call, MetaOutage, MetaPost, Script

SERVICES = {
    WHATSAPP: {"1": "Cloud API", "3": "WhatsApp Business account management", "4": "Embedded Signup"},
    GRAPH: {"1": "Graph API"},
    LOGIN: {"1": "Facebook Login"},
}
WELL = "No known issues"
SERIES_DAYS = 31
REFRESHED_MS = 3 * HOUR
"""A day's value appears so long after its end, on a clock of UTC."""

_UTC = ZoneInfo("UTC")


class StatusSite:
    """Answers with what the script says is posted at an instant; ``asked`` counts requests by path."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: dict[str, int] = {}
        self._pages: dict[str, Callable[[int], object]] = {
            SERVICES_PAGE.path: self._services,
            FEED_PAGE.path: self._feed,
            f"metrics/{WHATSAPP}/{UPTIME}.json": self._uptime,
            f"metrics/{WHATSAPP}/{LATENCY_P90}.json": lambda _: {"values": [1_397] * SERIES_DAYS},
            f"metrics/{WHATSAPP}/{LATENCY_P99}.json": lambda _: {"values": [2_891] * SERIES_DAYS},
        }
        for org in ORGS:
            self._pages[f"data/outages/{org}.json"] = partial(self._outages, org, over=False)
            self._pages[f"data/outages/{org}.history.json"] = partial(self._outages, org, over=True)

    @property
    def calls(self) -> frozenset[Call]:
        """Everything that can be asked of it."""
        return frozenset({Call.REFERENCE})

    def call(self, request: Request) -> Call:
        """Every request is for what Meta posts."""
        del request
        return Call.REFERENCE

    def answer(self, request: Request, fault: Fault | None, now_ms: int) -> Answer:
        """The page, 304 for one that the client has, 404 for what is none, or what the fault puts there."""
        if (replacement := plain_replacement(fault)) is not None:
            return replacement
        path = request.path.strip("/")
        self.asked[path] = self.asked.get(path, 0) + 1
        page = self._pages.get(path)
        if page is None:
            return Answer(404, b"<!DOCTYPE html><title>Not Found</title>", (("Content-Type", "text/html"),))
        found = page(now_ms)
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(304, b"", (("ETag", tag),))
        kind = "application/rss+xml" if path == FEED_PAGE.path else "application/json"
        return Answer(200, body, (("Content-Type", kind), ("ETag", tag)))

    def _services(self, now_ms: int) -> list[object]:
        said = {
            (one.org, one.service_id): posts[-1].said
            for one in self.script.outages
            if (posts := one.posted(now_ms)) and not one.is_over(now_ms)
        }
        checked = str(now_ms // MINUTE * 60)
        return [
            {
                "id": org,
                "name": org,
                "services": [
                    {"id": int(number), "name": name, "status": said.get((org, number), WELL), "time": checked}
                    for number, name in services.items()
                ],
                "rss_file_paths": [FEED_PAGE.path],
            }
            for org, services in SERVICES.items()
        ]

    def _outages(self, org: str, now_ms: int, *, over: bool) -> list[object]:
        return [
            _document(one, posts)
            for one in self.script.outages
            if one.org == org and (posts := one.posted(now_ms)) and one.is_over(now_ms) is over
        ]

    def _uptime(self, now_ms: int) -> dict[str, object]:
        newest = day_of(now_ms - REFRESHED_MS - DAY, _UTC)
        days = [newest - timedelta(days=back) for back in range(SERIES_DAYS - 1, -1, -1)]
        return {"values": [_said_of(day, self.script.figures, now_ms) for day in days]}

    def _feed(self, now_ms: int) -> bytes:
        entries = [
            f"<item><guid>{one.outage_id}</guid><title>{SERVICES[one.org][one.service_id]}</title>"
            f"<description>{escape(posts[-1].text)}</description>"
            f"<pubDate>{formatdate(posts[0].time_ms / SECOND)}</pubDate></item>"
            for one in self.script.outages
            if (posts := one.posted(now_ms)) and not one.is_over(now_ms)
        ]
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
            f"<title>WhatsApp Business Platform Status</title>{''.join(entries)}</channel></rss>"
        ).encode()


def _document(one: MetaOutage, posts: Iterable[MetaPost]) -> Mapping[str, object]:
    told = [{"status": post.said, "description": post.text, "time": str(post.time_ms // SECOND)} for post in posts]
    return {
        "id": one.outage_id,
        "service_id": int(one.service_id),
        "status": told[-1]["status"],
        "time": told[-1]["time"],
        "posts": told,
    }


def _said_of(day: date, figures: Iterable[tuple[date, float, int]], now_ms: int) -> float:
    """A day's value as last published: what is not scripted was perfect."""
    known = [(published_ms, value) for of, value, published_ms in figures if of == day and published_ms <= now_ms]
    return max(known)[1] if known else 100.0

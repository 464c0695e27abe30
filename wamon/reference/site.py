"""Meta's status site, asked for one page at a time, and only for what changed since it was read before."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from wamon.core.meta_page import SERVICES_PAGE, Page, Part
from wamon.core.timeline import SECOND
from wamon.reference.parsing import checked, read
from wamon.wire.exchange import fetch, open_client
from wamon.wire.request import Request
from wamon.wire.resolver import Resolver
from wamon.wire.trust import trust

TIMEOUT_MS = 10 * SECOND
LARGEST_BYTES = 2 * 1024 * 1024
"""More than this is no page that was ever seen, and is not read to its end."""

_LONGEST_TAG = 200


class Answer(msgspec.Struct, frozen=True):
    """What asking for a page came to. ``parts`` is None where there is nothing new, or nothing that could be read.

    ``checked`` is when Meta last checked each service, by org and name. ``trouble`` says why it could not be read,
    empty where it could; ``silent``: nobody answered, so that asking for another page is of no use.
    """

    parts: tuple[Part, ...] | None = None
    checked: Mapping[tuple[str, str], int] = {}
    trouble: str = ""
    silent: bool = False


class _Tags(NamedTuple):
    etag: str
    modified: str


class Site:
    """The site below one address. Remembers what to quote so that an unchanged page is not sent again."""

    def __init__(self, base_url: str, *, timeout_ms: int = TIMEOUT_MS, resolver: Resolver | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._timeout_ms = timeout_ms
        self._client = open_client(trust(None), resolver=resolver)
        self._tags: dict[str, _Tags] = {}

    async def read(self, page: Page) -> Answer:
        """Ask for a page now. Never raises for what comes back; redirects are not followed."""
        quoted = self._tags.get(page.path)
        request = Request("GET", f"{self._base_url}/{page.path}", headers=_conditions(quoted))
        found = await fetch(self._client, request, timeout_ms=self._timeout_ms, body_bytes=LARGEST_BYTES)
        if found.failure is not None:
            return Answer(trouble=f"{page.path}: {found.detail}", silent=found.http_status is None)
        if found.http_status == 304 and quoted is not None:
            return Answer()
        if found.http_status != 200:
            return Answer(trouble=f"{page.path}: answered {found.http_status}")
        # Reading two megabytes takes longer than a probe may have to wait.
        answer = await asyncio.to_thread(_read, page, found.body)
        if answer.parts is None:
            return answer
        self._tags[page.path] = _Tags(_quotable(found.etag), _quotable(found.modified))
        return answer

    def forget(self, page: Page) -> None:
        """Ask for the whole page the next time: what was read of it was lost."""
        self._tags.pop(page.path, None)

    async def close(self) -> None:
        """Close the client and its resolver's threads."""
        await self._client.aclose()


def _read(page: Page, body: bytes) -> Answer:
    parts = read(page, body)
    if parts is None:
        return Answer(trouble=f"{page.path}: answered with something else than this page")
    return Answer(parts, checked(body) if page is SERVICES_PAGE else {})


def _conditions(tags: _Tags | None) -> tuple[tuple[str, str], ...]:
    given = zip(("If-None-Match", "If-Modified-Since"), tags or (), strict=False)
    return tuple((name, value) for name, value in given if value)


def _quotable(tag: str) -> str:
    """A tag that may be sent back as it came; else none."""
    return tag if len(tag) <= _LONGEST_TAG and tag.isascii() and tag.isprintable() else ""

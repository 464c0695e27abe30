"""The pages for people: one method a page, painted beside the loop from templates that are read once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wamon.core.chronicle import Chronicle
from wamon.core.clients import chronicle_of_client, of_client
from wamon.core.report import Report
from wamon.web.clients import client_href
from wamon.web.details import day_page, incident_page, target_page
from wamon.web.view import Story, page
from wamon.web.words import Share

SOONEST_S, LATEST_S = 15, 86_400
"""How often a page may load itself anew where whoever looks at it has asked for that."""


class Told(Protocol):
    """What the pages ask."""

    def report(self) -> Report: ...

    def stories(self) -> Sequence[Story]: ...

    async def chronicle(self, target: str, day: date) -> Chronicle | None: ...


class Pages:
    """A page loads itself anew only where its reader asked for that (``?every=60``), by a header."""

    def __init__(self, face: Told) -> None:
        self._face = face
        templates, names = environment(), ("status", "target", "day", "incident")
        self._template = {name: templates.get_template(f"{name}.html") for name in names}
        self._style = files("wamon.web").joinpath("style.css").read_bytes()

    async def style(self, _: Request) -> Response:
        """The one stylesheet."""
        return Response(self._style, media_type="text/css")

    async def status(self, request: Request) -> Response:
        """Everything on one page, or everything of one client."""
        stories = self._face.stories()
        account = _client(request)
        return await self._painted(
            request, "status", lambda report: page(report, () if account else stories, account)
        )

    async def target(self, request: Request) -> Response:
        """One target, or the platform's row."""
        name = request.path_params["name"]
        return await self._painted(request, "target", lambda report: target_page(report, name))

    async def day(self, request: Request) -> Response:
        """One day of a row."""
        name = request.path_params["name"]
        try:
            day = date.fromisoformat(request.path_params["day"])
        except ValueError:
            raise HTTPException(404, "That is no day; write it like /target/NAME/2026-11-03.") from None
        found, account = await self._face.chronicle(name, day), _client(request)
        if found and account:
            found = chronicle_of_client(found, self._face.report(), account)
        return await self._painted(request, "day", lambda report: day_page(report, found, day) if found else None)

    async def incident(self, request: Request) -> Response:
        """One incident."""
        name = request.path_params["name"]
        return await self._painted(request, "incident", lambda report: incident_page(report, name))

    async def _painted(self, request: Request, name: str, view: Callable[[Report], object | None]) -> Response:
        """The page of a view over the report, or over what one client may see of it."""
        every_s = _every_s(request.query_params.get("every", ""))
        account, report = _client(request), self._face.report()

        def paint() -> bytes | None:
            if not account:
                return _paint(self._template[name], view(report), every_s, "")
            seen = of_client(report, account)
            return _paint(self._template[name], seen and view(seen), every_s, client_href(account))

        body = await asyncio.to_thread(paint)
        if body is None:
            raise HTTPException(404, "Nothing is known of that: not watched, not published, or long ago. See /.")
        return Response(body, media_type="text/html", headers={"Refresh": str(every_s)} if every_s else None)


def _client(request: Request) -> str:
    """The account below whose page an address lies; empty for the pages of all."""
    return str(request.path_params.get("account", ""))


def environment() -> Environment:
    """The templates: whatever is put into them is text, unless it was made here."""
    made = Environment(
        loader=PackageLoader("wamon.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["share"] = _share
    for name in made.list_templates():  # those that others include too: the first page must not wait for them
        made.get_template(name)
    return made


@lru_cache(maxsize=4096)
def _share(cell: Share) -> Markup:
    """A cell of a table of figures: most of them say the same."""
    kind = "figure" if cell.said else "unsaid"
    lost = Markup(' <span class="lost">{}</span>').format(cell.lost) if cell.lost else ""
    return Markup('<span class="{}">{}</span>{}').format(kind, cell.text, lost)


def _every_s(asked: str) -> int:
    """0 where nothing was asked for, or nothing that makes sense."""
    seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
    return seconds if SOONEST_S <= seconds <= LATEST_S else 0


def _paint(template: Template, found: object | None, every_s: int, root: str) -> bytes | None:
    if found is None:
        return None
    # A lone surrogate in somebody's error text must not cost the whole page.
    return template.render(page=found, every_s=every_s, root=root).encode(errors="replace")

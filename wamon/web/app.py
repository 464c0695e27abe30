"""The HTTP face as an ASGI app: page, JSON, health and metrics, all of them only to be read."""

from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wamon.web.documents import QuestionError
from wamon.web.pages import Pages, Told
from wamon.web.programs import Asked, Health, Programs, json_answer
from wamon.web.reports import PATH as REPORTS
from wamon.web.view import Story

__all__ = ["Face", "Health", "Story", "build"]


class Face(Asked, Told, Protocol):
    """What the pages ask. Every method is called on the loop and must be cheap: nothing is kept here."""


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer. The page needs a stylesheet of its own and nothing else; there is no script to allow."""

OWN = ("Cache-Control", "Cross-Origin-Resource-Policy")
"""An answer may say these for itself: one with a tag may be kept, a badge may be shown elsewhere."""


def build(face: Face, beside: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The app over a face. ``beside`` are routes of other rooms that share the address."""
    reporting = any(isinstance(one, Route) and one.path == REPORTS for one in beside)
    pages, programs = Pages(face), Programs(face, reporting=reporting)
    below = {
        "/target/{name}": pages.target,
        "/target/{name}/{day}": pages.day,
        "/incident/{name}": pages.incident,
    }
    routes = [
        Route("/", pages.status),
        *(Route(path, shown) for path, shown in below.items()),
        Route("/client/{account}", pages.status),
        *(Route(f"/client/{{account}}{path}", shown) for path, shown in below.items()),
        Route("/style.css", pages.style),
        Route("/metrics", programs.metrics),
        Route("/healthz", programs.healthz),
        Route("/readyz", programs.readyz),
        Route("/api/v1/status", programs.status),
        Route("/api/v1/days", programs.days),
        Route("/api/v1/incidents", programs.incidents),
        Route("/api/v1/openapi.json", programs.openapi),
        Route("/feed.atom", programs.feed),
        Route("/badge/{name}.svg", programs.badge),
        *beside,
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _refuse, QuestionError: _cannot_answer},
    )
    app.router.redirect_slashes = False
    return _Headers(app)


_REFUSALS = {
    404: "Nothing is here. The status page is /, the JSON is under /api/v1/ (status, days, incidents).",
    405: "Only GET and HEAD: nothing over HTTP changes anything.",
}
_ONLY_POST = "Only POST, a report with its bearer secret: nothing else over HTTP changes anything."


async def _refuse(request: Request, refused: Exception) -> Response:
    """What cannot be served, said in a sentence: as JSON to programs, as text to people."""
    assert isinstance(refused, HTTPException)
    said = refused.detail != HTTPStatus(refused.status_code).phrase
    text = refused.detail if said else _REFUSALS.get(refused.status_code, refused.detail)
    if (refused.headers or {}).get("Allow") == "POST":
        text = _ONLY_POST
    if request.url.path.startswith("/api/"):
        answer = json_answer({"error": text}, refused.status_code)
    else:
        answer = PlainTextResponse(text + "\n", refused.status_code)
    answer.headers.update(refused.headers or {})
    return answer


async def _cannot_answer(_: Request, wrong: Exception) -> Response:
    return json_answer({"error": str(wrong)}, 400)


class _Headers:
    """Puts the house's headers on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                own = {name: headers[name] for name in OWN if name in headers}
                headers.update(HEADERS | own | {"Date": formatdate(usegmt=True)})
            await send(message)

        await self._app(scope, receive, send_with_headers)

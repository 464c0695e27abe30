"""The HTTP face as an ASGI app: page, JSON, health and metrics, all of them only to be read."""

from collections.abc import Sequence
from datetime import date
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wamon.core.chronicle import Chronicle
from wamon.core.report import Report
from wamon.metrics import Rendered
from wamon.web.documents import QuestionError, days_document, incidents_document, read_question, status_document
from wamon.web.pages import Pages
from wamon.web.view import Story

__all__ = ["Face", "Health", "Story", "build"]


class Health(msgspec.Struct, frozen=True):
    """Why something is not well; no reason, and it is."""

    reasons: tuple[str, ...] = ()


class Face(Protocol):
    """What the pages ask. Every method is called on the loop and must be cheap: nothing is kept here."""

    @property
    def rendered(self) -> Rendered: ...

    def report(self) -> Report: ...

    def health(self) -> Health: ...

    def readiness(self) -> Health: ...

    def stories(self) -> Sequence[Story]: ...

    async def chronicle(self, target: str, day: date) -> Chronicle | None: ...


HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer. The page needs a stylesheet of its own and nothing else; there is no script to allow."""

_JSON = "application/json"


def build(face: Face, beside: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The app over a face. ``beside`` are routes of other rooms that share the address."""
    pages, programs = Pages(face), _Programs(face)
    routes = [
        Route("/", pages.status),
        Route("/target/{name}", pages.target),
        Route("/target/{name}/{day}", pages.day),
        Route("/incident/{name}", pages.incident),
        Route("/style.css", pages.style),
        Route("/metrics", programs.metrics),
        Route("/healthz", programs.healthz),
        Route("/readyz", programs.readyz),
        Route("/api/v1/status", programs.status_json),
        Route("/api/v1/days", programs.days_json),
        Route("/api/v1/incidents", programs.incidents_json),
        *beside,
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _refuse, QuestionError: _cannot_answer},
    )
    app.router.redirect_slashes = False
    return _Headers(app)


class _Programs:
    """What programs ask: one method a route."""

    def __init__(self, face: Face) -> None:
        self._face = face

    async def metrics(self, request: Request) -> Response:
        exposition = await self._face.rendered.exposition()
        body, media_type = exposition.preferred(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": media_type, "Vary": "Accept"})

    async def healthz(self, _: Request) -> Response:
        return _health(self._face.health())

    async def readyz(self, _: Request) -> Response:
        return _health(self._face.readiness())

    async def status_json(self, _: Request) -> Response:
        return _json(status_document(self._face.report()))

    async def days_json(self, request: Request) -> Response:
        report = self._face.report()
        return _json(days_document(report, read_question(request.query_params.multi_items(), report)))

    async def incidents_json(self, _: Request) -> Response:
        return _json(incidents_document(self._face.report()))


def _json(document: object, status_code: int = 200) -> Response:
    return Response(msgspec.json.encode(document) + b"\n", status_code, media_type=_JSON)


def _health(found: Health) -> Response:
    return _json({"healthy": not found.reasons, "reasons": found.reasons}, 503 if found.reasons else 200)


_REFUSALS = {
    404: "Nothing is here. The status page is /, the JSON is under /api/v1/ (status, days, incidents).",
    405: "Only GET and HEAD: nothing over HTTP changes anything.",
}


async def _refuse(request: Request, refused: Exception) -> Response:
    """What cannot be served, said in a sentence: as JSON to programs, as text to people."""
    assert isinstance(refused, HTTPException)
    said = refused.detail != HTTPStatus(refused.status_code).phrase
    text = refused.detail if said else _REFUSALS.get(refused.status_code, refused.detail)
    if request.url.path.startswith("/api/"):
        answer = _json({"error": text}, refused.status_code)
    else:
        answer = PlainTextResponse(text + "\n", refused.status_code)
    answer.headers.update(refused.headers or {})
    return answer


async def _cannot_answer(_: Request, wrong: Exception) -> Response:
    return _json({"error": str(wrong)}, 400)


class _Headers:
    """Puts the house's headers on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS | {"Date": formatdate(usegmt=True)})
            await send(message)

        await self._app(scope, receive, send_with_headers)

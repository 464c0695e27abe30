"""What programs ask: JSON with its description, metrics, health, the feed and badges; one method a route."""

from hashlib import sha256
from typing import Protocol

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wamon.core.report import Report
from wamon.metrics import Rendered
from wamon.web.badge import badge
from wamon.web.documents import days_document, incidents_document, read_question, status_document
from wamon.web.feed import base_of, feed
from wamon.web.openapi import openapi_document

JSON, ATOM, SVG = "application/json", "application/atom+xml", "image/svg+xml"


class Health(msgspec.Struct, frozen=True):
    """Why something is not well; no reason, and it is."""

    reasons: tuple[str, ...] = ()


class Asked(Protocol):
    """Whom the programs' questions are put to."""

    @property
    def rendered(self) -> Rendered: ...

    def report(self) -> Report: ...

    def health(self) -> Health: ...

    def readiness(self) -> Health: ...


class Programs:
    """Nothing is kept here; whoever asks again with the tag of an answer is told that nothing has changed.

    ``reporting``: reports of applications are taken in beside them.
    """

    def __init__(self, face: Asked, *, reporting: bool = False) -> None:
        self._face = face
        self._reporting = reporting

    async def metrics(self, request: Request) -> Response:
        """Prometheus text, or OpenMetrics where that is asked for."""
        exposition = await self._face.rendered.exposition()
        body, media_type = exposition.preferred(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": media_type, "Vary": "Accept"})

    async def healthz(self, _: Request) -> Response:
        """Whether the daemon is well."""
        return _health(self._face.health())

    async def readyz(self, _: Request) -> Response:
        """Whether it has started."""
        return _health(self._face.readiness())

    async def status(self, request: Request) -> Response:
        """Now."""
        return tagged(request, _encoded(status_document(self._face.report())), JSON)

    async def days(self, request: Request) -> Response:
        """Days of rows."""
        report = self._face.report()
        question = read_question(request.query_params.multi_items(), report)
        return tagged(request, _encoded(days_document(report, question)), JSON)

    async def incidents(self, request: Request) -> Response:
        """Incidents, newest first."""
        return tagged(request, _encoded(incidents_document(self._face.report())), JSON)

    async def openapi(self, request: Request) -> Response:
        """What all of these answers look like."""
        return tagged(request, _encoded(openapi_document(self._face.report(), reporting=self._reporting)), JSON)

    async def feed(self, request: Request) -> Response:
        """Incidents and restated days as an Atom feed."""
        base = base_of(request.url.scheme, request.headers.get("host", ""))
        return tagged(request, feed(self._face.report(), base), ATOM)

    async def badge(self, request: Request) -> Response:
        """A row's state in a small picture that may be shown elsewhere."""
        drawn = badge(self._face.report(), request.path_params["name"])
        if drawn is None:
            raise HTTPException(404, "No target of that name has days; the status page / lists them.")
        answer = tagged(request, drawn, SVG)
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return answer


def tagged(request: Request, body: bytes, media_type: str) -> Response:
    """The answer, or 304 for whoever has it already; it may be kept, and must be asked about each time."""
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def json_answer(document: object, status_code: int = 200) -> Response:
    """A document as an answer that nobody asks twice for."""
    return Response(_encoded(document), status_code, media_type=JSON)


def _encoded(document: object) -> bytes:
    return msgspec.json.encode(document) + b"\n"


def _health(found: Health) -> Response:
    return json_answer({"healthy": not found.reasons, "reasons": found.reasons}, 503 if found.reasons else 200)

"""The simulated Graph API: versions, tokens, permissions, and the edges that a monitor may use."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from wamon.simulator import nodes, sending
from wamon.simulator.envelope import Stamp, error_answer, json_answer
from wamon.simulator.faults import Fault, GraphError, plain_replacement
from wamon.simulator.http11 import Answer, Request
from wamon.simulator.nodes import Payload, RefusedError
from wamon.simulator.scenario import TO_GRAPH, Call
from wamon.simulator.sending import Sent
from wamon.simulator.world import MANAGEMENT, MESSAGING, Account, App, Number, Token, TokenState, World

_T = TypeVar("_T")

VERSION = re.compile(r"v(\d{1,3})\.\d+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as Graph reads it. ``version`` is the one that serves; ``token`` is empty when none was sent."""

    request: Request
    version: int
    parts: tuple[str, ...]
    token: str

    @property
    def edge(self) -> str:
        """The last part of ``{id}/{edge}``; empty for the node itself."""
        return self.parts[1] if len(self.parts) > 1 else ""


class Graph:
    """Answers requests out of a world. ``sent`` keeps every message that was accepted, oldest first.

    ``on_sent`` is told of each.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.sent: list[Sent] = []
        self.on_sent: Callable[[Sent], None] = lambda _: None
        self._sequence = 0

    @property
    def calls(self) -> frozenset[Call]:
        """Everything that can be asked of it."""
        return TO_GRAPH

    def call(self, request: Request) -> Call:
        """What a request is after."""
        asked = read(request, self.world)
        if not asked.token:
            return Call.EDGE
        if asked.parts == ("debug_token",):
            return Call.DEBUG_TOKEN
        if asked.edge == "messages":
            return Call.SEND
        node = asked.parts[0] if asked.parts else ""
        return Call.NUMBER if self.world.number(node) else Call.ACCOUNT

    def answer(self, request: Request, fault: Fault | None, now_ms: int) -> Answer:
        """The answer that goes out: the fault's where it replaces one, else the world's."""
        if (replacement := plain_replacement(fault)) is not None:
            return replacement
        self._sequence += 1
        asked = read(request, self.world)
        stamp = self._stamp(asked, now_ms)
        if isinstance(fault, GraphError):
            return error_answer(fault, stamp)
        try:
            return json_answer(self._payload(asked, now_ms), stamp)
        except RefusedError as refusal:
            return error_answer(refusal.error, stamp)

    def _payload(self, asked: Asked, now_ms: int) -> Payload:
        if asked.version > self.world.newest_version:
            raise RefusedError(
                GraphError(400, 2500, message=f"(#2500) Unknown path components: /v{asked.version}.0")
            )
        if not asked.token:
            raise RefusedError(without_token(asked))
        caller = authenticate(self.world, asked.token)
        if asked.parts == ("debug_token",):
            return nodes.debug_token(self.world, caller, asked.request.query)
        if asked.edge == "messages" and asked.request.method == "POST":
            number = self._number(asked, caller)
            sent = sending.accept(self.world, number, asked.request.body, now_ms, len(self.sent))
            self.sent.append(sent)
            self.on_sent(sent)
            return sending.acknowledgement(sent)
        return self._read(asked, caller)

    def _read(self, asked: Asked, caller: App | Token) -> Payload:
        if isinstance(caller, App):
            return self._app_edge(asked, caller)
        if asked.parts == ("me",):
            return {"name": f"{caller.app_id} system user", "id": nodes.SYSTEM_USER_ID}
        if asked.parts and self.world.number(asked.parts[0]):
            number = self._number(asked, caller)
            return _edge(nodes.NUMBER_EDGES, asked)(self.world, number, asked.request.query)
        account = self._account(asked, caller)
        return _edge(nodes.ACCOUNT_EDGES, asked)(self.world, account, asked.request.query)

    def _app_edge(self, asked: Asked, app: App) -> Payload:
        if asked.parts == (app.app_id, "subscriptions"):
            return nodes.subscriptions(self.world, app)
        raise RefusedError(GraphError(403, 200, message="(#200) An app token does not open this object"))

    def _number(self, asked: Asked, caller: App | Token) -> Number:
        number = self.world.number(asked.parts[0])
        if number is None or not isinstance(caller, Token) or number.account_id not in caller.account_ids:
            raise RefusedError(unknown_object(asked))
        _permit(caller, MESSAGING if asked.edge == "messages" else MANAGEMENT)
        return number

    def _account(self, asked: Asked, caller: Token) -> Account:
        account = self.world.account(asked.parts[0]) if asked.parts else None
        if account is None or account.account_id not in caller.account_ids:
            raise RefusedError(unknown_object(asked))
        _permit(caller, MANAGEMENT)
        return account

    def _stamp(self, asked: Asked, now_ms: int) -> Stamp:
        node = asked.parts[0] if asked.parts else ""
        number = self.world.number(node)
        account_id = number.account_id if number else node
        counted = asked.token and self.world.account(account_id) is not None
        return Stamp(
            sequence=self._sequence,
            now_ms=now_ms,
            version=min(asked.version, self.world.newest_version),
            revision=self.world.revision,
            usage_percent=self.world.usage_percent,
            account_id=account_id if counted else "",
            usage=USAGE[asked.edge == "messages"] if counted else (),
        )


USAGE = {True: ("whatsapp",), False: ("whatsapp_business_management", "whatsapp")}
"""Quota classes, by whether the call is a send."""


def read(request: Request, world: World) -> Asked:
    """Split a path into version and parts, and find the token in header or query.

    A version that has expired is served by the oldest one in use, without a word; no version means the app's own.
    """
    parts = tuple(part for part in request.path.split("/") if part)
    asked = VERSION.fullmatch(parts[0]) if parts else None
    version = int(asked[1]) if asked else world.default_version
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() in ("bearer", "oauth") else ""
    return Asked(
        request,
        max(version, world.oldest_version),
        parts[1:] if asked else parts,
        token or request.query.get("access_token", ""),
    )


def authenticate(world: World, secret: str) -> App | Token:
    """Whose token this is. Raises RefusedError when it opens nothing."""
    if (app := world.app_of_token(secret)) is not None:
        return app
    token = world.token(secret)
    if token is None:
        raise RefusedError(GraphError(401, 190, message="(#190) The access token cannot be read"))
    if token.state in LOCKED:
        raise RefusedError(LOCKED[token.state])
    return token


LOCKED = {
    TokenState.EXPIRED: GraphError(401, 190, 463, "(#190) The access token has expired", is_transient=False),
    TokenState.REVOKED: GraphError(401, 190, 467, "(#190) The access token was revoked", is_transient=False),
}


def without_token(asked: Asked) -> GraphError:
    """Graph has several answers to a call without a token; all of them prove that it is there."""
    if asked.edge == "whatsapp_business_profile":
        return GraphError(403, 200, message="(#200) Provide a valid app ID")
    if asked.parts in ((), ("me",)):
        return GraphError(400, 2500)
    if asked.request.method == "POST":
        return GraphError(401, 190, message="(#190) No access token was sent")
    return GraphError(401, 104)


def unknown_object(asked: Asked) -> GraphError:
    """The object is not there, or this caller may not know that it is."""
    name = "/".join(asked.parts)
    text = f"(#100) Unsupported {asked.request.method.lower()} request: '{name}' does not exist or is not visible"
    return GraphError(400, 100, 33, text, is_transient=False, kind="GraphMethodException")


def _permit(caller: Token, scope: str) -> None:
    if scope not in caller.scopes:
        code = 10 if scope == MESSAGING else 200
        raise RefusedError(GraphError(403, code, message=f"(#{code}) The token lacks {scope}", is_transient=False))


def _edge(edges: Mapping[str, nodes.Edge[_T]], asked: Asked) -> nodes.Edge[_T]:
    if asked.request.method != "GET" or len(asked.parts) > 2 or asked.edge not in edges:
        raise RefusedError(unknown_object(asked))
    return edges[asked.edge]

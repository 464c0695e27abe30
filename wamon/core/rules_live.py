"""The live rules, in order: the first with an opinion wins. Order is the policy, visible on one screen."""

import re
from collections.abc import Callable, Mapping

import msgspec

from wamon.core.catalogue import finding_of, lookup
from wamon.core.finding import Cause, Column, Finding, Scope, Verdict
from wamon.core.graph_error import DELIVERED, GraphError, graph_error, status_reports
from wamon.core.knowledge import Knowledge
from wamon.core.observation import Exchange, Failure, Phase, ProbeKind, Receiver
from wamon.core.shapes import SUCCESS, token_facts

EDGE_SUCCESS_CODES = frozenset({100, 104, 190, 200, 803, 2500})
"""Graph's refusals of a call without a token: the first layer answered, which is all the edge probe asks."""

_INCOMING_TYPE_UNSUPPORTED = 131051
_APOLOGY = re.compile(r"sorry, something went wrong|working on (it|getting this fixed)", re.IGNORECASE)
_HTML = re.compile(r"[\ufeff\s]*(<\?xml[^>]*>\s*)?(<!doctype html|<html|<head|<body|<!--)", re.IGNORECASE)
_CHALLENGE_CODE = re.compile(r"\(#(\d{1,9})\)")

OK = Finding(Verdict.OK, Cause.NONE, Column.UP, Scope.REQUEST, rule="success")
LOCAL = Finding(Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK, Column.UNOBSERVED)
PATH = Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK)
PROXY = Finding(Verdict.INCONCLUSIVE, Cause.PROXY, Column.UNOBSERVED)
EDGE = Finding(Verdict.SYSTEM_ERROR, Cause.EDGE, Column.DOWN, Scope.GLOBAL)
MISSED = Finding(Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN)
SILENT = Finding(Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN, provisional=True)
"""A canary that did not come back: our own endpoint may have been the one that did not hear."""
UNHEARD = Finding(Verdict.INCONCLUSIVE, Cause.ENDPOINT, Column.UNOBSERVED)
_SILENCE = {Receiver.HEARD: MISSED, Receiver.DEAF: UNHEARD}
"""Firm when another authentic event arrived meanwhile; nothing can be said when nobody listened."""
THROTTLED = Finding(Verdict.USER_ERROR, Cause.THROTTLING, Column.USER, Scope.APP)
ENDPOINT_DOWN = Finding(Verdict.USER_ERROR, Cause.ENDPOINT, Column.DOWN, Scope.ACCOUNT)
TOKEN_INVALID = Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER, Scope.APP)
SCOPE_MISSING = Finding(Verdict.USER_ERROR, Cause.PERMISSION, Column.USER, Scope.APP)
TOKEN_REFUSED = Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER, Scope.APP, provisional=True)
REQUEST_REFUSED = Finding(Verdict.USER_ERROR, Cause.VALIDATION, Column.USER, Scope.REQUEST, provisional=True)
UNKNOWN = Finding(Verdict.INCONCLUSIVE, Cause.NONE, Column.UNOBSERVED)


class Seen(msgspec.Struct, frozen=True):
    """An exchange and the error of Meta's read out of it, once for all rules."""

    exchange: Exchange
    error: GraphError | None
    shaped: bool = False
    """Whether the body has the shape of success."""


def seen(exchange: Exchange) -> Seen:
    """Read an exchange for judging. A good answer is not searched for wrapped errors."""
    body = exchange.body
    if body is None or isinstance(body, str):
        return Seen(exchange, _challenge(exchange))
    shape = SUCCESS.get(exchange.probe)
    shaped = shape is not None and shape(body)
    good = shaped and (exchange.http_status or 200) < 300
    return Seen(exchange, graph_error(body, nested=not good), shaped)


def _challenge(exchange: Exchange) -> GraphError | None:
    """`WWW-Authenticate` stands in for a JSON body on a 4xx: the number in its ``(#N)`` is the code."""
    challenge = exchange.headers.get("www-authenticate", "")
    number = _CHALLENGE_CODE.search(challenge)
    if number is None or not 400 <= (exchange.http_status or 0) < 500:
        return None
    return GraphError(code=int(number.group(1)), message=challenge)


Rule = Callable[[Seen, Knowledge], Finding | None]


def _controls_failed(one: Exchange, known: Knowledge) -> bool | None:
    return known.controls.failed(one.at_ms, one.end_ms) if one.at_ms is not None else None


def endpoint(one: Seen, known: Knowledge) -> Finding | None:
    """The business's own endpoint: anything but the right answer is its own fault, unless the controls failed."""
    exchange = one.exchange
    if exchange.probe is not ProbeKind.WEBHOOK:
        return None
    if exchange.reached is None and exchange.failure is None:
        return UNKNOWN
    if endpoint_answered(exchange):
        return OK
    return LOCAL if _controls_failed(exchange, known) else ENDPOINT_DOWN


def endpoint_answered(exchange: Exchange) -> bool:
    """Exactly 200, as Meta demands; the exact challenge where it is known; a web page is no echo."""
    if exchange.reached is not Phase.ANSWERED or exchange.http_status != 200:
        return False
    if exchange.expected_body is not None:
        return bool(exchange.body == exchange.expected_body)
    return not (isinstance(exchange.body, str) and _HTML.match(exchange.body))


def control(one: Seen, known: Knowledge) -> Finding | None:
    """A site that is not Meta's: whatever it answers, our network carried it there and back."""
    exchange = one.exchange
    if exchange.probe is not ProbeKind.CONTROL:
        return None
    if exchange.reached is None and exchange.failure is None:
        return UNKNOWN
    if exchange.reached is Phase.ANSWERED or exchange.http_status is not None:
        return OK
    return LOCAL if _controls_failed(exchange, known) else PATH


def never_through(one: Seen, known: Knowledge) -> Finding | None:
    """The request never left whole: the network's, ours when all controls failed too, or our resolver alone."""
    reached, second = one.exchange.reached, one.exchange.second_resolver
    if reached is None or reached >= Phase.SENT:
        return None
    if one.exchange.failure is Failure.DNS_ERROR and second is not None and second.found:
        return LOCAL
    failed = _controls_failed(one.exchange, known)
    if failed:
        return LOCAL
    return msgspec.structs.replace(PATH, provisional=True) if failed is None else PATH


def no_answer(one: Seen, known: Knowledge) -> Finding | None:
    """Sent, and nothing whole came back. It may have been processed: a send is never repeated."""
    exchange = one.exchange
    if exchange.reached is not Phase.SENT:
        return None
    if _controls_failed(exchange, known):
        return LOCAL
    status = exchange.http_status or 0
    if status == 429:
        return THROTTLED
    if status >= 500:
        return EDGE
    if exchange.failure in (Failure.PROTOCOL_ERROR, Failure.BODY_TOO_LARGE):
        return PROXY
    if exchange.probe is not ProbeKind.ROUNDTRIP:
        return MISSED
    return SILENT if exchange.receiver is None else _SILENCE.get(exchange.receiver, SILENT)


def token_inspected(one: Seen, known: Knowledge) -> Finding | None:
    """What `debug_token` says of the token; an error of the call itself proves nothing and passes on."""
    if one.exchange.probe is not ProbeKind.TOKEN or (facts := token_facts(one.exchange.body)) is None:
        return None
    if not facts.is_valid or facts.expired(one.exchange.at_ms or 0):
        error = one.error or GraphError()
        return msgspec.structs.replace(TOKEN_INVALID, code=error.code, subcode=error.subcode)
    return SCOPE_MISSING if facts.lacks_scope else OK


def edge(one: Seen, known: Knowledge) -> Finding | None:
    """Graph asked without a token: its own refusal is the success."""
    if one.exchange.probe is not ProbeKind.EDGE or one.error is None:
        return None
    return OK if one.error.code in EDGE_SUCCESS_CODES else None


def delivered_wins(one: Seen, known: Knowledge) -> Finding | None:
    """One message may be reported failed and delivered (several devices): then it was delivered."""
    if one.error is None or one.error.wamid is None:
        return None
    reports = status_reports(one.exchange.body)
    arrived = {report.wamid for report in reports if report.message_status in DELIVERED}
    failed = {report.wamid for report in reports if report.error is not None}
    return OK if failed <= arrived else None


def known_code(one: Seen, known: Knowledge) -> Finding | None:
    """The catalogue knows the code: code and details outrank the HTTP status, which misleads."""
    error = one.error
    if error is None or (error.code is None and error.subcode is None):
        return None
    entry = lookup(known.catalogue, error.code, error.subcode, f"{error.message} {error.details}")
    if entry is None:
        return None
    found = finding_of(entry, error.code, error.subcode)
    if error.inbound and error.code == _INCOMING_TYPE_UNSUPPORTED:
        return msgspec.structs.replace(found, cause=Cause.RECIPIENT)
    return found


def not_from_graph(one: Seen, known: Knowledge) -> Finding | None:
    """An answer without Graph's envelope: its edge, our quota, or a box in between."""
    exchange, status = one.exchange, one.exchange.http_status or 200
    if status == 429:
        return THROTTLED
    if one.error is not None:
        return None
    if status >= 500 or _is_apology(exchange.body):
        return EDGE
    if status >= 400:
        return _challenged(exchange) or PROXY
    if 300 <= status < 400 or isinstance(exchange.body, str):
        return PROXY
    return None


def _is_apology(body: object) -> bool:
    return isinstance(body, str) and _HTML.match(body) is not None and _APOLOGY.search(body) is not None


def _challenged(exchange: Exchange) -> Finding | None:
    """A `WWW-Authenticate` without a number, and no JSON body: the kind of refusal is all that is said."""
    challenge = exchange.headers.get("www-authenticate", "")
    if isinstance(exchange.body, dict | list):
        return None
    if "invalid_token" in challenge:
        return TOKEN_REFUSED
    return REQUEST_REFUSED if "invalid_request" in challenge else None


def unknown_code(one: Seen, known: Knowledge) -> Finding | None:
    """A Graph error that the catalogue does not know: `is_transient`, then the HTTP class; always provisional."""
    error = one.error
    if error is None:
        return None
    status = one.exchange.http_status or 0
    if error.is_transient or (error.is_transient is None and status >= 500):
        verdict, column = Verdict.SYSTEM_ERROR, Column.DOWN
    elif 400 <= status < 500 or error.is_transient is False:
        verdict, column = Verdict.USER_ERROR, Column.USER
    else:
        verdict, column = Verdict.INCONCLUSIVE, Column.UNOBSERVED
    return Finding(verdict, Cause.UNMAPPED, column, provisional=True, code=error.code, subcode=error.subcode)


def success(one: Seen, known: Knowledge) -> Finding | None:
    """Answered in the expected shape, and in no other."""
    exchange = one.exchange
    if exchange.reached is not Phase.ANSWERED or one.error is not None:
        return None
    return OK if one.shaped else UNKNOWN


RULES: tuple[Rule, ...] = (
    endpoint,
    control,
    never_through,
    no_answer,
    token_inspected,
    edge,
    delivered_wins,
    known_code,
    not_from_graph,
    unknown_code,
    success,
)

OF_ONE_PROBE: Mapping[Rule, ProbeKind | None] = {
    endpoint: ProbeKind.WEBHOOK,
    control: ProbeKind.CONTROL,
    token_inspected: ProbeKind.TOKEN,
    edge: ProbeKind.EDGE,
}
OF_ERRORS: frozenset[Rule] = frozenset({edge, delivered_wins, known_code, unknown_code})
OF_BROKEN_EXCHANGES: frozenset[Rule] = frozenset({never_through, no_answer})
"""Rules that say nothing of other probes, of bodies without an error, of exchanges that were answered."""

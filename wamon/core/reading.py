"""A recorded exchange as JSON, in and out (CONTRACT section 4): lenient in, exact out."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NoReturn

import msgspec

from wamon.core.observation import (
    PHASES,
    STEPS,
    Exchange,
    Failure,
    Phase,
    ProbeKind,
    Receiver,
    SecondResolver,
)
from wamon.core.timeline import iso, parse_iso

_KINDS = {kind.value: kind for kind in ProbeKind}
_STEPS = frozenset(STEPS)
_RECEIVERS = {one.value: one for one in Receiver}
_FAILURES = {failure.value: failure for failure in Failure}

_IMPLIED = {
    Failure.DNS_ERROR: Phase.NONE,
    Failure.CONNECT_REFUSED: Phase.NONE,
    Failure.CONNECT_TIMEOUT: Phase.NONE,
    Failure.TLS_ERROR: Phase.CONNECTED,
    Failure.READ_TIMEOUT: Phase.SENT,
    Failure.PROTOCOL_ERROR: Phase.SENT,
    Failure.BODY_TOO_LARGE: Phase.SENT,
}
"""Where a recorder left out ``reached``, what its failure says of it. A reset or a deadline says nothing."""


_LONGEST_STEP_MS = 1e9


_Step = Literal["dns", "connect", "tls", "first_byte", "total"]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, lt=_LONGEST_STEP_MS)]


class _Usual(msgspec.Struct, gc=False):
    """A line whose every key has the documented type: it is read without looking at each value twice."""

    target: str = ""
    probe: ProbeKind | None = None
    at: str = ""
    request_fingerprint: str | None = None
    token_fingerprint: str | None = None
    reached: str | None = None
    failure: Failure | None = None
    http_status: int | None = None
    headers: dict[str, str] = {}
    body: dict[str, Any] | list[Any] | str | None = None
    durations_ms: dict[_Step, _Milliseconds] = {}
    expected_body: str | None = None
    peer: str | None = None
    certificate_expires_at: str | None = None
    detail: str | None = None
    site: str = ""
    second_resolver: SecondResolver | None = None
    receiver: Receiver | None = None


_decode_usual = msgspec.json.Decoder(_Usual).decode
_decode = msgspec.json.Decoder().decode
_NAMES = {list: "an array", str: "a string", int: "a number", float: "a number", bool: "a boolean"}


def read_line(line: bytes) -> tuple[Exchange | None, str]:
    """An exchange from one line of JSON, or None and what is wrong with the line.

    The same as `read_exchange` of the parsed line, in a fraction of the time where the line is as documented.
    """
    try:
        return _usual(_decode_usual(line)), ""
    except (ValueError, RecursionError, _UnusualError):
        document, wrong = read_object(line)
    return (None, wrong) if document is None else (read_exchange(document), "")


def read_object(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """The JSON object of a line, or None and the reason. A lenient reader tries what the fast one refuses."""
    try:
        found = _decode(line)
    except RecursionError:
        return None, "nested too deeply to be read"
    except ValueError:
        try:
            found = json.loads(line.decode(), parse_constant=_refuse)
        except RecursionError:
            return None, "nested too deeply to be read"
        except ValueError as wrong:
            return None, f"not JSON ({_reason(wrong)})"
    if isinstance(found, dict):
        return found, ""
    return None, f"a JSON object is needed, found {_NAMES.get(type(found), 'null')}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _reason(wrong: ValueError) -> str:
    if isinstance(wrong, json.JSONDecodeError):
        return f"{wrong.msg.lower()} at character {wrong.pos + 1}"
    if isinstance(wrong, UnicodeDecodeError):
        return f"byte {wrong.start + 1} is not UTF-8"
    return str(wrong).partition(";")[0]


class Head(msgspec.Struct):
    """Which target, which probe and when, of a line; the rest is not even built."""

    target: Any = None
    probe: Any = None
    at: Any = None


_decode_head = msgspec.json.Decoder(Head).decode


def read_head(line: bytes) -> Head:
    """The little of a line that tells whose it is; empty when it cannot be read. `read_exchange` says the rest."""
    try:
        return _decode_head(line)
    except (ValueError, RecursionError):
        get = (read_object(line)[0] or {}).get
        return Head(get("target"), get("probe"), get("at"))


class _UnusualError(Exception):
    """A value within its type that needs the lenient reading."""


def _usual(line: _Usual) -> Exchange:
    phase = PHASES.get(line.reached or "")
    if phase is None:
        raise _UnusualError
    expires = line.certificate_expires_at
    return Exchange(
        line.target,
        line.probe,
        parse_iso(line.at),
        line.request_fingerprint,
        line.token_fingerprint,
        phase,
        line.failure,
        line.http_status,
        _lowered(line.headers),
        line.body,
        line.durations_ms,  # type: ignore[arg-type]  # a mapping is invariant in its keys
        line.expected_body,
        line.peer,
        None if expires is None else _instant(expires),
        line.detail,
        line.site,
        line.second_resolver,
        line.receiver,
    )


_USUAL_HEADERS = frozenset(
    {
        "alt-svc",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "date",
        "etag",
        "expires",
        "server",
    }
    | {"facebook-api-version", "pragma", "retry-after", "strict-transport-security", "vary", "www-authenticate"}
    | {"x-app-usage", "x-business-use-case-usage", "x-fb-debug", "x-fb-request-id", "x-fb-rev", "x-fb-trace-id"}
)
"""In lower case already: nearly every line has a few of these and no other."""


def _lowered(headers: Mapping[str, str]) -> Mapping[str, str]:
    """With names in lower case, as most recorders write them."""
    if _USUAL_HEADERS.issuperset(headers) or "".join(headers).islower():
        return headers
    return {name.lower(): value for name, value in headers.items()}


def read_exchange(document: Mapping[str, Any]) -> Exchange:
    """An exchange from a parsed JSON object. Unknown keys are ignored; a key of a wrong type counts as absent."""
    get = document.get
    failure = _FAILURES.get(_text(get("failure")) or "")
    status = _integer(get("http_status"))
    body = get("body")
    return Exchange(
        target=_text(get("target")) or "",
        probe=_KINDS.get(_text(get("probe")) or ""),
        at_ms=_instant(get("at")),
        request_fingerprint=_text(get("request_fingerprint")),
        token_fingerprint=_text(get("token_fingerprint")),
        reached=_reached(get("reached"), failure, status, body),
        failure=failure,
        http_status=status,
        headers=_headers(get("headers")),
        body=body if isinstance(body, dict | list | str) else None if body is None else str(body),
        durations_ms=_durations(get("durations_ms")),
        expected_body=_text(get("expected_body")),
        peer=_text(get("peer")),
        certificate_expires_ms=_instant(get("certificate_expires_at")),
        detail=_text(get("detail")),
        site=_text(get("site")) or "",
        second_resolver=_second_resolver(get("second_resolver")),
        receiver=_RECEIVERS.get(_text(get("receiver")) or ""),
    )


def head_of(head: Head) -> tuple[ProbeKind | None, int | None]:
    """Which probe, and when, as `read_exchange` has it."""
    return _KINDS.get(_text(head.probe) or ""), _instant(head.at)


def write_exchange(seen: Exchange) -> dict[str, Any]:
    """The JSON object of an exchange; `read_exchange` gives the same exchange back."""
    document: dict[str, Any] = {
        "target": seen.target,
        "probe": seen.probe.value if seen.probe else None,
        "at": iso(seen.at_ms) if seen.at_ms is not None else None,
        "request_fingerprint": seen.request_fingerprint,
        "token_fingerprint": seen.token_fingerprint,
        "reached": seen.reached.name.lower() if seen.reached is not None else None,
        "failure": seen.failure.value if seen.failure else None,
        "http_status": seen.http_status,
        "headers": dict(seen.headers),
        "body": seen.body,
        "durations_ms": dict(seen.durations_ms),
    }
    if seen.certificate_expires_ms is not None:
        document["certificate_expires_at"] = iso(seen.certificate_expires_ms)
    if seen.second_resolver is not None:
        document["second_resolver"] = msgspec.structs.asdict(seen.second_resolver)
    optional = {
        "expected_body": seen.expected_body,
        "peer": seen.peer,
        "detail": seen.detail,
        "site": seen.site or None,
        "receiver": seen.receiver.value if seen.receiver else None,
    }
    return document | {key: value for key, value in optional.items() if value is not None}


def _reached(found: Any, failure: Failure | None, status: int | None, body: Any) -> Phase | None:
    """As recorded; else what the rest implies. A bare body or status counts as an answer."""
    if isinstance(found, str) and found in PHASES:
        return PHASES[found]
    if failure is not None:
        return Phase.SENT if status is not None else _IMPLIED.get(failure)
    return Phase.ANSWERED if status is not None or body is not None else None


def _second_resolver(found: Any) -> SecondResolver | None:
    """Only where both answers are given: half of them proves nothing."""
    if not isinstance(found, dict):
        return None
    name, known, controls = _text(found.get("name")), found.get("found"), found.get("controls_found")
    if not name or not isinstance(known, bool) or not isinstance(controls, bool):
        return None
    return SecondResolver(name, known, controls)


def _text(found: Any) -> str | None:
    return found if isinstance(found, str) else None


def _integer(found: Any) -> int | None:
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    if isinstance(found, float) and found.is_integer():
        return int(found)
    return int(found) if isinstance(found, str) and found.isdecimal() and len(found) < 10 else None


def _instant(found: Any) -> int | None:
    if not isinstance(found, str):
        return None
    try:
        return parse_iso(found)
    except (ValueError, OverflowError):
        return None


def _headers(found: Any) -> Mapping[str, str]:
    if not isinstance(found, dict) or not found:
        return {}
    return {
        name.lower(): value if isinstance(value, str) else _header(value)
        for name, value in found.items()
        if isinstance(name, str)
    }


def _header(value: Any) -> str:
    """A recorder may keep a repeated header as a list, or a number as a number."""
    return (
        value if isinstance(value, str) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    )


def _durations(found: Any) -> Mapping[str, float]:
    if not isinstance(found, dict):
        return {}
    return {step: float(value) for step, value in found.items() if step in _STEPS and _measured(value)}


def _measured(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < _LONGEST_STEP_MS

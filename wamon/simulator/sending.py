"""Sending on the simulated Graph: what a message must have, what is kept of it, how it is acknowledged."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from wamon.simulator.faults import GraphError
from wamon.simulator.nodes import Payload, RefusedError
from wamon.simulator.world import Number, World


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was accepted. ``callback_data`` is the sender's own text, returned in every webhook."""

    at_ms: int
    wamid: str
    number_id: str
    account_id: str
    display: str
    to: str
    template: str
    callback_data: str = ""


def accept(world: World, number: Number, body: bytes, now_ms: int, sequence: int) -> Sent:
    """Take a message in. Raises RefusedError with the code that Meta documents for what is wrong with it."""
    asked = _parse(body)
    to = _text(asked, "to").lstrip("+")
    if _text(asked, "messaging_product") != "whatsapp":
        raise RefusedError(GraphError(400, 100, message="(#100) The parameter messaging_product is required"))
    if not to.isdigit():
        raise RefusedError(
            GraphError(400, 131009 if to else 131008, details="Parameter to: a phone number is needed")
        )
    _usable(number)
    template = _template(world, number, asked)
    data = _text(asked, "biz_opaque_callback_data")
    return Sent(
        now_ms,
        wamid(to, now_ms, sequence),
        number.number_id,
        number.account_id,
        number.display,
        to,
        template,
        data,
    )


def acknowledgement(sent: Sent) -> Payload:
    """What the sender is told: accepted, not delivered."""
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": sent.to, "wa_id": sent.to, "user_id": user_id(sent.to)}],
        "messages": [{"id": sent.wamid} | ({"message_status": "accepted"} if sent.template else {})],
    }


def user_id(to: str) -> str:
    """The business-scoped id of whoever has a number."""
    return f"DE.{to[::-1]}"


def wamid(to: str, now_ms: int, sequence: int) -> str:
    """An id that carries the recipient's number, as Meta's do, and is the same in every run."""
    inside = b"\x1c\x18" + bytes((len(to),)) + to.encode() + b"\x15\x02\x00" + f"{now_ms:X}{sequence:X}".encode()
    return "wamid." + base64.b64encode(inside).decode()


def _parse(body: bytes) -> Payload:
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise RefusedError(GraphError(400, 100, message="(#100) The body is no JSON object"))
    return asked


def _text(asked: Payload, name: str) -> str:
    value: Any = asked.get(name, "")
    return value if isinstance(value, str) else ""


def _usable(number: Number) -> None:
    if number.state != "CONNECTED":
        raise RefusedError(GraphError(400, 133010, details=f"The number is {number.state}"))
    if number.can_send == "BLOCKED":
        raise RefusedError(GraphError(403, 131031, details="See health_status of the number"))


def _template(world: World, number: Number, asked: Payload) -> str:
    """The template's name, empty for another kind of message."""
    if _text(asked, "type") != "template":
        return ""
    wanted = asked.get("template")
    wanted = wanted if isinstance(wanted, dict) else {}
    name, language = wanted.get("name"), wanted.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    account = world.account(number.account_id)
    for one in account.templates if account else ():
        if (one.name, one.language, one.state) == (name, code, "APPROVED"):
            return one.name
    raise RefusedError(GraphError(404, 132001, details=f"template name ({name}) does not exist in {code}"))

"""``message``: the canary, a template to a handset of our own."""

import msgspec

from wamon.probes.aim import Aim
from wamon.wire.request import Request

CORRELATION = "biz_opaque_callback_data"
"""Meta repeats it in every status of the message: that is how a canary is known when it comes back."""


def request(aim: Aim) -> Request:
    """Send the template once. ``nonce`` is its correlation id, at most 512 characters."""
    canary = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": aim.to,
        "type": "template",
        "template": {"name": aim.template, "language": {"code": aim.language}},
        CORRELATION: aim.nonce,
    }
    return Request(
        "POST",
        aim.graph(f"{aim.phone_number_id}/messages"),
        headers=(("Content-Type", "application/json"),),
        content=msgspec.json.encode(canary),
        bearer=aim.access_token,
        volatile=frozenset((CORRELATION,)),
    )

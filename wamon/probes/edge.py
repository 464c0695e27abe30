"""``edge``: does Graph's first layer answer? Asked without a token, so that it can only refuse, politely."""

from wamon.probes.aim import Aim
from wamon.wire.request import Request


def request(aim: Aim) -> Request:
    """Ask who I am, being nobody: Graph answers with its error envelope (2500) and does nothing."""
    return Request("GET", aim.graph("me?fields=id"))

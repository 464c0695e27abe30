"""``control``: a site that is not Meta's, to tell our own network's trouble from theirs."""

from wamon.probes.aim import Aim
from wamon.wire.request import Request


def request(aim: Aim) -> Request:
    """Get the page; any answer will do."""
    return Request("GET", aim.url)

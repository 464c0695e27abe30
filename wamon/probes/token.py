"""``token``: what ``debug_token`` says of the access token."""

from wamon.probes.aim import Aim
from wamon.wire.request import Request, with_query


def request(aim: Aim) -> Request:
    """Ask with the app's own token where the app is known, else with the token itself.

    Asking as the app still answers when the inspected token is dead.
    """
    by_app = bool(aim.app_id and aim.app_secret)
    return Request(
        "GET",
        with_query(aim.graph("debug_token"), ("input_token", aim.access_token)),
        bearer=f"{aim.app_id}|{aim.app_secret}" if by_app else aim.access_token,
        inspected=aim.access_token,
        secrets=(aim.app_secret,),
        volatile=frozenset(("input_token",)),
    )

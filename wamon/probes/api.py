"""``api``: the phone number's own node, with every field that tells whether it may send."""

from wamon.probes.aim import Aim
from wamon.wire.request import Request, with_query

FIELDS = (
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "status",
    "name_status",
    "code_verification_status",
    "account_mode",
    "throughput",
    "platform_type",
    "health_status",
    "webhook_configuration",
)


def request(aim: Aim) -> Request:
    """Read the number's node with the account's token."""
    url = with_query(aim.graph(aim.phone_number_id), ("fields", ",".join(FIELDS)))
    return Request("GET", url, bearer=aim.access_token)

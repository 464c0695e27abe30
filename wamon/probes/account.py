"""What is asked of an account now and then, beside the looks; every call only reads.

Source: Meta, "Business Management API" and "Webhook overrides", read 2026-06. That the list of templates may be
narrowed by ``name`` was seen and not read: where it is not, a template may be missing from the part that is shown.
"""

from wamon.probes.aim import Aim
from wamon.wire.request import Request, with_query

_TEMPLATE_FIELDS = "name,status,category,language,components"
_MOST_TEMPLATES = "25"


def template_request(aim: Aim, waba_id: str, name: str) -> Request:
    """The account's templates of this name, in every language."""
    return _read(
        aim,
        f"{waba_id}/message_templates",
        ("name", name),
        ("fields", _TEMPLATE_FIELDS),
        ("limit", _MOST_TEMPLATES),
    )


def subscribed_apps_request(aim: Aim, waba_id: str) -> Request:
    """The apps that get the account's webhooks."""
    return _read(aim, f"{waba_id}/subscribed_apps")


def health_request(aim: Aim, waba_id: str) -> Request:
    """The account's health."""
    return _read(aim, waba_id, ("fields", "id,health_status"))


def number_request(aim: Aim, phone_number_id: str) -> Request:
    """A number's health and callbacks."""
    return _read(aim, phone_number_id, ("fields", "id,health_status,webhook_configuration"))


def _read(aim: Aim, path: str, *query: tuple[str, str]) -> Request:
    url = aim.graph(path)
    return Request("GET", with_query(url, *query) if query else url, bearer=aim.access_token)

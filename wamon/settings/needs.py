"""Which secrets a configuration really uses, and looking them up all at once."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from wamon.settings.checks import WITH_TOKEN
from wamon.settings.refusal import SettingsError
from wamon.settings.schema import DEFAULT_ACCOUNT, Account, NamedAccount, Settings, WebhookTarget
from wamon.settings.secrets import Secret, SecretRef, resolve
from wamon.settings.spelling import RefusedError

_SECRETS = ("app_secret", "app_secret_previous")

REPORTS = "[reports] secret"
SHORTEST_BEARER = 16
"""Whoever guesses it may bend what is counted."""


class Need(NamedTuple):
    """A secret that is used: its place in the file, and where it is kept."""

    place: str
    reference: SecretRef


def secrets_needed(settings: Settings) -> list[Need]:
    """Every reference that this configuration uses. Defaults that no target asks for are not among them."""
    named = (
        *(need for account in (settings.graph, *settings.accounts) for need in _of_account(account, settings)),
        *_of_receiver(settings),
        *((f"target {one.name}, verify_token", one.verify_token) for one in _webhooks(settings)),
        *((f"channel {one.name}, url", one.url) for one in settings.channels),
        ("[service] heartbeat_url", settings.service.heartbeat_url),
        (REPORTS, settings.reports.secret),
    )
    return [Need(place, reference) for place, reference in named if reference is not None]


def resolve_all(settings: Settings, environ: Mapping[str, str]) -> dict[SecretRef, Secret]:
    """Every secret that is needed, by its reference. Raises SettingsError with all that cannot be had."""
    found: dict[SecretRef, Secret] = {}
    problems: list[str] = []
    for place, reference in secrets_needed(settings):
        try:
            found[reference] = found.get(reference) or resolve(reference, environ)
        except RefusedError as refused:
            problems.append(f"{place}: {refused}")
        else:
            if place == REPORTS:
                problems += _guessable(found[reference].reveal())
    if problems:
        raise SettingsError(problems, "secrets")
    return found


def _guessable(bearer: str) -> list[str]:
    if len(bearer) >= SHORTEST_BEARER and bearer.isascii() and bearer.isprintable():
        return []
    return [
        f"{REPORTS}: is not {SHORTEST_BEARER} plain characters or more;"
        " write one that nobody guesses, as openssl rand -hex 32 makes it"
    ]


def _of_account(account: Account, settings: Settings) -> Iterator[tuple[str, SecretRef | None]]:
    at = "[graph] " if account.name == DEFAULT_ACCOUNT else f"account {account.name}, "
    targets = [one for one in settings.targets if one.account == account.name]
    asks = any(isinstance(one, WITH_TOKEN) for one in targets)
    if asks:
        yield f"{at}access_token", account.access_token
    if (asks and account.app_id) or any(isinstance(one, WebhookTarget) and one.signed_event for one in targets):
        yield f"{at}app_secret", account.app_secret


def _of_receiver(settings: Settings) -> Iterator[tuple[str, SecretRef | None]]:
    if settings.receiving:
        for key in ("verify_token", "app_secret", "app_secret_previous"):
            yield f"[receiver] {key}", getattr(settings.receiver, key)
        for account in settings.accounts:
            for key, reference in zip(_SECRETS, receiving_secrets(account, settings), strict=True):
                if reference != getattr(settings.receiver, key):
                    yield f"account {account.name}, {key}", reference


def receiving_secrets(account: Account, settings: Settings) -> tuple[SecretRef | None, SecretRef | None]:
    """Which secrets, now and before, sign what comes to an account's callback.

    An account with an ``app_secret`` that differs from ``[graph]``'s is of another app; all others share the
    receiver's. Without any (an empty ``app_secret``) nothing can be proved there.
    """
    if isinstance(account, NamedAccount) and account.app_secret != settings.graph.app_secret:
        return account.app_secret, account.app_secret_previous
    return settings.receiver.app_secret, settings.receiver.app_secret_previous


def _webhooks(settings: Settings) -> list[WebhookTarget]:
    return [one for one in settings.targets if isinstance(one, WebhookTarget)]

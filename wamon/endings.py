"""Everything known to end: tokens and certificates as last seen, Graph's versions by Meta's table."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time

from wamon.core.expiry import Ending, Thing
from wamon.core.observation import ProbeKind
from wamon.core.timeline import to_ms
from wamon.settings import Settings
from wamon.settings.graph_versions import GRAPH_VERSIONS


def endings_of(
    settings: Settings,
    tokens_ms: Mapping[str, int | None],
    certificates_ms: Mapping[str, int],
    first_seen: Callable[[str, int], int],
) -> list[Ending]:
    """By account, by target, by account again. ``first_seen`` is when an end of a certificate was first seen.

    Only our own endpoints' certificates: nobody here can renew Meta's, or a control's.
    """
    tokens = [Ending(Thing.TOKEN, account, at_ms) for account, at_ms in tokens_ms.items()]
    certificates = [
        Ending(Thing.CERTIFICATE, one.name, ends_ms, first_seen(one.name, ends_ms))
        for one in settings.targets
        if one.probe is ProbeKind.WEBHOOK and (ends_ms := certificates_ms.get(one.name)) is not None
    ]
    return [*tokens, *certificates, *_versions(settings)]


def _versions(settings: Settings) -> Iterator[Ending]:
    known = {one.name: one for one in GRAPH_VERSIONS}
    for account in dict.fromkeys(one.account for one in settings.targets):
        version = known.get(settings.account(account).version)
        if version is not None:
            ends_ms = to_ms(datetime.combine(version.expires, time(), UTC)) if version.expires else None
            yield Ending(Thing.GRAPH_VERSION, account, ends_ms, which=version.name)

"""What people said of the week in `reports`: an incident acknowledged, a note to it, notices held back."""

from collections.abc import Callable, Sequence

from wamon.core.catalogue import load
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.observation import ProbeKind
from wamon.core.silence import Remark, Silence
from wamon.core.standing import Standing, standings
from wamon.core.timeline import HOUR, MINUTE, parse_iso
from wamon.core.watched import Watched

NOW_MS = parse_iso("2026-11-09T09:00:00Z")


def people_said(found: Sequence[Incident], said: Callable[[str], str] = str) -> dict[str, Standing]:
    """The first of them is acknowledged and has a note; every text goes through ``said``."""
    watched = {one.target: Watched(one.target, ProbeKind.API, MINUTE) for one in found}
    remarks = [
        Remark(found[0].target, found[0].opened_ms, NOW_MS, said("anna"), said("Meta has the ticket"), ack=True),
        Remark(found[0].target, found[0].opened_ms, NOW_MS, said("bob"), said("case 1234 is open")),
    ]
    return standings(found, watched, remarks, Lasting(), load(), NOW_MS)


def held_back(said: Callable[[str], str] = str) -> Silence:
    """Somebody holds back what is said of the webhook endpoint."""
    return Silence(
        NOW_MS - HOUR, NOW_MS + HOUR, ("webhook",), kinds=(Kind.ENDPOINT,), number=3,
        author=said("anna"), because=said("its certificate is being renewed"),
    )  # fmt: skip

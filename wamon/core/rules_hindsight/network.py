"""Rules about the way to Meta: our own line, or Meta's door that nobody could find."""

import msgspec

from wamon.core.evidence import Record
from wamon.core.finding import Cause, Verdict
from wamon.core.observation import Failure
from wamon.core.rules_hindsight.case import Case, Turned, at_ms, blame_platform
from wamon.core.rules_hindsight.episode import MOST_EVIDENCE
from wamon.core.rules_hindsight.history import History
from wamon.core.timeline import iso


def controls_failed(case: Case, past: History) -> Turned | None:
    """All controls were down around it: our own line, not Meta's and not the path's.

    Preconditions: those of the live rules; the difference is that controls which looked later are heard too.
    """
    second = case.exchange.second_resolver
    if case.finding.cause is not Cause.LOCAL_NETWORK or (second is not None and second.found):
        return None
    exchange, controls = case.exchange, past.controls
    spoken = controls.speaking(at_ms(case), exchange.end_ms) if controls is not None else []
    evidence = tuple(f"{name}@{iso(look.start_ms)}" for name, look in spoken[:MOST_EVIDENCE])
    return Turned(msgspec.structs.replace(case.finding, rule="controls_failed"), evidence)


def everywhere_but_there(case: Case, past: History) -> Turned | None:
    """Meta's door was shut to everybody: the platform's fault, and still blind-spot time.

    Preconditions: the request never got through, and not because of our own line; and one of three. Controls
    answered, and a second, independent resolver did not find the name either while it found the controls'. Or a
    target asked from another site, on a network of its own, failed in the same way at the same time, and none got
    through. Or Meta posted an outage of the same service or of Graph.
    """
    if not about_path(case) or path_lacks(case, past):
        return None
    return blame_platform(case.finding, "everywhere_but_there", _other_sites(case, past), Cause.EDGE)


def about_path(case: Case) -> bool:
    """Whether the way to Meta failed, and not only our own line."""
    return case.finding.verdict is Verdict.NETWORK_ERROR and case.finding.cause is Cause.PATH


def path_lacks(case: Case, past: History) -> str:
    """Which proof that it was not our path is missing, in one sentence; empty when there is one."""
    proved = _unknown_everywhere(case) or _other_sites(case, past) or past.was_posted(at_ms(case), Cause.EDGE)
    if proved:
        return ""
    return "No second resolver and no other site failed with it, and Meta posted no outage of its service."


def _unknown_everywhere(case: Case) -> bool:
    """Two resolvers did not find the name, and both the controls': a firm verdict says that those answered us."""
    second = case.exchange.second_resolver
    return (
        case.exchange.failure is Failure.DNS_ERROR
        and not case.finding.provisional
        and second is not None
        and second.controls_found
        and not second.found
    )


def _other_sites(case: Case, past: History) -> tuple[str, ...]:
    """Looks from other sites that failed on their path around that moment; empty when one of them got through."""
    own = past.record.marks[case.place].context.site
    found: list[str] = []
    for one in past.elsewhere:
        sides = one.around(at_ms(case))
        if not own or sides is None or any(one.marks[place].context.site in ("", own) for place in sides):
            continue
        if not all(_cut_off(one, place) for place in sides):
            return ()
        found.append(one.name(sides[0]))
    return tuple(found)


def _cut_off(one: Record, place: int) -> bool:
    found = one.findings[place]
    return found.cause is Cause.PATH and not found.provisional

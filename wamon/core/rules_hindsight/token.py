"""Rules about the token: called valid all along, refused together with others, or rightly refused."""

from wamon.core.catalogue import FIRM_TOKEN_SUBCODES
from wamon.core.finding import Cause, Verdict
from wamon.core.rules_hindsight.case import Case, Turned, at_ms, blame_platform, blame_us
from wamon.core.rules_hindsight.episode import ABOUT_TOKENS
from wamon.core.rules_hindsight.history import History

_TOKEN_CODES = frozenset({190, 0, 102})
_PERMISSION_CODES = frozenset({3, 10, 131005, *range(200, 300)})
_MISSING_OBJECT = (100, 33)
_NO_TOKEN_SENT = 200
"""Its row reads "no token was sent" and is firm; our requests carry one, so alone it is about a permission."""


def same_token_valid(case: Case, past: History) -> Turned | None:
    """A refused token that `debug_token` called valid all along is Meta's fault.

    Preconditions: code 190 (without subcode 458-464), 0 or 102; every statement on this very token during the
    episode is good, and there is at least one (else one within an interval before and one after it); the token was
    not rotated between the looks on either side of the episode; the served version did not change as far as known;
    Meta reported no event of the account meanwhile; no word on the number's or the account's health around it says
    blocked or not connected.
    """
    if not about_token(case) or token_lacks(case, past):
        return None
    return blame_platform(case.finding, "same_token_valid", _said(case))


def permission(case: Case, past: History) -> Turned | None:
    """A permission denied to a token that has it, while an unrelated app fails too, is Meta's fault.

    Preconditions: code 3, 10, 200-299, 131005, or 100 with subcode 33; all that `same_token_valid` asks for; and a
    target of another app was refused for its token or a permission in the same minutes, with no word that its own
    token was bad, or Meta posted an outage of the same service.
    """
    if not about_permission(case) or permission_lacks(case, past):
        return None
    return blame_platform(case.finding, "permission", (*_said(case)[:4], *case.episode.refused_elsewhere))


def token_was_invalid(case: Case, past: History) -> Turned | None:
    """A refused token that `debug_token` called invalid, expired or without a permission was refused rightly.

    Preconditions: a user verdict for authentication or permission, and no statement that calls this token good.
    Either at least one bad statement on this very token during the episode or within an interval around it; or the
    token was rotated: a new one was accepted after the episode, the old one was still refused after that, and was
    never accepted again. An error of the call itself proves nothing.
    """
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR or found.cause not in ABOUT_TOKENS:
        return None
    said = case.episode.said(case.exchange.token_fingerprint)
    if said.bad:
        return blame_us(found, "token_was_invalid", said.evidence)
    if said.evidence or found.cause is not Cause.AUTHENTICATION:
        return None
    replaced = _replaced(case, past)
    return blame_us(found, "token_was_invalid", replaced) if replaced else None


def about_token(case: Case) -> bool:
    """Whether a token was refused in a way that may be Meta's fault."""
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR or found.code not in _TOKEN_CODES:
        return False
    return not (found.code == 190 and found.subcode in FIRM_TOKEN_SUBCODES)


def about_permission(case: Case) -> bool:
    """Whether a permission was denied in a way that may be Meta's fault."""
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR:
        return False
    if (found.code, found.subcode) == _MISSING_OBJECT:
        return True
    doubtful = found.provisional or (found.code, found.subcode) == (_NO_TOKEN_SENT, None)
    return found.code in _PERMISSION_CODES and doubtful


def token_lacks(case: Case, past: History) -> str:
    """Which condition of a token's innocence is missing, in one sentence; empty when none is."""
    around = case.episode
    said = around.said(case.exchange.token_fingerprint)
    for missing, sentence in (
        (around.rotated, "The token was changed between the looks around it."),
        (said.bad, "debug_token called the token invalid."),
        (not said.evidence, "debug_token said nothing of this very token in that time."),
        (not said.good, "debug_token did not call the token valid, with both permissions, all that time."),
        (around.version_changed, "The Graph version that answered changed meanwhile."),
        (around.account_event, "Meta reported an event of the account meanwhile."),
        (around.ailing, "The number or its account was blocked or not connected around it."),
    ):
        if missing:
            return sentence
    return ""


def permission_lacks(case: Case, past: History) -> str:
    """The same for a permission, which also asks for a witness."""
    lacking = token_lacks(case, past)
    witnessed = case.episode.refused_elsewhere or past.was_posted(at_ms(case), case.finding.cause)
    if lacking or witnessed:
        return lacking
    return "No unrelated app was refused in the same minutes, and Meta posted no outage of its service."


def _said(case: Case) -> tuple[str, ...]:
    return case.episode.said(case.exchange.token_fingerprint).evidence


def _replaced(case: Case, past: History) -> tuple[str, ...]:
    """The new token's acceptance and the old one's later refusal; empty when that did not happen."""
    own = case.exchange.token_fingerprint
    old = past.token_uses.get(own)
    if own is None or old is None or not old.refused or old.accepted_after(case.episode.start_ms):
        return ()
    still = old.refused[-1]
    for fingerprint, use in past.token_uses.items():
        taken = use.accepted_after(case.episode.end_ms)
        if fingerprint not in (own, None) and taken is not None and taken.at_ms < still.at_ms:
            return (taken.name, still.name)
    return ()

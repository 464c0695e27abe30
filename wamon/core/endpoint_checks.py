"""How well the business's endpoint does what Meta asks of it, and what people are told: once, and when mended."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import FlawFacts
from wamon.core.notice_words import clock
from wamon.core.observation import Exchange, Failure, Phase
from wamon.core.timeline import iso, parse_iso

MEDIAN_MS, TAIL_MS, TAIL_SHARE = 250.0, 1000.0, 0.01
"""Meta's targets for a callback: a median of at most 250 ms, and less than 1 % over a second.

Source: Meta, "Throughput", section Webhooks, read 2026-06.
"""

FEWEST_TIMES = 100
"""With fewer answers one of them alone would be the share that must not be exceeded."""

_MENDED = 0.9
"""A target that was missed is met again with some room, so that nobody is told of every swing around it."""


class Flaw(StrEnum):
    """What may be wrong with an endpoint that answers; that its certificate ends is told as an expiry."""

    WRONG_TOKEN = "wrong-token"  # noqa: S105  # the flaw's name
    FORGED_EVENT = "forged-event"
    UNSIGNED_EVENT = "unsigned-event"
    NOT_PUBLIC = "certificate-not-public"
    SLOW = "slow"


_FLAWS = frozenset(flaw.value for flaw in Flaw)
"""A notice of an older version may name another one: nobody looks for that any more."""


class Checked(NamedTuple):
    """What a check came to: whether the flaw is there, None where it cannot be said; and what was seen."""

    flaw: Flaw
    found: bool | None
    seen: str = ""


class _Words(NamedTuple):
    severity: Severity
    wrong: str
    mended: str
    action: str
    meaning: str


_ANYBODY = "Anybody who knows the address can make it believe that Meta said something."

_WORDS = {
    Flaw.WRONG_TOKEN: _Words(
        Severity.URGENT,
        "a wrong verify token is accepted",
        "a wrong verify token is refused again",
        "compare hub.verify_token before echoing the challenge",
        "Anybody can point a subscription of theirs at this endpoint.",
    ),
    Flaw.FORGED_EVENT: _Words(
        Severity.URGENT,
        "an event with a forged signature is accepted",
        "a forged signature is refused again",
        "compare X-Hub-Signature-256 with the HMAC of the raw body before answering 200",
        _ANYBODY,
    ),
    Flaw.UNSIGNED_EVENT: _Words(
        Severity.URGENT,
        "an event without a signature is accepted",
        "an event without a signature is refused again",
        "refuse what carries no X-Hub-Signature-256",
        _ANYBODY,
    ),
    Flaw.NOT_PUBLIC: _Words(
        Severity.URGENT,
        "the certificate is not from a public authority",
        "the certificate is from a public authority",
        "take one from a public authority, with its whole chain",
        "wamon trusts it because of ca_file; Meta does not, and refuses to deliver.",
    ),
    Flaw.SLOW: _Words(
        Severity.STANDARD,
        "it answers slower than Meta asks for",
        "it answers as fast as Meta asks for",
        "answer 200 first and work later",
        "Meta asks for a median of at most 250 ms, and for less than 1 % over a second.",
    ),
}


def token_taken(seen: Exchange) -> bool | None:
    """Whether a handshake with a wrong token was answered with its challenge."""
    taken = event_taken(seen)
    return taken if not taken else bool(seen.body == seen.expected_body)


def event_taken(seen: Exchange) -> bool | None:
    """Whether an event was accepted: 200 and nothing else; None for an endpoint that has trouble of its own."""
    status = seen.http_status or 0
    if seen.reached is not Phase.ANSWERED or status >= 500 or status == 429:
        return None
    return status == 200


def not_public(seen: Exchange) -> Checked:
    """Whether somebody who trusts the public authorities alone, as Meta does, refuses the certificate."""
    secured = seen.reached is not None and seen.reached >= Phase.SECURED
    refused = True if seen.failure is Failure.TLS_ERROR else None
    return Checked(Flaw.NOT_PUBLIC, False if secured else refused, seen.detail or "")


def slow(times_ms: Sequence[float], *, was_slow: bool) -> Checked:
    """Whether the answers of a day were slower than Meta asks for."""
    if len(times_ms) < FEWEST_TIMES:
        return Checked(Flaw.SLOW, None)
    ordered = sorted(times_ms)
    median_ms = ordered[(len(ordered) - 1) // 2]
    share = sum(one > TAIL_MS for one in ordered) / len(ordered)
    room = _MENDED if was_slow else 1.0
    found = median_ms > MEDIAN_MS * room or share >= TAIL_SHARE * room
    said = f"{len(ordered)} answers of the last day: median {median_ms:.0f} ms, {share:.1%} over a second."
    return Checked(Flaw.SLOW, found, said)


def notices(target: str, checked: Iterable[Checked], opened: Mapping[Flaw, int], now_ms: int) -> list[Notice]:
    """What people must be told: flaws that are new, and those that are mended. ``opened`` are the known ones."""
    told = []
    for one in checked:
        if one.found and one.flaw not in opened:
            told.append(_opened(target, one, now_ms))
        elif one.found is False and one.flaw in opened:
            told.append(_resolved(target, one, opened[one.flaw], now_ms))
    return told


def known_flaws(target: str, keys: Iterable[str]) -> dict[Flaw, int]:
    """The flaws of a target that people were told of and that are not mended, by the notices' keys in order."""
    opened: dict[Flaw, int] = {}
    for key in keys:
        name, _, phase = key.rpartition(":")
        flaw, _, instant = name.removeprefix(key_prefix(target)).partition("@")
        if flaw not in _FLAWS:
            continue
        if phase == NoticePhase.OPENED.value:
            opened[Flaw(flaw)] = parse_iso(instant)
        else:
            opened.pop(Flaw(flaw), None)
    return opened


def key_prefix(target: str) -> str:
    """How the keys of all notices about a target's flaws begin."""
    return f"endpoint:{target}:"


def _opened(target: str, one: Checked, now_ms: int) -> Notice:
    words = _WORDS[one.flaw]
    return Notice(
        key=f"{key_prefix(target)}{one.flaw}@{iso(now_ms)}:{NoticePhase.OPENED.value}",
        kind=Kind.ENDPOINT,
        phase=NoticePhase.OPENED,
        target=target,
        severity=words.severity,
        title=f"[{words.severity.value.upper()}] Our endpoint · {words.wrong} · {target} · do: {words.action}",
        facts=FlawFacts(now_ms, one.seen, words.meaning),
        created_at_ms=now_ms,
    )


def _resolved(target: str, one: Checked, since_ms: int, now_ms: int) -> Notice:
    words = _WORDS[one.flaw]
    return Notice(
        key=f"{key_prefix(target)}{one.flaw}@{iso(since_ms)}:{NoticePhase.RESOLVED.value}",
        kind=Kind.ENDPOINT,
        phase=NoticePhase.RESOLVED,
        target=target,
        severity=words.severity,
        title=f"[RESOLVED] Our endpoint · {words.mended} · {target} · seen at {clock(now_ms)}",
        facts=FlawFacts(now_ms, one.seen, words.meaning, since_ms),
        created_at_ms=now_ms,
    )

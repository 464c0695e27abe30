"""What wamon says of itself beside all incidents: that a channel works, and how the service ended before."""

from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import LastWordFacts, TrialFacts
from wamon.core.timeline import iso

_HOW = {
    "watchdog": "it hung, and the watchdog ended it",
    "signal": "signal {status} ended it",
    "core-dump": "it crashed with signal {status}",
    "exit-code": "it ended with exit code {status}",
    "oom-kill": "there was no memory left",
    "timeout": "it did not start or stop in time",
}
"""By ``$SERVICE_RESULT`` (systemd.exec, section on environment variables)."""


def trial_notice(place: str, at_ms: int) -> Notice:
    """That a channel reaches whoever reads it. ``place`` is the site's or the machine's name."""
    return Notice(
        key=f"test@{iso(at_ms)}",
        kind=Kind.DIGEST,
        phase=NoticePhase.NOTE,
        target="",
        severity=Severity.STANDARD,
        title=f"[TEST] wamon on {place} reaches you",
        facts=TrialFacts(at_ms),
        created_at_ms=at_ms,
    )


def last_word(place: str, how: str, status: str, at_ms: int) -> Notice:
    """How a service ended, by systemd's ``$SERVICE_RESULT`` and ``$EXIT_STATUS``."""
    why = _HOW.get(how, how).format(status=status or "unknown")
    return Notice(
        key=f"last-word@{iso(at_ms)}",
        kind=Kind.UNOBSERVED,
        phase=NoticePhase.NOTE,
        target="",
        severity=Severity.CRITICAL,
        title=f"[CRITICAL] wamon on {place} ended · {why} · do: journalctl -u wamon -n 100",
        facts=LastWordFacts(at_ms),
        created_at_ms=at_ms,
    )

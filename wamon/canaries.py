"""The canaries of a running watch, put together: from settings to courses, jobs and the receiver's ears."""

import secrets
from collections.abc import Callable

from wamon.jobs import Job
from wamon.settings import MessageTarget, Settings
from wamon.work.canary import WAYS_BACK, Book, Canaries, Counting, Course, Sender, Watch

_UNIQUE_BYTES = 9
"""Twelve letters of base64: no two installations ever send the same."""


def open_canaries(
    settings: Settings,
    watch: Watch,
    sender: Sender,
    book: Book,
    counting: Counting,
    clock: Callable[[], int],
    wake: Callable[[str, int], None],
) -> Canaries:
    """Canaries for every message target; nobody listens for them until somebody lends them ears."""
    courses = {one.name: _course(one) for one in settings.targets if isinstance(one, MessageTarget)}
    return Canaries(courses, watch, sender, book, counting, clock, unique, wake)


def unique() -> str:
    """A text that was never used before."""
    return secrets.token_urlsafe(_UNIQUE_BYTES)


def _course(target: MessageTarget) -> Course:
    return Course(
        target.name,
        target.account,
        target.to,
        target.delivery_deadline_ms,
        target.daily_cap,
    )


def canary_jobs(canaries: Canaries) -> list[Job]:
    """The judging of ways back, where canaries are sent at all."""
    return [Job(WAYS_BACK, canaries.due, canaries.judge)] if canaries.courses else []

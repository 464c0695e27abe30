"""Every kind and phase of notice, to the letter: read the files as those who get them. `make golden` renews."""

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wamon.cli.example_digests import calm_digest, daily_digest
from wamon.cli.examples import examples
from wamon.cli.notify import letter_of
from wamon.core.announcing import announce
from wamon.core.dispatching import Pending, Summing, compose
from wamon.core.finding import Cause, Verdict
from wamon.core.grouping import Kin
from wamon.core.incident import Incident, Kind, Lasting
from wamon.core.notice import Notice
from wamon.core.observation import ProbeKind
from wamon.core.own_words import last_word, trial_notice
from wamon.core.pacing import paced
from wamon.core.subscription import Hours, Quiet, Subscription
from wamon.core.timeline import MINUTE, parse_iso
from wamon.core.watched import Watched
from wamon.core.webhook_flow import Flow, State, silence_notices, told_of
from wamon.work.outbox import in_words, summed_up

GOLDEN = Path(__file__).parents[1] / "golden" / "notices"
NOW = parse_iso("2026-11-09T10:20:00Z")
DIGESTS = {("digest", "calm"): calm_digest(NOW), ("digest", "daily"): daily_digest(NOW)}
NIGHT = Subscription(quiet=Quiet(Hours(time(22), time(7)), ZoneInfo("Europe/Berlin")))
FLOW = Flow("graph", State.SILENT, NOW - 47 * MINUTE, 118.4, 64.0, 8)
(SILENT,) = silence_notices([FLOW], {}, NOW)
(HEARD,) = silence_notices([FLOW._replace(state=State.USUAL, last_ms=NOW)], told_of([SILENT.key]), NOW)
SILENCE = {("endpoint", "no-webhooks"): SILENT, ("endpoint", "webhooks-again"): HEARD}
SUMS = {
    "quiet-hours": (NIGHT, "2026-11-09T03:12:00Z"),
    "hourly-cap": (Subscription(hourly_cap=2), "2026-11-09T10:00:00Z"),
}
EVERY = {(kind, phase): one for kind, phases in examples(NOW).items() for phase, one in phases.items()}


def token_refused(numbers: int) -> list[tuple[Incident, ProbeKind]]:
    """The same error of our own on many numbers of an account."""
    return [
        (
            Incident(
                f"acme-{n}", Kind.USER_ERROR, NOW - 6 * MINUTE, None, Verdict.USER_ERROR, Cause.AUTHENTICATION,
                codes=(190,),
            ),
            ProbeKind.API,
        )
        for n in range(numbers)
    ]  # fmt: skip


def wide() -> Notice:
    """Told once, for fifteen numbers."""
    kin = Kin([Watched(f"acme-{n}", ProbeKind.API, MINUTE, "acme", number=str(n)) for n in range(20)])
    (notice,) = announce(token_refused(15), (), NOW, lasting=Lasting(), kin=kin).notices
    return notice


def withdrawn() -> Notice:
    """It was told, and later evidence has undone it."""
    before = announce(token_refused(1), (), NOW - MINUTE, lasting=Lasting())
    (notice,) = announce([], before.told, NOW, lasting=Lasting()).notices
    return notice


OWN = {
    "test": trial_notice("berlin", NOW),
    "last-word": last_word("berlin", "watchdog", "6", NOW),
    "user_error-withdrawn": withdrawn(),
    "user_error-wide": wide(),
}


def letters() -> dict[str, str]:
    """Every letter by the name of its file, as its channel gets it at once."""
    found = {}
    for (kind, phase), example in (EVERY | DIGESTS | SILENCE).items():
        notice = in_words(example)
        letter = compose([Pending(notice, "ops", html=notice.html)], NOW)
        found[f"{kind}-{phase}.txt"] = f"{letter.title}\n\n{letter.body}\n"
        if letter.html is not None:
            found[f"{kind}-{phase}.html"] = f"<title>{letter.title}</title>\n{letter.html}\n"
    for name, notice in OWN.items():
        letter = letter_of(notice, NOW)
        found[f"{name}.txt"] = f"{letter.title}\n\n{letter.body}\n"
    return found | {f"digest-{why}.txt": summary(*given) for why, given in SUMS.items()}


def summary(to: Subscription, at: str) -> str:
    """An outage, an error of our own that is over, and time that nobody observed, as one letter."""
    at_ms = parse_iso(at)
    wanted = (("endpoint", "opened"), ("disruption", "opened"), ("disruption", "resolved"), ("unobserved", "note"))
    held = [in_words(examples(at_ms + 61_000 * place)[kind][phase]) for place, (kind, phase) in enumerate(wanted)]
    (step,) = paced([Pending(one, "ops") for one in held], NOW, to)
    assert isinstance(step, Summing)
    letter = summed_up(step).letter
    return f"{letter.title}\n\n{letter.body}\n"


LETTERS = letters()


@pytest.mark.parametrize("name", LETTERS)
def test_it_reads_as_it_should(name: str, request: pytest.FixtureRequest) -> None:
    kept = GOLDEN / name
    if request.config.getoption("--update-golden"):
        kept.write_text(LETTERS[name])
    assert kept.is_file(), "a letter nobody has read yet: make golden, then read it"
    assert LETTERS[name] == kept.read_text()


def test_there_is_no_golden_file_without_a_letter() -> None:
    assert {one.name for one in GOLDEN.iterdir()} == set(LETTERS)


def test_every_published_kind_has_its_letters() -> None:
    assert {kind for kind, _ in EVERY} == {one.value for one in Kind}


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_ends_with_its_key_and_shows_no_leftover_of_a_template(name: str) -> None:
    text = LETTERS[name]
    assert "notice: " in text
    assert not any(mark in text for mark in ("{{", "{%", "None", "\n\n\n"))
    assert all(len(line) == len(line.rstrip()) for line in text.splitlines())

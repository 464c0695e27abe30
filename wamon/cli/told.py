"""``wamon notify list``: the notices on record, to the letter, and how each channel fared with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from wamon.cli.answers import FINE, write_json
from wamon.cli.configuration import settings_of
from wamon.cli.database import opened
from wamon.cli.replay import short_instant
from wamon.core.timeline import day_span, iso
from wamon.ledger.words import Dispatch, DispatchState, Notice
from wamon.terminal import QUIET, Page

_FATES = {
    DispatchState.QUEUED: "waits",
    DispatchState.FAILED: "waits, attempt {attempt} failed: {error}",
    DispatchState.SENT: "sent {at}",
    DispatchState.GIVEN_UP: "given up after {attempt} attempts: {error}",
    DispatchState.SUPPRESSED: "{error}",
}


def list_command(since: date | None, most: int, *, full: bool, config: Path | None, as_json: bool) -> int:
    """Print what was told since a day, the latest ``most`` of it."""
    settings = settings_of(config)
    since_ms = day_span(since, settings.service.timezone).start_ms if since else 0
    with closing(opened(settings)) as book:
        found = [
            (one, _last(book.dispatches(one.key))) for one in reversed(book.notices(since_ms=since_ms, most=most))
        ]
    if as_json:
        write_json({"notices": [_row(one, fates) for one, fates in found]})
    else:
        _print(Page(), found, full=full)
    return FINE


def _last(steps: Sequence[Dispatch]) -> dict[str, Dispatch]:
    """The last step of a notice on each channel."""
    return {one.channel: one for one in steps}


def _row(one: Notice, fates: Mapping[str, Dispatch]) -> dict[str, Any]:
    return {
        "at": iso(one.created_at_ms),
        "key": one.key,
        "kind": one.kind,
        "phase": one.phase,
        "target": one.target,
        "severity": one.severity,
        "title": one.title,
        "body": one.body,
        "channels": [
            {
                "channel": name,
                "state": last.state.value,
                "attempts": last.attempt,
                "at": iso(last.at_ms),
                "detail": last.error,
            }
            for name, last in fates.items()
        ],
    }


def _print(page: Page, found: Sequence[tuple[Notice, Mapping[str, Dispatch]]], *, full: bool) -> None:
    if not found:
        page.line("Nobody was told anything yet; see: wamon notify test")
    for place, (one, fates) in enumerate(found):
        if place and full:
            page.line("")
        page.line((f"{short_instant(iso(one.created_at_ms))} UTC  ", QUIET), (one.title, "bold" if full else ""))
        for line in one.body.splitlines() if full else ():
            page.line(f"  {line}" if line else "")
        page.line((f"  {'; '.join(_fates(fates)) or 'no channel wants it'}", QUIET))


def _fates(fates: Mapping[str, Dispatch]) -> Iterator[str]:
    for name, last in fates.items():
        at = short_instant(iso(last.at_ms))
        yield f"{name}: {_FATES[last.state].format(at=f'{at} UTC', attempt=last.attempt, error=last.error)}"

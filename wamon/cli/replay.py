"""``wamon replay``: recorded exchanges judged on the data's clock, as a document or as tables."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wamon.cli.answers import FINE, readable, write_json
from wamon.cli.classify import STDIN
from wamon.cli.configuration import settings_of
from wamon.cli.figures import legend, print_days, print_restated, row_of
from wamon.cli.progress import patience
from wamon.core.notice_words import duration_text
from wamon.core.timeline import parse_iso
from wamon.replay import Plan, replay
from wamon.terminal import STYLES, Cell, Page


def replay_command(file: str, config: Path | None, as_json: bool) -> int:
    """Replay a file, or stdin for ``-``; complaints about lines go to stderr."""
    plan = plan_of(config)
    with _on_disk(file) as path, patience(f"judging {_size(path)}"):
        document = replay(path, plan, sys.stderr)
    if as_json:
        write_json(document)
    else:
        _print(Page(), document)
    return FINE


def plan_of(config: Path | None) -> Plan:
    """What a replay needs of a configuration; the usual plan without one. No secret is looked up."""
    if config is None:
        return Plan()
    from wamon.wiring import lasting, watched

    settings = settings_of(config, may_be_idle=True)
    weekly = settings.reclassification
    return Plan(
        targets=tuple(watched(settings)),
        zone=settings.service.timezone,
        lasting=lasting(settings),
        weekday=weekly.weekday,
        at=weekly.at,
        days=weekly.days,
        latency_objective_ms=settings.availability.latency_objective_ms,
    )


@contextmanager
def _on_disk(file: str) -> Iterator[Path]:
    """The file's path; a replay reads twice, so stdin and pipes are written down first."""
    if file != STDIN and not Path(file).is_fifo():
        yield readable(Path(file))
        return
    pipe = sys.stdin.fileno() if file == STDIN else file
    with (
        open(pipe, "rb", closefd=file != STDIN) as source,
        tempfile.NamedTemporaryFile(prefix="wamon-replay-") as copy,
    ):
        shutil.copyfileobj(source, copy)
        copy.flush()
        yield Path(copy.name)


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.0f} MB of exchanges"


def _print(page: Page, document: Mapping[str, Any]) -> None:
    rows = [row_of(day) for day in document["days"]]
    if not rows:
        page.line("No exchanges, so no days.")
        return
    print_days(page, rows)
    page.line("")
    for text in legend():
        page.line((text, "dim"))
    _print_incidents(page, document)
    print_restated(page, rows)
    _print_turns(page, document)
    page.line("")
    told = len(document["notifications"])
    page.line(
        f"{told} notices would have been sent; --json lists them." if told else "Nobody would have been told."
    )


def _print_incidents(page: Page, document: Mapping[str, Any]) -> None:
    page.heading("Incidents")
    if not document["incidents"]:
        page.line("  none")
        return
    page.table(
        ("from", "lasted", "target", "verdict", "cause"),
        [incident_cells(one) for one in document["incidents"]],
        right=["lasted"],
    )


def incident_cells(one: Mapping[str, Any]) -> list[Cell]:
    """One incident as a line: from, lasted, target, verdict, cause."""
    opened, closed = one["opened_at"], one["closed_at"]
    lasted = duration_text(parse_iso(closed) - parse_iso(opened)) if closed else "open"
    verdict = one["verdict"]
    return [short_instant(opened), lasted, one["target"], (verdict, STYLES.get(verdict, "")), one["cause"]]


def short_instant(instant: str) -> str:
    """``2026-11-03 10:14:30``, of an instant in UTC."""
    return instant[:19].replace("T", " ").rstrip("Z")


def _print_turns(page: Page, document: Mapping[str, Any]) -> None:
    if not document["reclassified"]:
        return
    page.heading("Turned by the weekly pass")
    page.table(
        ("target", "looks", "time", "from", "to", "because"),
        [
            [
                one["target"],
                str(one["observations"]),
                duration_text(round(one["seconds"] * 1000)),
                (one["from"], STYLES.get(one["from"], "")),
                (one["to"], STYLES.get(one["to"], "")),
                one["rule"].replace("_", " "),
            ]
            for one in document["reclassified"]
        ],
        right=["looks", "time"],
        prose=["because"],
    )

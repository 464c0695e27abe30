"""``wamon evidence``: one incident as a redacted bundle for a Direct Support ticket, from the ledger alone."""

import os
import re
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from wamon.cli.answers import FINE, CannotError, say, write_json
from wamon.cli.configuration import settings_of
from wamon.cli.database import opened
from wamon.core.timeline import iso
from wamon.evidence.case import UnknownIncidentError, read_case
from wamon.evidence.members import members
from wamon.evidence.pack import packed
from wamon.evidence.redaction import Redaction
from wamon.evidence.ticket import severity
from wamon.settings import Settings
from wamon.wiring import lasting, watched


def evidence_command(incident: str, output: Path | None, config: Path | None, as_json: bool) -> int:
    """Write the pack, and say where it is and what is missing from it."""
    settings = settings_of(config, may_be_idle=True)
    try:
        with closing(opened(settings)) as book, book.moment():
            case = read_case(book, incident, lasting(settings))
    except UnknownIncidentError as refused:
        raise CannotError(str(refused)) from None
    name = "evidence-" + re.sub(r"[^A-Za-z0-9.-]+", "-", case.incident.name.replace(":", ""))
    path = output or Path(f"{name}.zip")
    ids = _ids(settings, case.incident.target)
    whole = packed(members(case, Redaction(ids.values()), ids), name)
    _write(path, whole)
    missing = f"looks before {iso(case.pruned_ms or 0)} were dropped and are not in it" if case.is_pruned else ""
    level = severity(case)
    if as_json:
        write_json(
            {
                "incident": case.incident.name,
                "file": str(path),
                "sha256": sha256(whole).hexdigest(),
                "severity": level.value,
                "exchanges": len(case.marks),
                "missing": missing,
            }
        )
    else:
        print(f"{path}: {case.incident.name}, {len(case.marks)} looks, Meta's severity level {level.value}")
        print("read ticket.txt in it before you send it; secrets and phone numbers are blacked out")
    if missing:
        say(missing)
    return FINE


def _ids(settings: Settings, target: str) -> dict[str, str]:
    """Meta's ids of a target that a ticket must name; they are no secrets."""
    return {
        of: found
        for one in watched(settings)
        if one.name == target
        for of, found in (("app", one.app), ("business account", one.waba), ("phone number id", one.number))
        if found
    }


def _write(path: Path, whole: bytes) -> None:
    """Never over a file that is there, and readable by nobody else."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CannotError(f"{path} is there already: name another file with -o") from None
    except OSError as refused:
        raise CannotError(f"{path} cannot be written ({refused.strerror}): name another place with -o") from None
    with os.fdopen(number, "wb") as file:
        file.write(whole)

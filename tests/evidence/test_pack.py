"""`wamon evidence` on a real ledger: deterministic, readable back, complete, honest about what is missing."""

import asyncio
import io
import json
import stat
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import asked
from tests.evidence.test_redaction import PHONES, SECRETS
from wamon.core.finding import Cause, Column, Context, Finding, Origin, Ruling, Verdict
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import ProbeKind
from wamon.core.reading import read_exchange, read_line
from wamon.core.timeline import DAY, MINUTE, SECOND, iso, parse_iso
from wamon.ledger import Book, open_ledger

KNOWN = knowledge()
TEN = parse_iso("2026-11-01T10:00:00Z")
BAD = range(TEN + 30 * MINUTE, TEN + 44 * MINUTE, MINUTE)
INCIDENT = "cloud-api@2026-11-01T10:29:30Z"
NUMBER = "106540352242922"
SCOPES = ["whatsapp_business_management", "whatsapp_business_messaging"]
GOOD: dict[str, dict[str, Any]] = {
    "api": {"http_status": 200, "body": {"id": NUMBER}},
    "message": {"http_status": 200, "body": {"messages": [{"id": "wamid.A"}]}},
    "token": {"http_status": 200, "body": {"data": {"is_valid": True, "expires_at": 0, "scopes": SCOPES}}},
    "control": {"reached": "answered", "http_status": 200},
}
TARGETS = {"cloud-api": "api", "send": "message", "token": "token", "control-1": "control"}
SETTINGS = """
[graph]
access_token = "env:NOWHERE"
app_id = "1234567890"
waba_id = "102290129340398"
[service]
database = "{database}"
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "106540352242922"
[[targets]]
name = "control-1"
probe = "control"
url = "https://one.example/"
"""


def failing(number: int) -> dict[str, Any]:
    """Meta's fault, with something in it that must never leave the house."""
    told = f"Service unavailable for {PHONES[number % len(PHONES)]}, {SECRETS[number % len(SECRETS)]}"
    error = {"code": 131016, "message": told, "fbtrace_id": f"Atrace{number:02}x"}
    headers = {"x-fb-trace-id": f"Btrace{number:02}x", "facebook-api-version": "v25.0", "set-cookie": SECRETS[0]}
    return {"http_status": 500, "body": {"error": error, "wa_id": PHONES[0]}, "headers": headers}


def write(book: Book) -> None:
    """An hour and a half: everything well but for a quarter of an hour in its middle."""
    for name, probe in TARGETS.items():
        context = Context(probe, MINUTE, "graph", f"R-{name}", f"T-{SECRETS[0]}", "v25.0")
        for number, at_ms in enumerate(range(TEN, TEN + 90 * MINUTE, MINUTE)):
            answer = failing(number) if at_ms in BAD and probe in ("api", "message") else GOOD[probe]
            prints = {"request_fingerprint": f"R-{name}", "token_fingerprint": f"T-{SECRETS[0]}"}
            durations = {"durations_ms": {"dns": 1.5, "total": 140.0}}
            one = read_exchange(
                {**answer, **prints, **durations, "target": name, "probe": probe, "at": iso(at_ms)}
            )
            ruling = Ruling(name, at_ms, judge(one, KNOWN), Origin.LIVE, KNOWN.catalogue.edition, at_ms + SECOND)
            book.record(one, context, ruling, keep_exchange=probe == ProbeKind.TOKEN)
    ours = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, rule="meta_posted_it")
    later = Ruling("cloud-api", BAD[0], ours, Origin.RECLASSIFICATION, "e", TEN + DAY, ("token@x",))
    book.append_rulings([later])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    database = tmp_path / "wamon.db"

    async def laid() -> None:
        ledger = open_ledger(database)
        await ledger.write(write)
        await ledger.close()

    asyncio.run(laid())
    file = tmp_path / "wamon.toml"
    file.write_text(SETTINGS.format(database=database))
    return file


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {Path(name).name: archive.read(name) for name in archive.namelist()}


def pack(config: Path, name: str = "e.zip", incident: str = INCIDENT) -> Path:
    path = config.parent / name
    ended = asked("evidence", incident, "-o", str(path), "-c", str(config))
    assert ended.code == 0, ended.err
    return path


def test_the_same_ledger_gives_the_same_bytes_sorted_and_without_a_clock(config: Path) -> None:
    first, second = pack(config, "first.zip"), pack(config, "second.zip")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(io.BytesIO(first.read_bytes())) as archive:
        names = archive.namelist()
        assert names == sorted(names)
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert stat.S_IMODE(first.stat().st_mode) == 0o600


def test_no_secret_and_no_number_is_in_any_byte_of_any_member(config: Path) -> None:
    for name, content in members_of(pack(config)).items():
        for canary in (*SECRETS, *PHONES):
            assert canary.encode() not in content, name


def test_the_checksums_cover_every_other_member(config: Path) -> None:
    found = members_of(pack(config))
    sums = dict(reversed(line.split("  ")) for line in found.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: sha256(content).hexdigest() for name, content in found.items()}


def test_the_exchanges_are_read_back_and_judged_as_they_were(config: Path) -> None:
    rows = members_of(pack(config))["exchanges.jsonl"].splitlines()
    read = [read_line(row)[0] for row in rows]
    bad = [one for one in read if one is not None and one.target == "cloud-api" and one.at_ms in BAD]
    assert [one.at_ms for one in bad] == list(BAD)
    assert {judge(one, KNOWN).verdict for one in bad} == {Verdict.SYSTEM_ERROR}
    good = [json.loads(row) for row in rows if b'"body_kept":false' in row]
    assert {one["judged"] for one in good} == {"ok"}
    assert len(good) == 30, "a quarter of an hour on either side"
    tokens = [one for one in read if one is not None and one.probe is ProbeKind.TOKEN]
    assert tokens
    assert {judge(one, KNOWN).verdict for one in tokens} == {Verdict.OK}


def test_the_incident_is_told_in_figures_with_its_traces(config: Path) -> None:
    told = json.loads(members_of(pack(config))["incident.json"])
    assert (told["looks"], told["failed"], told["by_code"]) == (14, 14, {"131016": 14})
    assert (told["opened_at"], told["closed_at"]) == ("2026-11-01T10:29:30Z", "2026-11-01T10:43:30Z")
    assert told["served_versions"] == ["v25.0"]
    assert len(told["traces"]) == 10
    assert told["traces"][0] == {
        "at": "2026-11-01T10:30:00Z", "fbtrace_id": "Atrace30x", "x-fb-trace-id": "Btrace30x",
    }  # fmt: skip


def test_every_word_on_every_look_is_there(config: Path) -> None:
    rows = [json.loads(row) for row in members_of(pack(config))["rulings.jsonl"].splitlines()]
    assert len([one for one in rows if one["origin"] == "live"]) == 14
    (later,) = [one for one in rows if one["origin"] == "reclassification"]
    assert (later["rule"], later["evidence"], later["ruled_at"]) == (
        "meta_posted_it",
        ["token@x"],
        "2026-11-02T10:00:00Z",
    )


def test_the_ticket_says_the_severity_in_metas_words(config: Path) -> None:
    ticket = members_of(pack(config))["ticket.txt"].decode()
    assert "Level 1, Critical: the API is completely unusable, no message can be sent; no workaround." in ticket
    assert "14 of 14 calls of this check failed." in ticket
    assert "Our own network: 44 of 44 calls to sites that are not Meta's were answered at the same time." in ticket
    assert "Meta's status page: not read." in ticket
    assert "Whose: app 1234567890, business account 102290129340398, phone number id 106540352242922." in ticket
    assert "NOTE TO OURSELVES" not in ticket


def test_an_instant_inside_names_the_incident_too(config: Path) -> None:
    inside = pack(config, "inside.zip", "cloud-api@2026-11-01T10:35:00Z")
    assert inside.read_bytes() == pack(config).read_bytes()


def test_a_file_that_is_there_is_never_written_over(config: Path) -> None:
    path = config.parent / "e.zip"
    path.write_text("precious")
    ended = asked("evidence", INCIDENT, "-o", str(path), "-c", str(config))
    assert (ended.code, path.read_text()) == (2, "precious")
    assert f"{path} is there already: name another file with -o" in ended.err


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nonsense", "write TARGET@INSTANT, as in cloud-api@2026-11-01T10:00:00Z"),
        ("other@2026-11-01T10:30:00Z", "no target named 'other' was ever watched; there are cloud-api, control-1"),
        ("cloud-api@2026-11-01T11:20:00Z", f"had no incident at 2026-11-01T11:20:00Z; near it: {INCIDENT}"),
    ],
)
def test_what_cannot_be_found_is_said_with_what_there_is(config: Path, name: str, sentence: str) -> None:
    ended = asked("evidence", name, "-c", str(config))
    assert ended.code == 2
    assert sentence in ended.err


def test_looks_that_were_pruned_are_told_as_missing(config: Path) -> None:
    async def pruned() -> None:
        ledger = open_ledger(config.parent / "wamon.db")
        await ledger.write(lambda book: book.prune(BAD[5]))
        await ledger.close()

    asyncio.run(pruned())
    path = config.parent / "rest.zip"
    ended = asked("evidence", "cloud-api@2026-11-01T10:40:00Z", "-o", str(path), "-c", str(config), "--json")
    assert ended.document["missing"] == "looks before 2026-11-01T10:35:00Z were dropped and are not in it"
    assert ended.document["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert b"MISSING: looks before 2026-11-01T10:35:00Z were dropped" in members_of(path)["README.txt"]

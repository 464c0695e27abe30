"""``wamon uptime --account``: a client's figures are made of that client's numbers and of nobody else's."""

import asyncio
import shutil
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.cli.program import asked, wamon
from wamon.core.incident import Lasting
from wamon.core.knowledge import Controls, Knowledge, knowledge
from wamon.core.maintenance import Once, Window
from wamon.core.observation import ProbeKind
from wamon.core.reading import read_exchange
from wamon.core.review import Ground
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, iso, parse_iso
from wamon.core.vigil import Vigil, Watched
from wamon.ledger import open_ledger
from wamon.ledger.words import Declaration
from wamon.work import maintenance
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.close import close_day

MIDNIGHT = parse_iso("2026-11-03T00:00:00Z")
TODAY = date(2026, 11, 3)
SENT = {"http_status": 200, "body": {"messages": [{"id": "wamid.1", "message_status": "accepted"}]}}
BROKEN = {"http_status": 500, "body": {"error": {"code": 131016}}}
TARGETS = [
    Watched("acme-send", ProbeKind.MESSAGE, MINUTE, "acme"),
    Watched("acme-api", ProbeKind.API, MINUTE, "acme"),
    Watched("globex-send", ProbeKind.MESSAGE, MINUTE, "globex"),
    Watched("initech-send", ProbeKind.MESSAGE, MINUTE, "initech"),
    Watched("edge", ProbeKind.EDGE, MINUTE),
]
NODE = {"http_status": 200, "body": {"id": "1"}}
BAD = Span(MIDNIGHT + 10 * HOUR, MIDNIGHT + 10 * HOUR + 30 * MINUTE)


async def a_day(path: Path) -> None:
    """Acme alone could not send for half an hour; every part ran all day, and the day was closed."""
    vigil = Vigil(Knowledge(knowledge().catalogue, Controls()), Lasting())
    ledger = open_ledger(path)
    book = Bookkeeper(ledger, {})
    await ledger.write(lambda one: one.activate([target.name for target in TARGETS], MIDNIGHT - HOUR))
    await ledger.heartbeat(MIDNIGHT - HOUR, MIDNIGHT + 2 * DAY)
    looks = []
    for target in TARGETS:
        vigil.watch(target)
        for at_ms in range(MIDNIGHT - HOUR, MIDNIGHT + 25 * HOUR, MINUTE):
            good = SENT if target.probe is ProbeKind.MESSAGE else NODE
            said = BROKEN if target.name == "acme-send" and BAD.holds(at_ms) else good
            line = {"target": target.name, "probe": target.probe.value, "at": iso(at_ms)}
            exchange = read_exchange(line | said)
            seen = vigil.observe(exchange)
            looks.append((exchange, seen.mark.context, vigil.ruling(exchange, seen)))
    await ledger.write(lambda one: [one.record(*look) for look in looks] and None)
    ground = Ground(
        targets=TARGETS,
        first_ms=await book.first_ms(),
        known=vigil.known,
        zone=ZoneInfo("UTC"),
        confirm=2,
        now_ms=MIDNIGHT + 25 * HOUR,
        latest=lambda _target, _day: None,
    )
    await close_day(TODAY, TARGETS, book, ground)
    await ledger.close()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    asyncio.run(a_day(folder / "wamon.db"))
    config = folder / "wamon.toml"
    config.write_text(f'[service]\ndatabase = "{folder}/wamon.db"\n[[targets]]\nname = "edge"\nprobe = "edge"\n')
    return config


def days(config: Path, *words: str) -> dict[str, dict[str, Any]]:
    return {row["target"]: row for row in asked("uptime", "-c", config, *words, "--json").document["days"]}


def test_the_platform_of_a_client_is_what_its_own_numbers_show(config: Path) -> None:
    """For all three together one account down is some disruption; for Acme it was half an hour of downtime."""
    whole = days(config)["platform"]
    acme, globex = days(config, "--account", "acme"), days(config, "--account", "globex")
    assert (whole["down_s"], whole["partial_s"]) == (0, 1800)
    assert set(acme) == {"acme-send", "acme-api", "platform", "platform.send"}
    assert set(globex) == {"globex-send", "platform", "platform.send"}
    assert (acme["platform"]["down_s"], acme["platform"]["partial_s"]) == (1800, 0)
    assert acme["platform"]["availability"] == 1 - 1800 / 86400
    assert (globex["platform"]["down_s"], globex["platform"]["availability"]) == (0, 1)
    assert acme["platform"]["reason"] == "computed now, from this client's own looks"
    assert days(config, "--account", "acme", "--target", "platform") == {"platform": acme["platform"]}


def test_a_client_that_sends_nothing_has_no_platform_and_an_as_of_only_what_was_published(config: Path) -> None:
    assert set(days(config, "--account", "graph")) == {"edge"}
    assert set(days(config, "--account", "acme", "--as-of", "2026-11-04")) == {"acme-send", "acme-api"}
    text = wamon("uptime", "-c", config, "--account", "acme").out
    assert "globex" not in text
    assert "97.91 % 0:30:00" in text


def test_an_account_that_nobody_knows_is_refused_with_the_nearest(config: Path) -> None:
    refused = wamon("uptime", "-c", config, "--account", "amce")
    assert refused.code == 2
    assert "no target belongs to an account amce; did you mean acme?" in refused.err


def test_a_statement_of_a_client_names_no_other_client_in_any_form(config: Path, tmp_path: Path) -> None:
    shutil.copy(config.parent / "wamon.db", tmp_path / "wamon.db")
    own = tmp_path / "wamon.toml"
    own.write_text(config.read_text().replace(str(config.parent), str(tmp_path)))
    asyncio.run(words_about_others(tmp_path / "wamon.db"))
    whole = wamon("uptime", "-c", own, "--format", "html").out
    assert "for Globex&#x27;s move" in whole
    assert "with globex-send" in whole
    for form in ("html", "csv", "json", "table"):
        text = wamon("uptime", "-c", own, "--account", "acme", "--format", form).out
        assert "acme-send" in text
        for name in ("globex", "initech"):
            assert name not in text.lower(), form
    stated = asked("uptime", "-c", own, "--account", "acme", "--json").document
    (restated,) = (one for one in stated["days"] if one["revision"] == 2)
    assert restated["reason"] == "weekly pass: mixed burst (acme-send, with another client's)"
    planned = [one["because"] for one in stated["exclusions"] if one["what"] == "maintenance"]
    everybody = "a new router, another client's waits for it (ada)"
    assert sorted(planned) == ["a new line (ada)"] * 2 + [everybody] * 2, "another client's alone is not told"


async def words_about_others(path: Path) -> None:
    """Reasons as operators and the weekly pass write them: they may name whom they like."""
    ledger = open_ledger(path)
    book = Bookkeeper(ledger, {})
    (before,) = [row for row in (await book.latest(TODAY)).values() if row.target == "acme-send"]
    said = msgspec.structs.replace(before, reason="weekly pass: mixed burst (acme-send, with globex-send)")
    await book.publish([(said, ())])
    night = Once(MIDNIGHT + 2 * HOUR, MIDNIGHT + 3 * HOUR)
    for window, because in (
        (Window(night, "UTC", targets=("acme-send", "acme-api")), "a new line"),
        (Window(night, "UTC", targets=("acme-api", "globex-send")), "for Globex's move"),
        (Window(night, "UTC"), "a new router, Initech waits for it"),
    ):
        content = maintenance.content_of(window)
        declared = Declaration(maintenance.KIND, content, MIDNIGHT, "ada", because)
        await ledger.write(lambda one, declared=declared: one.declare(declared))  # type: ignore[misc]
    await ledger.close()

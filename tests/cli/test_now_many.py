"""``wamon status`` beside a partner's two hundred clients: one screen, and one client when asked."""

from pathlib import Path

import msgspec
import pytest

from tests.cli.program import asked, wamon
from tests.cli.test_now import answering
from tests.support.partners import two_hundred
from tests.support.reports import NOW_MS, days, report, target
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.report import State
from wamon.core.timeline import HOUR


@pytest.mark.parametrize("failing", [(), (7,), (7, 150), tuple(range(200))], ids=len)
def test_two_hundred_clients_fit_one_screen(tmp_path: Path, failing: tuple[int, ...]) -> None:
    with answering(two_hundred(*failing), tmp_path) as config:
        ended = wamon("status", "-c", config, COLUMNS="80")
    lines = ended.out.splitlines()
    assert ended.code == (1 if failing else 0)
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 45
    for n in failing[:2]:
        assert f"client-{n:03}" in ended.out
    assert ("What to do" in ended.out or "what to do" in ended.out) is bool(failing)
    calm = "200 of 200 clients are well" if not failing else f"{200 - len(failing)} of 200 clients are well"
    assert (calm in ended.out) is (len(failing) < 200)


def test_one_client_is_told_with_its_targets_and_its_days(tmp_path: Path) -> None:
    with answering(two_hundred(7), tmp_path) as config:
        ill = wamon("status", "--account", "client-007", "-c", config, COLUMNS="80")
        well = asked("status", "--account", "client-150", "-c", config)
        document = asked("status", "--account", "client-150", "-c", config, "--json").document
        nobody = wamon("status", "--account", "client-7", "-c", config)
    assert ill.code == 1
    assert "client-007: 1 outage, 1 operational" in ill.out
    assert "client-007.graph" in ill.out
    assert "The last 60 days" in ill.out
    assert well.code == 0
    assert {one["account"] for one in document["targets"]} == {"client-150"}
    assert "client-007" not in well.out
    assert (nobody.code, "no target belongs to an account client-7; did you mean client-" in nobody.err) == (
        2,
        True,
    )


def test_many_numbers_of_one_business_are_told_by_number(tmp_path: Path) -> None:
    rows = [target(f"n{n}", past=days({}), account="graph") for n in range(40)]
    rows[3] = msgspec.structs.replace(rows[3], state=State.OUTAGE)
    with answering(report(rows), tmp_path) as config:
        out = wamon("status", "-c", config, COLUMNS="80").out
    assert "39 of 40 targets are well" in out
    assert "n3" in out
    assert "--account" not in out


def test_incidents_of_one_client_are_listed_alone_and_a_long_list_ends(tmp_path: Path) -> None:
    now = two_hundred(*range(200))
    incidents = tuple(
        Incident(f"client-{n:03}.number", Kind.OUTAGE, NOW_MS - HOUR, None, Verdict.SYSTEM_ERROR, Cause.SERVICE)
        for n in range(200)
    )
    with answering(msgspec.structs.replace(now, incidents=incidents), tmp_path) as config:
        every = wamon("incidents", "-c", config, COLUMNS="80")
        own = asked("incidents", "list", "--account", "client-007", "-c", config)
        document = asked("incidents", "--account", "client-007", "-c", config, "--json").document
    assert "140 older ones: --json has them all" in " ".join(every.out.split())
    assert "client-007.number" in own.out
    assert "client-008" not in own.out
    assert [one["target"] for one in document["incidents"]] == ["client-007.number"]

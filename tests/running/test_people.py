"""What people say to a running daemon, over its control socket: it holds at once, and only its user may say it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.platform import simulated
from tests.cli.program import asked
from tests.running.daemon import Running, configuration, eventually, free_port, running
from wamon.control import ControlError, ask
from wamon.simulator.faults import GraphError
from wamon.simulator.simulator import Simulator


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


def state(daemon: Running, target: str) -> str:
    document = daemon.json("/api/v1/status")
    return next(one["state"] for one in document["targets"] if one["target"] == target)


def test_maintenance_holds_at_once_and_is_taken_back_at_once(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 1, "a look")
        window = ("--from", "now", "--for", "1h", "--target", "cloud-api", "--because", "we move", "--by", "anna")
        added = asked("maintenance", "add", *window, "-c", daemon.file)
        assert (added.code, added.err) == (0, "")
        assert added.out.startswith("Maintenance 1 is declared: cloud-api, ")
        eventually(lambda: state(daemon, "cloud-api") == "maintenance", "the state")
        assert state(daemon, "token") != "maintenance"
        platform.faults += [GraphError(500, 131016)] * 6
        eventually(lambda: daemon.attempts("cloud-api", "system_error") > 2, "looks go on beneath it")
        metrics = eventually(
            lambda: (
                (text := daemon.get("/metrics")[1])
                and 'wamon_target_state{target="cloud-api",state="maintenance"} 1' in text
                and text
            ),
            "the state in /metrics",
        )
        assert 'wamon_target_state{target="cloud-api",state="outage"} 0' in metrics
        assert daemon.json("/api/v1/days?target=cloud-api")["days"][-1]["maintenance_s"] > 0
        assert [one["kind"] for one in daemon.json("/api/v1/incidents")["incidents"]] == ["outage"]
        listed = asked("maintenance", "list", "--json", "-c", daemon.file).document["maintenance"]
        assert [(one["number"], one["phase"], one["author"]) for one in listed] == [(1, "now", "anna")]
        wrong = asked("maintenance", "remove", "2", "--because", "x", "-c", daemon.file)
        assert (wrong.code, wrong.err) == (
            2,
            "wamon: there is no maintenance 2: wamon maintenance list shows the numbers\n",
        )
        removed = asked("maintenance", "remove", "1", "--because", "x", "-c", daemon.file)
        assert (removed.code, removed.err) == (0, "")
        eventually(lambda: state(daemon, "cloud-api") != "maintenance", "the state afterwards")
        again = asked("maintenance", "remove", "1", "--because", "x", "-c", daemon.file)
        assert again.code == 2
        assert "has withdrawn declaration 1 before: nothing to do" in again.err
        assert daemon.stop()[0] == 0


def test_a_ruling_turns_the_open_incident_and_what_comes_after_it(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 1, "a look")
        since = daemon.json("/api/v1/status")["at"]
        platform.faults += [GraphError(500, 131016)] * 40
        eventually(lambda: daemon.attempts("cloud-api", "system_error") >= 3, "a fault")
        what = f"cloud-api@{since}/2999-01-01"
        ruled = asked("rule", what, "user_error", "--because", "our own test", "--by", "anna", "-c", daemon.file)
        assert (ruled.code, ruled.err) == (0, "")
        before = daemon.attempts("cloud-api", "system_error")
        eventually(lambda: daemon.attempts("cloud-api", "system_error") >= before + 3, "looks that come later")
        eventually(lambda: state(daemon, "cloud-api") == "disruption", "the state")
        day = daemon.json("/api/v1/days?target=cloud-api")["days"][-1]
        assert (day["down_s"], day["user_error_s"] > 1) == (0, True)
        (listed,) = asked("rule", "--list", "--json", "-c", daemon.file).document["rulings"]
        assert listed["looks"] > before
        undone = asked("rule", "--undo", "1", "--because", "x", "-c", daemon.file)
        assert (undone.code, undone.err) == (0, "")
        eventually(lambda: daemon.json("/api/v1/days?target=cloud-api")["days"][-1]["down_s"] > 1, "as it was")
        assert daemon.stop()[0] == 0


def test_silences_acknowledgements_and_notes_hold_at_once_and_are_shown(
    platform: Simulator, tmp_path: Path
) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 1, "a look")
        hush = ("--for", "1h", "--target", "cloud-api", "--because", "we know", "--by", "anna")
        added = asked("silence", "add", *hush, "-c", daemon.file)
        assert (added.code, added.err) == (0, "")
        assert added.out.startswith("Silence 1 holds: cloud-api, ")
        assert [one["targets"] for one in daemon.json("/api/v1/status")["silences"]] == [["cloud-api"]]
        listed = asked("silence", "list", "--json", "-c", daemon.file).document["silences"]
        assert [(one["number"], one["state"], one["author"]) for one in listed] == [(1, "now", "anna")]
        platform.faults += [GraphError(500, 131016)] * 60
        eventually(lambda: state(daemon, "cloud-api") == "outage", "the state is shown all the same")
        acked = asked("incidents", "ack", "cloud-api", "--by", "bob", "-c", daemon.file)
        assert (acked.code, acked.err) == (0, "")
        noted = asked("incidents", "note", "cloud-api", "case 1234 is open", "--by", "bob", "-c", daemon.file)
        assert noted.out.startswith("Noted for cloud-api@")
        (one,) = [i for i in daemon.json("/api/v1/incidents")["incidents"] if i["target"] == "cloud-api"]
        assert (one["severity"], one["metas_severity"], one["acknowledged"]["author"]) == (
            "urgent",
            "urgent",
            "bob",
        )
        assert [note["text"] for note in one["notes"]] == ["case 1234 is open"]
        shown = asked("incidents", "show", "cloud-api", "-c", daemon.file).out
        assert "seen to by  bob, " in shown
        assert "case 1234 is open" in shown
        removed = asked("silence", "remove", "1", "-c", daemon.file)
        assert removed.out.startswith("Silence 1 is taken back: ")
        assert asked("silence", "list", "-c", daemon.file).out.startswith("Nothing is held back")
        assert daemon.stop()[0] == 0


def test_the_database_is_looked_after_while_the_daemon_runs(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 2, "looks")
        pruned = asked("db", "prune", "--json", "-c", daemon.file)
        assert (pruned.code, pruned.document) == (0, {"before": None, "observations": 0, "webhooks": 0})
        rebuilt = asked("db", "rebuild", "--json", "-c", daemon.file)
        assert (rebuilt.code, rebuilt.err) == (0, "")
        assert rebuilt.document["tallies"] >= 2
        seen = daemon.attempts("cloud-api", "ok")
        eventually(lambda: daemon.attempts("cloud-api", "ok") > seen, "it goes on looking")
        assert daemon.stop()[0] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_nobody_else_may_speak_to_it(platform: Simulator, tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, configuration(platform, tmp_path, port), port) as daemon:
        daemon.ready()
        path = tmp_path / "wamon.db.control.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_uid == os.getuid() and str(folder).startswith(str(tmp_path.parents[2])):
                folder.chmod(0o755)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                ask(path, "rule-undo", {})
                os.write(writer, b"connected")
            except ControlError as refused:
                os.write(writer, str(refused).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        told = os.read(reader, 1000).decode()
        assert (
            told
            == f"{path}: only the user that runs the daemon may speak to it; say it as that user, with sudo -u"
        )

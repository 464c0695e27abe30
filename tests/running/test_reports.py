"""Two lines in an application, executed as the README has them: a real daemon counts what a real client sent."""

import re
import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path

import httpx
import pytest

import wamon.hook
from tests.hook.stage import HEADERS, MESSAGE, PATH, Graph, graph
from tests.running.daemon import Running, eventually, free_port, running
from wamon.simulator.faults import GraphError, HangUp

README = (Path(__file__).parents[2] / "README.md").read_text()
SECRET = "0123456789abcdef-reports"
QUIET = """
[service]
listen = "127.0.0.1:{port}"
database = "{folder}/wamon.db"
[[targets]]
name = "control-1"
probe = "control"
url = "http://127.0.0.1:{port}/healthz"
interval = "2s"
timeout = "1s"
"""
STORED = 'wamon_reports_total{result="stored"}'
REPORTS = '[[targets]]\nname = "real"\nprobe = "traffic"\n[reports]\nsecret = "env:WAMON_REPORTS"\n'


def told(daemon: Running) -> int:
    """How many outcomes of calls are in the book."""
    with closing(sqlite3.connect(f"file:{daemon.folder / 'wamon.db'}?mode=ro", uri=True)) as book:
        return int(book.execute("SELECT coalesce(sum(outcomes), 0) FROM reported").fetchone()[0])


def stored_reports(daemon: Running) -> int:
    """How many reports the daemon's own metric has counted as stored."""
    (line,) = [one for one in daemon.get("/metrics")[1].splitlines() if one.startswith(STORED)]
    return int(float(line.removeprefix(STORED)))


def the_two_lines() -> list[str]:
    """The README's example, without the application's own line above them."""
    (block,) = [one for one in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "wamon.hook" in one]
    lines = [line for line in textwrap.dedent(block).splitlines() if "wamon.hook" in line]
    assert len(lines) == 2
    return lines


@pytest.fixture
def meta() -> Graph:
    with graph() as one:
        yield one


def test_the_two_lines_of_the_readme_report_to_a_daemon_that_is_killed_and_comes_back(
    meta: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("WAMON_REPORTS", SECRET)
    text = QUIET.format(folder=tmp_path, port=port) + REPORTS
    with running(tmp_path, text, port) as daemon, httpx.Client(timeout=10, trust_env=False) as client:
        daemon.ready()
        script = "\n".join(the_two_lines()).replace("127.0.0.1:9877", f"127.0.0.1:{port}")
        added = script.replace(", os.environ", f', graph="{meta.url}", secret=os.environ')
        assert added != script
        import os

        exec(added, {"client": client, "os": os})
        meta.fail(GraphError(500, 131016), HangUp())
        for _ in range(6):
            try:
                client.post(meta.url + PATH, json=MESSAGE, headers=HEADERS)
            except httpx.RemoteProtocolError:
                continue
        eventually(lambda: wamon.hook.flush(0.2) and told(daemon) == 6, "six outcomes in the book")
        eventually(lambda: stored_reports(daemon) >= 1, "the reports in /metrics")
        daemon.process.kill()
        daemon.process.wait(10)
        assert client.post(meta.url + PATH, json=MESSAGE, headers=HEADERS).is_success, (
            "wamon is gone, messages go on"
        )
        daemon.start()
        daemon.ready()
        eventually(lambda: wamon.hook.flush(0.2) and told(daemon) == 7, "the seventh, once it is back")
        assert SECRET not in daemon.log.read_text()


def test_without_a_secret_the_door_is_shut_and_a_weak_one_is_refused(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, QUIET.format(folder=tmp_path, port=port), port) as daemon:
        daemon.ready()
        answer = httpx.post(f"http://127.0.0.1:{port}/api/v1/exchanges", trust_env=False)
        assert (answer.status_code, "Nothing is here" in answer.json()["error"]) == (404, True)
        assert daemon.stop()[0] == 0
    text = QUIET.format(folder=tmp_path, port=port) + REPORTS
    with running(tmp_path, text, port, {"WAMON_REPORTS": "secret"}) as daemon:
        assert daemon.process.wait(20) == 2
        sentence = "[reports] secret: is not 16 plain characters or more; write one that nobody guesses"
        assert sentence in daemon.log.read_text()

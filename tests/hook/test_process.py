"""The hook in a process of its own: what it imports, how the process ends, and what a fork does."""

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hook.stage import PATH, SECRET, Graph, door, graph
from wamon.simulator.world import ACCESS_TOKEN, HANDSET

ROOT = Path(__file__).parents[2]
SENDING = f"""
    import os, httpx, wamon.hook
    client = httpx.Client(trust_env=False, timeout=2)
    wamon.hook.watch(client, os.environ["REPORTS"], "{SECRET}", graph=os.environ["META"])
    def send():
        return client.post(
            os.environ["META"] + "{PATH}",
            json={{"messaging_product": "whatsapp", "to": "{HANDSET}"}},
            headers={{"Authorization": "Bearer {ACCESS_TOKEN}"}},
        ).status_code
"""


@pytest.fixture(scope="module")
def meta() -> Iterator[Graph]:
    with graph() as one:
        yield one


def python(script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh interpreter, warnings shown."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", textwrap.dedent(script)],
        env=os.environ | environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_it_imports_nothing_else_of_wamon_and_not_httpx() -> None:
    ended = python(
        "import sys, json, wamon.hook\n"
        "print(json.dumps([sorted(m for m in sys.modules if m.split('.')[0] in ('wamon', 'httpx', 'msgspec'))]))"
    )
    (found,) = json.loads(ended.stdout)
    assert found == ["wamon", *(f"wamon.hook{part}" for part in ("", ".call", ".desk", ".ears", ".redacted"))]


def test_a_process_that_ends_at_once_has_told_what_it_saw(meta: Graph) -> None:
    with door() as reports:
        ended = python(SENDING + "    print(send(), send())", REPORTS=reports.url, META=meta.url)
        assert (ended.returncode, ended.stdout.split()) == (0, ["200", "200"])
        assert "Traceback" not in ended.stderr
        assert [one["http_status"] for one in reports.exchanges] == [200, 200]


def test_a_hung_wamon_holds_up_the_end_of_a_process_for_half_a_second_at_most(meta: Graph) -> None:
    script = (
        SENDING
        + """
    import atexit, time
    print(send())
    ended_s = time.monotonic()
    first = lambda: print(time.monotonic() - ended_s)
    atexit._run_exitfuncs()
    first()
    """
    )
    with door() as reports:
        reports.held.clear()
        ended = python(script, REPORTS=reports.url, META=meta.url)
        assert ended.returncode == 0
        status, took_s = ended.stdout.split()
        assert status == "200"
        assert 0.4 < float(took_s) < 3.0
        assert "Traceback" not in ended.stderr


def test_parent_and_child_of_a_fork_tell_each_their_own(meta: Graph) -> None:
    script = (
        SENDING
        + """
    before = send()
    child = os.fork()
    client = httpx.Client(trust_env=False, timeout=2)
    wamon.hook.watch(client, os.environ["REPORTS"], "{secret}", graph=os.environ["META"])
    if child == 0:
        for _ in range(3):
            send()
        told = wamon.hook.flush(5)
        os._exit(0 if told and wamon.hook.counts().reported == 3 else 1)
    send()
    assert os.waitpid(child, 0)[1] == 0
    assert wamon.hook.flush(5)
    print(wamon.hook.counts().reported)
    """.replace("{secret}", SECRET)
    )
    with door() as reports:
        ended = python(script, REPORTS=reports.url, META=meta.url)
        assert (ended.returncode, ended.stdout.strip()) == (0, "2"), ended.stderr
        assert len(reports.exchanges) == 5


def test_a_daemon_thread_that_waits_does_not_keep_a_process_alive(meta: Graph) -> None:
    began_s = time.monotonic()
    ended = python(SENDING + "    print(send())", REPORTS="http://127.0.0.1:9/", META=meta.url)
    assert (ended.returncode, ended.stdout.strip()) == (0, "200")
    assert time.monotonic() - began_s < 8

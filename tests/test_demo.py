"""The demo as a newcomer runs it: a bad week within a minute, told, counted, and judged again."""

import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = (sys.executable, "-m", "wamon", "demo", "--once")


def test_the_week_is_played_within_a_minute_and_every_episode_is_told(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(
        DEMO, capture_output=True, text=True, timeout=300, cwd=tmp_path, env={"TMPDIR": str(tmp_path), "PATH": ""}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert told.returncode == 0, told.stderr
    # The promise is a minute on the clock; what a busy machine cannot stretch is the time on the processor.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 60
    for line in (
        "[URGENT] Meta · account management fails · cloud-api · since 10:13 UTC",
        "[CRITICAL] Our side · the access token is refused · cloud-api · since 14:23 UTC",
        "[CRITICAL] Our side · the access token is refused · cloud-api · since 09:33 UTC",
        "We were offline 25 min since 16:01 UTC: counted as unobserved, not as downtime",
        "[URGENT] Our endpoint · the webhook endpoint fails · webhook · since 11:06 UTC",
        "[CRITICAL] Meta · sending fails · send · since ",
        "[URGENT] Meta · messages do not come back · send.roundtrip · since ",
        "Restated · 1 day of 2 targets · ",
        "  cloud-api 2026-11-05: 100 % (0:00:00) -> 95.13 % (1:10:00), revision 2, weekly pass: same token valid",
    ):
        assert line in told.stdout
    # An update of the API and a single bad answer wake nobody up.
    assert len(re.findall(r"\[URGENT\] (?!Still)", told.stdout)) == 3
    assert "2026-11-08  cloud-api         100 % (0:00:00)   100 % (0:00:00)" in told.stdout
    assert told.stdout.count("Nothing could be said") == 0, "what was refused is not missed on its way back"
    assert not list(tmp_path.iterdir()), "nothing is left behind"


@pytest.fixture
def taken_page() -> socket.socket:
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", 9877))
    taken.listen()
    return taken


def test_a_taken_address_is_named(taken_page: socket.socket) -> None:
    with taken_page:
        told = subprocess.run(DEMO, capture_output=True, text=True, timeout=60)
    assert told.returncode == 2
    assert "127.0.0.1:9877 is taken" in told.stderr

"""Reading the settings is quick and brings nothing heavy with it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from wamon.settings import parse

SAMPLE = (Path(__file__).parent / "contract_sample.toml").read_text()
HEAVY = ("apprise", "apscheduler", "asyncio", "cyclopts", "httpx", "jinja2", "prometheus_client", "rich")
ALSO_HEAVY = ("socket", "sqlite3", "sqlite_utils", "ssl", "starlette", "uvicorn")


@pytest.mark.timed
def test_the_published_sample_is_read_within_twenty_milliseconds() -> None:
    took = []
    for _ in range(7):
        begin = time.perf_counter()
        parse(SAMPLE)
        took.append(time.perf_counter() - begin)
    assert sorted(took)[3] < 0.020


def test_the_settings_import_nothing_heavy() -> None:
    program = "import sys, wamon.settings; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert "msgspec" in loaded
    assert loaded.isdisjoint(HEAVY + ALSO_HEAVY)

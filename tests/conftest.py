"""What all tests share: real programs by name, a real Prometheus, and the rule that CI skips nothing."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest

Answer = TypeVar("Answer")
NO_SKIP = os.environ.get("WAMON_NO_SKIP") == "1"
SOAK = os.environ.get("WAMON_SOAK") == "1"

# The width of whoever runs the tests, or of a worker that has no terminal, is nobody's wish for a page.
os.environ.pop("COLUMNS", None)

# A busy machine is slow, which proves nothing; the gate repeats itself, a developer's machine explores.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.register_profile("gate", deadline=None, derandomize=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("soak" if SOAK else "gate" if NO_SKIP else "house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``make golden``: write the files in tests/golden anew, then read the difference."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")


def _unskipped(report: Any) -> Any:
    """The same report, failed where it was skipped: a gate that skips proves nothing."""
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"WAMON_NO_SKIP=1 and yet: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _unskipped((yield))


@pytest.fixture(scope="session")
def real() -> Callable[..., Path]:
    """``real("promtool", package="prometheus")``: the program's path, or a skip that names the package."""

    def find(*programs: str, package: str) -> Path:
        for path in filter(None, map(shutil.which, programs)):
            return Path(path)
        pytest.skip(f"{programs[0]} is not installed: apt-get install {package}")

    return find


@pytest.fixture(scope="session")
def chromium_path(real: Callable[..., Path]) -> Path:
    """A browser for page tests; run it with ``--headless --no-sandbox`` (root has no sandbox)."""
    return real("chromium", "chromium-browser", "google-chrome", package="chromium")


def eventually(ask: Callable[[], Answer], why: Callable[[], str], within_s: float = 20.0) -> Answer:
    """The first answer that is true. Raises AssertionError with ``why()`` when none was in time."""
    until = time.monotonic() + within_s
    while not (answer := ask()):
        assert time.monotonic() < until, why()
        time.sleep(0.05)
    return answer


@dataclass(frozen=True)
class Prometheus:
    """A running server on loopback. Its first scrape comes 5 s after the start: so long it gathers targets."""

    base_url: str

    def get(self, path: str, **parameters: str) -> Any:
        """The ``data`` of one call of its HTTP API. Raises HTTPError for a query it refuses."""
        url = f"{self.base_url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, promql: str) -> list[tuple[dict[str, str], float]]:
        """Every series of an instant vector as (labels, value); empty while there is none."""
        return [(row["metric"], float(row["value"][1])) for row in self.get("query", query=promql)["result"]]

    def wait_for(self, promql: str, within_s: float = 20.0) -> list[tuple[dict[str, str], float]]:
        """Ask until at least one series comes back. Raises AssertionError with the scrape's own trouble."""
        return eventually(lambda: self.query(promql), lambda: f"no {promql}: {self.get('targets')}", within_s)

    def ready(self) -> bool:
        """Whether it answers queries yet."""
        with suppress(OSError), urllib.request.urlopen(f"{self.base_url}/-/ready", timeout=5):
            return True
        return False


SCRAPE = """\
global: {{scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms}}
rule_files: {rules}
scrape_configs: [{{job_name: wamon, static_configs: [{{targets: ["{target}"]}}]}}]
"""
LISTENING = re.compile(r'Listening on".*address=(\S+)')


@pytest.fixture
def prometheus(real: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., Prometheus]]:
    """``prometheus("127.0.0.1:9877", rules=[path])``: a real server that scrapes this target twice a second."""
    program = real("prometheus", package="prometheus")
    with ExitStack() as stack:

        def start(target: str, rules: list[Path] | None = None) -> Prometheus:
            home = tmp_path / f"prometheus-{target.replace(':', '-')}"
            home.mkdir()
            config, log = home / "prometheus.yml", home / "log"
            config.write_text(SCRAPE.format(target=target, rules=json.dumps([str(rule) for rule in rules or []])))
            arguments = [
                f"--config.file={config}",
                f"--storage.tsdb.path={home}",
                "--web.listen-address=127.0.0.1:0",
            ]
            stderr = stack.enter_context(log.open("wb"))
            process = stack.enter_context(subprocess.Popen([program, *arguments], stderr=stderr))
            stack.callback(process.terminate)
            port = eventually(lambda: LISTENING.search(log.read_text()), log.read_text)
            server = Prometheus(f"http://{port[1]}")
            eventually(server.ready, log.read_text)
            return server

        yield start

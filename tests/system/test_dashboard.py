"""The Grafana dashboard: every query of it, asked of a real Prometheus that has scraped a real daemon."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.platform import simulated
from tests.conftest import Prometheus
from tests.ledger.sample import CONTEXT, GOOD, THEIRS, ruled, seen
from tests.running.daemon import configuration, eventually, free_port, running
from tests.support.certificates import Authority
from wamon.control import ask, socket_path
from wamon.core.timeline import DAY, MINUTE, SECOND
from wamon.ledger import Book, open_ledger
from wamon.metrics import METRICS
from wamon.schedule import wall_ms
from wamon.simulator.faults import GraphError
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, SMALL_WORLD

TEXT = (Path(__file__).parents[2] / "config" / "grafana" / "wamon.json").read_text()
BOARD = json.loads(TEXT)
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUERIES = [(panel["title"], query["expr"]) for panel in PANELS for query in panel["targets"]]
VARIABLES = {one["name"]: one for one in BOARD["templating"]["list"]}
EXPORTED = {metric.name for metric in METRICS}
RARE = {"wamon_roundtrip_seconds"}
"""What needs a canary that came back: its queries are asked, and may be empty."""


def families(expression: str) -> set[str]:
    return {re.sub("_bucket$", "", name) for name in re.findall(r"\bwamon_\w+", expression)}


def filled(expression: str) -> str:
    """The query as Grafana sends it when everything is chosen."""
    return expression.replace("$job", "wamon").replace("$instance", ".*").replace("$target", ".*")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Simulator, Authority]]:
    """A platform over TLS, with a token that has an end."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    tokens = tuple(
        replace(one, expires_at_s=int(time.time()) + 864_000) if one.secret == ACCESS_TOKEN else one
        for one in SMALL_WORLD.tokens
    )
    world = replace(SMALL_WORLD, tokens=tokens)
    with simulated(Simulator(world=world, context=authority.server())) as simulator:
        yield simulator, authority


async def two_days_of_looks(database: Path) -> None:
    """A ledger that an earlier run left: yesterday and today looked at twice a minute, one outage, until now."""
    now_ms = wall_ms()
    ledger = open_ledger(database)
    await ledger.activate(["cloud-api"], now_ms - 2 * DAY)

    def write(book: Book) -> None:
        for at_ms in range(now_ms - 2 * DAY, now_ms, 30 * SECOND):
            finding = THEIRS if now_ms - 20 * MINUTE < at_ms < now_ms - 15 * MINUTE else GOOD
            book.record(seen(at_ms, "cloud-api"), CONTEXT, ruled(finding, at_ms, "cloud-api"))
        book.heartbeat(now_ms - 2 * DAY, now_ms)

    await ledger.write(write)
    await ledger.close()


def midday_zone() -> str:
    """A zone in which it is about noon: the test does not run over anybody's midnight."""
    return f"Etc/GMT{time.gmtime().tm_hour - 12:+d}"


@pytest.fixture
def scraped(
    platform: tuple[Simulator, Authority], prometheus: Callable[..., Prometheus], tmp_path: Path
) -> Iterator[Prometheus]:
    """A Prometheus that has scraped a daemon which looked, failed, told people and judged again."""
    simulator, authority = platform
    port = free_port()
    text = configuration(simulator, tmp_path, port, '[[channels]]\nname = "ops"\nurl = "env:T_OPS"\n')
    text = re.sub(r"^(probe = .*)$", rf'\1\nca_file = "{authority.ca_file}"', text, flags=re.MULTILINE)
    text = text.replace("[service]", f'[service]\ntimezone = "{midday_zone()}"')
    asyncio.run(two_days_of_looks(tmp_path / "wamon.db"))
    with ExitStack() as stack:
        daemon = stack.enter_context(running(tmp_path, text, port, {"T_OPS": "json://127.0.0.1:9/"}))
        daemon.ready()
        simulator.faults += [GraphError(401, 190)]
        eventually(lambda: daemon.attempts("token", "ok"), "the token was asked about")
        simulator.faults += [GraphError(500, 131016)] * 3
        eventually(lambda: daemon.attempts("cloud-api", "system_error") >= 2, "an outage")
        ask(socket_path(daemon.environ, tmp_path / "wamon.db"), "reclassify", {})
        server = prometheus(f"127.0.0.1:{port}")
        looked = 'count(changes(wamon_probe_attempts_total{target="cloud-api",verdict="ok"}[1m]) > 0)'
        server.wait_for(f"{looked} and count(wamon_reclassification_timestamp_seconds)", within_s=40)
        yield server


def test_every_query_of_the_dashboard_returns_data(scraped: Prometheus) -> None:
    empty = [
        (title, expression)
        for title, expression in QUERIES
        if not any(value == value for _, value in scraped.query(filled(expression)))
    ]
    assert [one for one in empty if families(one[1]) <= EXPORTED - RARE] == []
    for variable in VARIABLES.values():
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            assert [labels[label] for labels, _ in scraped.query(filled(metric))], variable["name"]
    for note in BOARD["annotations"]["list"]:
        scraped.query(filled(note["expr"]))


def test_every_published_metric_is_on_the_board_and_no_other() -> None:
    shown = {name for _, expression in QUERIES for name in families(expression)}
    assert shown - EXPORTED <= {"wamon_webhook_receipts_total", *RARE}
    assert shown >= EXPORTED


def everywhere(node: Any, key: str) -> Iterator[Any]:
    """Every value under a key, however deep."""
    if isinstance(node, dict):
        yield from (node[key],) if key in node else ()
        for value in node.values():
            yield from everywhere(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from everywhere(value, key)


def test_source_job_and_instance_are_chosen_and_never_written_down() -> None:
    assert list(VARIABLES) == ["datasource", "job", "instance", "target"]
    sources = [one for one in everywhere(BOARD, "datasource") if isinstance(one, dict)]
    assert len(sources) > len(PANELS)
    assert all(one == {"type": "prometheus", "uid": "${datasource}"} for one in sources)
    for _, expression in QUERIES:
        for selector in re.findall(r"\b(?:wamon|process)_\w+(\{.*?\})?", expression):
            assert selector.startswith('{job="$job", instance=~"$instance"'), expression
    assert not re.search(r"127\.0\.0\.1|localhost|:9877", TEXT)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_says_what_it_shows_and_lies_beside_no_other(panel: dict[str, Any]) -> None:
    assert panel["description"]
    here = panel["gridPos"]
    assert here["x"] + here["w"] <= 24
    for other in BOARD["panels"]:
        there = other["gridPos"]
        apart = (
            here["x"] + here["w"] <= there["x"]
            or there["x"] + there["w"] <= here["x"]
            or here["y"] + here["h"] <= there["y"]
            or there["y"] + there["h"] <= here["y"]
        )
        assert other is panel or apart, (panel["title"], other["title"])


def test_a_state_is_told_by_a_word_and_not_by_its_colour_alone() -> None:
    (timeline,) = [panel for panel in PANELS if panel["type"] == "state-timeline"]
    (mapping,) = timeline["fieldConfig"]["defaults"]["mappings"]
    words = {one["text"] for one in mapping["options"].values()}
    assert words == {"operational", "degraded", "maintenance", "unobserved", "disruption", "outage"}
    assert len({one["color"] for one in mapping["options"].values()}) == len(words)

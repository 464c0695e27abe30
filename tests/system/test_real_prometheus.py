"""The fixture the metrics are proved with: a real Prometheus scrapes a real endpoint."""

import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import prometheus_client
import pytest


@pytest.fixture
def endpoint() -> Iterator[str]:
    """Where a small exporter with one gauge listens."""
    registry = prometheus_client.CollectorRegistry()
    gauge = prometheus_client.Gauge("wamon_target_state", "0 or 1", ["target", "state"], registry=registry)
    gauge.labels("cloud-api", "outage").set(1)
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1", registry)
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_scrapes_answers_queries_and_evaluates_rules(
    prometheus: Callable, endpoint: str, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text("groups: [{name: g, rules: [{record: twice, expr: wamon_target_state * 2}]}]")
    server = prometheus(endpoint, rules=[rules])
    ((labels, value),) = server.wait_for("twice")
    assert (labels["target"], labels["instance"], value) == ("cloud-api", endpoint, 2.0)
    assert server.query("up") == [({"__name__": "up", "instance": endpoint, "job": "wamon"}, 1.0)]
    with pytest.raises(urllib.error.HTTPError):
        server.query("up{")


def test_a_target_that_is_not_there_says_why(prometheus: Callable) -> None:
    server = prometheus("127.0.0.1:1")
    server.wait_for("up == 0")
    with pytest.raises(AssertionError, match="connection refused"):
        server.wait_for("wamon_target_state", within_s=0.1)

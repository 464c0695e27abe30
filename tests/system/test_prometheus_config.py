"""The example configurations and the alert rules, as the real promtool and amtool read them."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from wamon.core.incident import Severity
from wamon.metrics import METRICS as TABLE

CONFIG = Path(__file__).parents[2] / "config" / "prometheus"
RULES = (CONFIG / "rules.yml").read_text()
EVERY = [rule for group in yaml.safe_load(RULES)["groups"] for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in EVERY if "alert" in rule}

METRICS = {metric.name: set(metric.labels) for metric in TABLE} | {
    "wamon_webhook_receipts_total": {"result"},
    "wamon_roundtrip_seconds": {"target", "message_status"},
}
"""The published metrics with their labels; the last two are the receiver's."""


@pytest.fixture
def promtool(real: Callable[..., Path]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the real promtool in the folder of the configuration."""
    program = real("promtool", package="prometheus")
    return lambda *arguments: subprocess.run([program, *arguments], cwd=CONFIG, capture_output=True, text=True)


@pytest.fixture
def amtool(real: Callable[..., Path]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the real amtool in the folder of the configuration."""
    program = real("amtool", package="prometheus-alertmanager")
    return lambda *arguments: subprocess.run([program, *arguments], cwd=CONFIG, capture_output=True, text=True)


def test_promtool_accepts_the_configuration_and_the_rules_it_names(promtool: Callable) -> None:
    answer = promtool("check", "config", "scrape.yml")
    assert answer.returncode == 0, answer.stderr
    assert f"{RULES.count('- alert:') + RULES.count('- record:')} rules found" in answer.stdout


@pytest.mark.parametrize("file", ["rules_test.yml", "rules_long_test.yml"])
def test_every_alert_fires_when_it_should_and_not_before(promtool: Callable, file: str) -> None:
    answer = promtool("test", "rules", file)
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_seen_to_fire_and_to_be_silent(alert: str) -> None:
    tests = "".join((CONFIG / name).read_text() for name in ("rules_test.yml", "rules_long_test.yml"))
    assert f"alertname: {alert}\n        exp_alerts:\n          - exp_labels" in tests
    assert f"alertname: {alert}, exp_alerts: []" in tests


def test_the_rules_use_published_metrics_and_labels_only() -> None:
    expressions = "\n".join(rule["expr"] for rule in EVERY)
    recorded = {rule["record"] for rule in EVERY if "record" in rule}
    used = set(re.findall(r"(?<![:\w])wamon_\w+", expressions))
    families = {re.sub("_bucket$", "", name) for name in used}
    assert families <= METRICS.keys()
    assert set(re.findall(r"[a-z_]*:?wamon[a-z_]*:[a-z_]+:?\w*", expressions)) <= recorded
    for metric, selector in re.findall(r"(?<![:\w])(wamon_\w+?)(?:_bucket)?\{(.*?)\}", expressions):
        assert set(re.findall(r"(\w+)(?:=~|!=|=)", selector)) <= METRICS[metric], metric


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_severity_of_ours_a_summary_and_says_what_to_do(alert: str) -> None:
    assert ALERTS[alert]["labels"]["severity"] in set(map(str, Severity))
    assert ALERTS[alert]["annotations"].keys() == {"summary", "description", "runbook"}
    assert len(ALERTS[alert]["annotations"]["description"]) > 50


def test_amtool_accepts_the_alertmanager(amtool: Callable) -> None:
    answer = amtool("check-config", "alertmanager.yml")
    assert answer.returncode == 0, answer.stderr


ROUTES = {
    "alertname=WamonGone severity=critical": "page",
    "alertname=WamonTargetFails severity=urgent fault=us": "developers",
    "alertname=WamonTargetFails severity=urgent fault=meta": "duty",
    "alertname=WamonTargetFails severity=urgent fault=network": "duty",
    "alertname=WamonRestated severity=standard": "board",
}


@pytest.mark.parametrize(("labels", "receiver"), ROUTES.items())
def test_an_alert_reaches_those_who_can_mend_it(amtool: Callable, labels: str, receiver: str) -> None:
    answer = amtool("config", "routes", "test", "--config.file=alertmanager.yml", *labels.split())
    assert answer.stdout.strip() == receiver, answer.stderr


def test_only_alerts_that_exist_are_routed_or_muted() -> None:
    text = (CONFIG / "alertmanager.yml").read_text()
    assert set(re.findall(r"\bWamon[A-Z]\w+", text)) <= ALERTS.keys()

"""The example configuration and the alert rules, as the real promtool reads them."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CONFIG = Path(__file__).parents[2] / "config" / "prometheus"
RULES = (CONFIG / "rules.yml").read_text()

METRICS = {
    "wamon_probe_missed_total": {"target", "reason"},
    "wamon_target_state": {"target", "state"},
    "wamon_last_observation_timestamp_seconds": {"target"},
    "wamon_error_budget_remaining_ratio": {"target"},
    "wamon_incidents_open": {"severity"},
    "wamon_notifications_total": {"channel", "result"},
    "wamon_outbox_oldest_seconds": set(),
    "wamon_reclassification_timestamp_seconds": set(),
    "wamon_webhook_receipts_total": {"result"},
    "wamon_token_expiry_timestamp_seconds": {"account"},
    "wamon_certificate_expiry_timestamp_seconds": {"target"},
}
"""The published metrics that the rules lean on, with their labels."""


@pytest.fixture
def promtool(real: Callable[..., Path]) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the real promtool in the folder of the configuration."""
    program = real("promtool", package="prometheus")
    return lambda *arguments: subprocess.run([program, *arguments], cwd=CONFIG, capture_output=True, text=True)


def test_promtool_accepts_the_configuration_and_the_rules_it_names(promtool: Callable) -> None:
    answer = promtool("check", "config", "scrape.yml")
    assert answer.returncode == 0, answer.stderr
    assert f"{RULES.count('- alert:')} rules found" in answer.stdout


def test_every_alert_fires_when_it_should_and_not_before(promtool: Callable) -> None:
    answer = promtool("test", "rules", "rules_test.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("alert", re.findall(r"- alert: (\w+)", RULES))
def test_every_alert_is_tested(alert: str) -> None:
    assert (
        f"alertname: {alert}\n        exp_alerts:\n          - exp_labels"
        in (CONFIG / "rules_test.yml").read_text()
    )


def test_the_rules_use_published_metrics_only() -> None:
    expressions = "\n".join(re.findall(r"^ +expr: (.*)$", RULES, re.MULTILINE))
    used = set(re.findall(r"wamon_\w+", expressions))
    assert used == METRICS.keys()
    for metric, selector in re.findall(r"(wamon_\w+)\{(.*?)\}", expressions):
        assert set(re.findall(r"(\w+)!?=", selector)) <= METRICS[metric], metric


def test_every_alert_says_what_to_do() -> None:
    alerts = RULES.split("- alert: ")[1:]
    for alert in alerts:
        assert re.search(r"labels: \{severity: (critical|urgent|standard)\}", alert), alert
        assert re.search(r'action: "[^"]{10,}"', alert), alert

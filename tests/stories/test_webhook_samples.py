"""Synthetic webhook bodies in Meta's documented shapes: each gets its verdict, alone and in a replay."""

import io
import json
from pathlib import Path

import pytest

from wamon.core.judgement import judge, verdict_document
from wamon.core.knowledge import knowledge
from wamon.core.reading import read_exchange
from wamon.replay import Plan, replay

SAMPLES = json.loads((Path(__file__).parent / "webhook_samples.json").read_text())

GOOD = ("ok", "none", None)
NOTHING_TO_SAY = ("inconclusive", "none", None)
EXPECTED = {
    "status_sent_v24": GOOD,
    "status_sent_v23": GOOD,
    "status_delivered": GOOD,
    "status_read": GOOD,
    "status_played": GOOD,
    "status_group": GOOD,
    "inbound_text": GOOD,
    "inbound_bsuid_only": GOOD,
    "inbound_system_no_contacts": GOOD,
    "batch_two_entries": GOOD,
    "status_failed_recipient": ("user_error", "recipient", 131026),
    "status_failed_ecosystem": ("user_error", "recipient", 131049),
    "status_failed_system": ("system_error", "service", 131016),
    "value_errors": ("user_error", "throttling", 130429),
    "value_errors_no_storage": ("user_error", "endpoint", 131035),
    "inbound_unsupported": ("user_error", "recipient", 131051),
    "account_update_disabled": NOTHING_TO_SAY,
    "account_alert": NOTHING_TO_SAY,
    "template_paused": NOTHING_TO_SAY,
    "throughput_upgrade": NOTHING_TO_SAY,
}


def test_every_sample_has_an_expectation() -> None:
    assert SAMPLES.keys() == EXPECTED.keys()


@pytest.mark.parametrize("probe", ["status", None])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_gets_its_verdict(name: str, probe: str | None) -> None:
    exchange = read_exchange({"probe": probe, "body": SAMPLES[name]})
    known = knowledge()
    said = verdict_document(exchange, judge(exchange, known), known)
    assert (said["verdict"], said["cause"], said["code"]) == EXPECTED[name]


def test_the_samples_are_evidence_in_a_replay_and_have_no_days(tmp_path: Path) -> None:
    lines = [
        {"target": "webhooks", "probe": "status", "at": f"2026-11-01T00:{minute:02d}:00Z", "body": body}
        for minute, body in enumerate(SAMPLES.values())
    ]
    file, complaints = tmp_path / "samples.jsonl", io.StringIO()
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    document = replay(file, Plan(), complaints)
    assert complaints.getvalue() == ""
    assert {row["target"] for row in document["days"]} == {"platform"}
    assert document["incidents"] == document["notifications"] == []

"""``wamon probe`` and ``wamon check``: real exchanges with a simulated platform on loopback."""

import os
import pty
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.platform import SECRETS, configured, simulated
from tests.cli.program import asked, wamon
from wamon.core.judgement import RULES
from wamon.simulator.faults import GraphError
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, ACCOUNT_ID, VERIFY_TOKEN

MESSAGE = """
[[targets]]
name = "send"
probe = "message"
phone_number_id = "106540352242922"
to = "15550000000"
template = "wamon_canary"

[receiver]
verify_token = "env:T_VERIFY"
app_secret = "env:T_VERIFY"
"""


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


@pytest.fixture
def config(platform: Simulator, tmp_path: Path) -> Path:
    return configured(tmp_path / "wamon.toml", platform)


def test_a_good_exchange_is_fine_and_shows_its_steps(config: Path) -> None:
    ended = wamon("probe", "cloud-api", "-c", config, **SECRETS)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("cloud-api  api  ok\n")
    assert "answered, HTTP 200, from 127.0.0.1" in ended.out
    for step in ("connect", "first byte", "total"):
        assert f"{step} " in ended.out
    assert "what to do" not in ended.out, "nothing is to be done"


def test_an_error_is_bad_news_with_code_meaning_and_remedy(platform: Simulator, config: Path) -> None:
    platform.faults = [GraphError(500, 131016)]
    ended = wamon("probe", "cloud-api", "-c", config, "--json", **SECRETS)
    assert ended.code == 1
    verdict = ended.document["verdict"]
    assert (verdict["verdict"], verdict["code"], verdict["counts_as"]) == ("system_error", 131016, "down")
    assert ended.document["exchange"]["http_status"] == 500
    assert ended.document["controls_failed"] is False, "a failure asks the controls"


def test_explain_shows_what_each_rule_said_up_to_the_one_that_won(platform: Simulator, config: Path) -> None:
    platform.faults = [GraphError(401, 190)]
    ended = wamon("probe", "cloud-api", "-c", config, "--explain", "--json", **SECRETS)
    rules = ended.document["rules"]
    names = [rule.__name__ for rule in RULES]
    assert [one["rule"] for one in rules] == names[: len(rules)]
    assert [one["said"] for one in rules[:-1]] == ["nothing"] * (len(rules) - 1)
    assert (rules[-1]["rule"], rules[-1]["said"]) == ("known_code", "user_error, authentication")


def test_when_the_controls_fail_too_it_is_our_own_line(platform: Simulator, config: Path) -> None:
    text = config.read_text()
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        for url in (platform.base_url, *(one.rstrip("/") for one in platform.control_urls)):
            text = text.replace(url, nowhere)
        config.write_text(text)
        ended = wamon("probe", "cloud-api", "-c", config, "--explain", COLUMNS="70", **SECRETS)
    assert ended.code == 1
    assert "local_network" in ended.out
    assert "failed too" in ended.out
    assert "What each rule in turn said" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 70


def test_only_the_secrets_of_the_target_itself_are_needed(config: Path) -> None:
    config.write_text(config.read_text() + '[[channels]]\nname = "ops"\nurl = "env:NOT_SET"\n')
    assert asked("probe", "control-1", "-c", config).code == 0
    refused = asked("probe", "cloud-api", "-c", config)
    assert refused.code == 2
    assert "environment variable T_ACCESS is not set" in refused.err


def test_an_unknown_target_is_refused_with_the_nearest_name(config: Path) -> None:
    ended = asked("probe", "cloudapi", "-c", config)
    assert (ended.code, ended.err) == (2, "wamon: no target is named 'cloudapi'; did you mean cloud-api?\n")


def test_no_secret_is_printed(platform: Simulator, config: Path) -> None:
    platform.faults = [GraphError(401, 190)]
    for form in ((), ("--json", "--explain")):
        ended = wamon("probe", "cloud-api", "-c", config, *form, **SECRETS)
        assert ACCESS_TOKEN not in ended.out + ended.err
    assert VERIFY_TOKEN not in wamon("probe", "webhook", "-c", config, "--json", **SECRETS).out


def test_check_looks_at_everything_and_is_fine(config: Path) -> None:
    ended = wamon("check", "-c", config, COLUMNS="80", **SECRETS)
    assert (ended.code, ended.err) == (0, "")
    assert "is valid" in " ".join(ended.out.split())
    assert max(map(len, ended.out.splitlines())) <= 80
    for name in ("cloud-api", "webhook", "control-1", "control-2"):
        assert any(text.split()[:2] == [name, "ok"] for text in ended.out.splitlines())


def test_check_says_what_is_wrong_and_what_to_do(platform: Simulator, config: Path) -> None:
    platform.faults = [GraphError(401, 190)]
    ended = wamon("check", "-c", config, **SECRETS)
    assert ended.code == 1
    assert "190, more with: wamon explain 190" in ended.out
    assert "what to do" in ended.out


def test_an_endpoint_that_takes_a_wrong_token_is_a_finding(platform: Simulator, config: Path) -> None:
    platform.receiver.checks_token = False
    ended = wamon("check", "-c", config, **SECRETS)
    assert ended.code == 1
    assert "a handshake with a deliberately wrong verify token was accepted" in ended.out
    targets = wamon("check", "-c", config, "--json", **SECRETS).document["targets"]
    assert [one.get("wrong_token_accepted") for one in targets] == [None, True, None, None]


def test_no_canary_is_sent_by_a_check(platform: Simulator, tmp_path: Path) -> None:
    config = configured(tmp_path / "wamon.toml", platform, MESSAGE)
    ended = wamon("check", "-c", config, **SECRETS)
    assert ended.code == 0
    told = " ".join(ended.out.split())
    assert "a canary is a real message and costs money, 12 a day are 372 a month" in told
    assert "about USD 1.12 to 11.16, by market; from Meta's test number nothing" in told
    assert platform.graph.sent == []


def test_a_probe_of_a_message_target_sends_one_only_when_told_to(platform: Simulator, tmp_path: Path) -> None:
    config = configured(tmp_path / "wamon.toml", platform, MESSAGE)
    refused = wamon("probe", "send", "-c", config, **SECRETS)
    assert refused.code == 2
    assert "sends one real message to 15550000000 (template wamon_canary), which may cost money" in refused.err
    assert "nothing was sent by send; --yes sends its message without asking" in refused.err
    assert platform.graph.sent == []
    ended = wamon("probe", "send", "--yes", "-c", config, **SECRETS)
    assert ended.code == 0
    (sent,) = platform.graph.sent
    assert sent.callback_data.startswith("wamon:canary:"), "a receiver knows it for a canary, and keeps it apart"


@pytest.mark.parametrize(("answer", "sent"), [("y\n", 1), ("yes\n", 1), ("\n", 0), ("n\n", 0), ("", 0)])
def test_a_person_at_the_terminal_is_asked(platform: Simulator, tmp_path: Path, answer: str, sent: int) -> None:
    config = configured(tmp_path / "wamon.toml", platform, MESSAGE)
    person, terminal = pty.openpty()
    try:
        os.write(person, answer.encode() or b"\x04")
        ended = subprocess.run(
            [sys.executable, "-m", "wamon", "probe", "send", "-c", str(config)],
            stdin=terminal, capture_output=True, text=True, env={**os.environ, **SECRETS}, timeout=60,
        )  # fmt: skip
    finally:
        os.close(person)
        os.close(terminal)
    assert "Send it? [y/N]" in ended.stderr
    assert ended.returncode == (0 if sent else 2)
    assert len(platform.graph.sent) == sent


def test_a_missing_secret_is_a_problem_and_the_rest_is_looked_at(config: Path) -> None:
    ended = asked("check", "-c", config, "--json")
    assert ended.code == 2
    assert [one["target"] for one in ended.document["targets"]] == ["control-1", "control-2"]
    assert list(ended.document["not_asked"]) == ["cloud-api", "webhook"]
    assert len(ended.document["problems"]) == 2
    assert "environment variable T_ACCESS is not set" in ended.err


def test_every_problem_of_a_configuration_is_said_at_once(tmp_path: Path) -> None:
    config = tmp_path / "wamon.toml"
    config.write_text('[service]\nlissten = ""\n[[targets]]\nname = "x"\nprobe = "api"\ninterval = "60"\n')
    ended = asked("check", "-c", config)
    assert (ended.code, ended.out) == (2, "")
    for said in ("did you mean listen?", "'60' is not a duration such as 30s"):
        assert said in ended.err
    assert all(str(config) in line for line in ended.err.splitlines())


def test_warnings_are_shown_and_are_no_failure(platform: Simulator, config: Path) -> None:
    config.write_text(config.read_text().partition('[[targets]]\nname = "control-2"')[0])
    ended = wamon("check", "-c", config, **SECRETS)
    assert ended.code == 0
    assert "only one control target" in ended.out


def test_check_says_what_graph_says_of_the_account(platform: Simulator, config: Path) -> None:
    config.write_text(config.read_text().replace("[graph]\n", f'[graph]\nwaba_id = "{ACCOUNT_ID}"\n'))
    ended = wamon("check", "-c", config, COLUMNS="80", **SECRETS)
    assert ended.code == 0
    assert "What Graph says of the accounts" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80
    lights = {one["subject"]: one["light"] for one in checked(config)["accounts"]}
    assert lights["subscribed_apps"] == lights["health"] == "green"


def test_an_account_whose_webhooks_nobody_gets_is_bad_news_with_a_remedy(
    platform: Simulator, config: Path
) -> None:
    config.write_text(config.read_text().replace("[graph]\n", f'[graph]\nwaba_id = "{ACCOUNT_ID}"\n'))
    (account,) = platform.world.accounts
    platform.world = replace(platform.world, accounts=(replace(account, subscribed_app_ids=()),))
    ended = wamon("check", "-c", config, **SECRETS)
    assert ended.code == 1
    assert "no app gets the account's webhooks" in ended.out
    assert "subscribe your app" in ended.out


def checked(config: Path) -> dict[str, Any]:
    document: dict[str, Any] = wamon("check", "-c", config, "--json", **SECRETS).document
    return document

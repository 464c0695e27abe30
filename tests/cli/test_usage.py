"""The command line as a whole: help, exit codes, pipes, and what the daemon does not carry."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import COMMAND, asked, environment, wamon
from wamon import __version__
from wamon.cli import plain_run

COMMANDS = (
    "run demo status incidents maintenance check probe notify explain classify replay uptime reclassify init db"
)


def test_help_is_one_page_that_names_every_command() -> None:
    ended = wamon("--help", COLUMNS="80")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    first_words = {text.split()[0] for text in lines if text.strip()}
    assert not set(COMMANDS.split()) - first_words


def test_without_a_command_help_is_shown() -> None:
    assert asked().out == asked("--help").out


def test_the_version_is_the_packages() -> None:
    ended = asked("--version")
    assert (ended.code, ended.out) == (0, f"{__version__}\n")


@pytest.mark.parametrize("command", ["probe", "uptime", "replay", "notify", "db", "incidents", "maintenance"])
def test_every_command_explains_itself(command: str) -> None:
    ended = wamon(command, "--help", COLUMNS="80")
    assert ended.code == 0
    assert ended.out.startswith(f"wamon {command}")
    assert max(map(len, ended.out.splitlines())) <= 80


FACTS = """
check, status, probe, classify, explain, replay, uptime, incidents, incidents list, incidents show, evidence,
reclassify, rule, maintenance, maintenance list, silence, silence list, notify test, notify preview, doctor,
db check, db backup, db stats, db prune, db rebuild
"""


@pytest.mark.parametrize("command", [one.strip() for one in FACTS.split(",")])
def test_every_command_that_prints_facts_takes_json(command: str) -> None:
    ended = asked(*command.split(), "--help")
    assert ended.code == 0
    assert "--json" in ended.out.split()


WRONG = {
    ("prob",): 'Did you mean "probe"?',
    ("probe",): "TARGET requires an argument",
    ("explain", "2", "3"): "Unused Tokens: ['3']",
    ("explain", "2", "--jsno"): "Unknown option: --jsno. Did you mean --json?",
    ("uptime", "--from", "yesterday"): "yesterday",
    ("uptime", "--format", "pdf"): "pdf",
    ("run", "-c"): "requires an argument",
    ("run", "now"): "Unused Tokens: ['now']",
    ("notify", "preview"): "KIND requires an argument",
    ("db", "backup"): "FILE requires an argument",
}


@pytest.mark.parametrize(
    ("arguments", "said"), WRONG.items(), ids=lambda one: " ".join(one) if type(one) is tuple else ""
)
def test_wrong_usage_is_a_sentence_and_exit_code_two(arguments: tuple[str, ...], said: str) -> None:
    ended = asked(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("wamon: ")
    assert ended.err.endswith("See: wamon --help\n")
    assert ended.err.count("\n") == 1
    assert said in ended.err


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    script = f"{' '.join(COMMAND)} explain undelivered | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script], capture_output=True, text=True, env=environment(), timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_an_output_that_is_full_is_a_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "explain", "2"], stdout=full, stderr=subprocess.PIPE, env=environment())
    assert done.returncode == 2
    assert done.stderr.decode() == "wamon: reading or writing failed: no space left on device\n"


def test_an_output_that_knows_no_letters_beyond_ascii_gets_them_escaped() -> None:
    ended = wamon("notify", "preview", "outage", PYTHONIOENCODING="ascii")
    assert ended.code == 0
    assert "\\xb7 sending fails" in ended.out


def test_ctrl_c_is_quiet() -> None:
    with subprocess.Popen(
        [*COMMAND, "classify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n")
        process.stdin.flush()
        assert process.stdout.readline(), "it is at work"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("arguments", "config"),
    [
        ([], (None,)),
        (["-c", "a.toml"], (Path("a.toml"),)),
        (["--config", "a.toml"], (Path("a.toml"),)),
        (["-c"], None),
        (["-c", "--help"], None),
        (["--help"], None),
        (["-c", "a", "b"], None),
    ],
)
def test_only_a_well_formed_run_goes_straight_to_the_daemon(arguments: list[str], config: object) -> None:
    assert plain_run(arguments) == config


def test_the_daemon_carries_nothing_of_the_command_line() -> None:
    """Measured from outside: which modules a `wamon run` has loaded when its configuration is refused."""
    script = (
        "import sys; sys.argv = ['wamon', 'run', '-c', '/dev/null']; import wamon.cli; code = wamon.cli.main(); "
        "people = {'cyclopts', 'pygments', 'rich', 'wamon.terminal', 'wamon.cli.app'}; "
        "print(code, sorted(people & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=dict(os.environ), timeout=60
    )
    assert done.stdout == "2 []\n", done.stderr

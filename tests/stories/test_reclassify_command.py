"""`wamon reclassify` on a real database: first what it would turn, then the same for real, then nothing more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.nights import Night
from wamon.core.timeline import parse_iso

BEFORE_THE_PASS_MS = parse_iso("2026-11-02T05:00:00Z")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(tmp_path_factory.mktemp("command"), BEFORE_THE_PASS_MS)


def wamon(night: Night, *words: str) -> subprocess.CompletedProcess[str]:
    # The days are named and reopened, so that the test says the same in any year.
    window = ("--from", "2026-11-01", "--to", "2026-11-01", "--reopen", "-c", str(night.configuration))
    return subprocess.run(
        [sys.executable, "-m", "wamon", "reclassify", *words, *window], capture_output=True, text=True, timeout=60
    )


def test_a_dry_run_a_real_one_and_one_too_many(night: Night) -> None:
    dry = wamon(night, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.splitlines()[:6] == [
        "Would turn:",
        "  cloud-api: 15 looks, 1800 s, user_error -> system_error, because our token was",
        "      refused although debug_token called this very token valid all that time",
        "      (same token valid)",
        "Days:",
        "  cloud-api 2026-11-01: 95.52 % (0:31:16) -> 91.23 % (1:01:16), revision 2",
    ]
    assert max(map(len, dry.stdout.splitlines())) <= 80
    assert dry.stdout.splitlines()[-1] == "Nothing was written: this was a dry run."

    real = json.loads(wamon(night, "--json").stdout)
    assert [(one["target"], one["rule"], one["observations"]) for one in real["turned"]] == [
        ("cloud-api", "same_token_valid", 15)
    ]
    assert [(one["target"], one["revision"]) for one in real["days"]] == [("cloud-api", 2)]

    again = wamon(night)
    assert again.stdout == "Nothing turns: no evidence speaks against what was judged.\n"


def test_days_in_the_wrong_order_are_refused(night: Night) -> None:
    days = ("--from", "2026-11-05", "--to", "2026-11-01", "-c", str(night.configuration))
    refused = subprocess.run(
        [sys.executable, "-m", "wamon", "reclassify", *days], capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 2
    assert "--from 2026-11-05 is after --to 2026-11-01: name an earlier day" in refused.stderr


def test_without_a_database_it_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "wamon.toml"
    file.write_text(f'[service]\ndatabase = "{tmp_path / "none.db"}"\n[[targets]]\nname = "g"\nprobe = "edge"\n')
    told = subprocess.run(
        [sys.executable, "-m", "wamon", "reclassify", "-c", str(file)], capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 2
    assert "there is no database yet; start wamon run first" in told.stderr

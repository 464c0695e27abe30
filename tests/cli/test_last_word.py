"""``wamon notify last-word``: said once of a service that ended badly, whatever is wrong with its file."""

import os
import time
from pathlib import Path

import pytest

from tests.cli.program import wamon
from tests.cli.test_notify import CHANNELS, sink
from wamon.core.own_words import last_word

ENDS = {
    "watchdog": ("6", "it hung, and the watchdog ended it"),
    "signal": ("KILL", "signal KILL ended it"),
    "exit-code": ("2", "it ended with exit code 2"),
    "oom-kill": ("KILL", "there was no memory left"),
    "protocol": ("0", "protocol"),
}


def ended(folder: Path, base: str, how: str, status: str = "", text: str = CHANNELS) -> tuple[int, str]:
    config, runtime = folder / "wamon.toml", folder / "run"
    config.write_text(text)
    runtime.mkdir(exist_ok=True)
    if how != "success":  # as the unit's ExecStopPost= writes it
        (runtime / "ended").write_text(f"{how} {status}\n")
    said = wamon(
        "notify", "last-word", "-c", config,
        RUNTIME_DIRECTORY=str(runtime), T_WELL=f"{base}/well", T_ILL=f"{base}/well",
    )  # fmt: skip
    return said.code, said.err


@pytest.mark.parametrize(("how", "status", "words"), [(how, *rest) for how, rest in ENDS.items()], ids=ENDS)
def test_it_says_how_the_service_ended(how: str, status: str, words: str) -> None:
    title = last_word(os.uname().nodename, how, status, 0).title
    assert title == f"[CRITICAL] wamon on {os.uname().nodename} ended · {words} · do: journalctl -u wamon -n 100"


def test_a_clean_stop_needs_no_word(tmp_path: Path) -> None:
    with sink() as (base, posts):
        assert ended(tmp_path, base, "success") == (0, "")
    assert posts == []


def test_a_crash_loop_says_it_once_an_hour_even_of_a_refused_configuration(tmp_path: Path) -> None:
    refused = f'[servise]\nlisten = "x"\n{CHANNELS}'
    with sink() as (base, posts):
        for _ in range(2):
            assert ended(tmp_path, base, "exit-code", "2", refused) == (0, "")
        assert len(posts) == 2
        assert {post["title"] for post in posts} == {last_word(os.uname().nodename, "exit-code", "2", 0).title}
        an_hour_ago = time.time() - 3601
        os.utime(tmp_path / "run" / "last-word", (an_hour_ago, an_hour_ago))
        assert ended(tmp_path, base, "exit-code", "2", CHANNELS)[0] == 0
        assert len(posts) == 4


def test_a_channel_that_fails_is_named_and_one_that_does_not_hear_of_unobserved_time_is_left_out(
    tmp_path: Path,
) -> None:
    deaf = '[[channels]]\nname = "deaf"\nurl = "env:T_WELL"\non = ["outage"]\n'
    with sink() as (base, posts):
        code, err = ended(tmp_path, base, "watchdog", text=CHANNELS.replace("T_ILL", "T_NONE") + deaf)
        assert (code, len(posts)) == (1, 1)
    assert "channel ill, url: " in err


def test_by_hand_it_says_what_to_try_instead(tmp_path: Path) -> None:
    said = wamon("notify", "last-word", cwd=tmp_path)
    assert (said.code, said.err) == (
        2,
        "wamon: systemd runs this before it starts the service; try wamon notify test\n",
    )

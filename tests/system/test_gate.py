"""The frame itself: the gate that skips nothing, the scripts on a poorer machine, a browser that opens a page."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPING = {
    "test_call.py": "def test_it(): pytest.skip('the moon is full')",
    "test_mark.py": "@pytest.mark.skip(reason='the moon is full')\ndef test_it(): pass",
    "test_module.py": "pytest.skip('the moon is full', allow_module_level=True)",
    "test_program.py": "def test_it(real): real('no-such-moon', package='full')",
    "test_expected.py": "@pytest.mark.xfail\ndef test_it(): assert False",
}
REASONS = ["the moon is full"] * 3 + ["no-such-moon is not installed: apt-get install full"]


def pytest_in(folder: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    ours = {key: value for key, value in os.environ.items() if key != "WAMON_NO_SKIP"}
    options = ["-q", "-ra", "-p", "no:cacheprovider", "--continue-on-collection-errors", "--rootdir", folder]
    command = [sys.executable, "-m", "pytest", *options, folder]
    return subprocess.run(command, cwd=folder, env=ours | environ, capture_output=True, text=True)


def test_a_skip_names_its_reason_and_fails_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    for name, source in SKIPPING.items():
        (tmp_path / name).write_text(f"import pytest\n{source}\n")
    at_home, at_the_gate = pytest_in(tmp_path), pytest_in(tmp_path, WAMON_NO_SKIP="1")
    assert (at_home.returncode, at_the_gate.returncode) == (0, 1)
    assert "4 skipped, 1 xfailed" in at_home.stdout
    assert "2 failed, 1 xfailed, 2 errors" in at_the_gate.stdout
    failures = at_the_gate.stdout.split("short test summary")[0]
    assert sorted(re.findall(r"WAMON_NO_SKIP=1 and yet: (?:Skipped: )?(.*)", failures)) == sorted(REASONS)


def machine(folder: Path, *programs: str, **written: str) -> dict[str, str]:
    """An environment whose PATH holds these real programs and these scripts, and nothing else."""
    for program in programs:
        (folder / program).symlink_to(shutil.which(program) or program)
    for program, text in written.items():
        (folder / program).write_text(f"#!/bin/sh\n{text}\n")
        (folder / program).chmod(0o755)
    return {"PATH": str(folder)}


def run_script(name: str, *arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts" / name, *arguments], env=env, capture_output=True, text=True
    )


NOT_ALLOWED = {
    "no apt-get": (
        {},
        "missing: chromium prometheus (no apt-get here: install them with your system's own tool)\n",
    ),
    "sudo asks for a password": (
        {"id": "echo 1000", "sudo": "exit 1", "apt-get": "exit 1"},
        "missing: chromium prometheus (sudo apt-get install chromium prometheus)\n",
    ),
}


@pytest.mark.parametrize(("written", "sentence"), NOT_ALLOWED.values(), ids=NOT_ALLOWED.keys())
def test_what_may_not_be_installed_is_named_and_stops_nothing(
    tmp_path: Path, written: dict[str, str], sentence: str
) -> None:
    answer = run_script("system-packages", "chromium", "prometheus", env=machine(tmp_path, **written))
    assert (answer.returncode, answer.stderr, answer.stdout) == (0, sentence, "")


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    env = machine(tmp_path, prometheus="", promtool="", **{"systemd-analyze": ""})
    answer = run_script("system-packages", "prometheus", "systemd", env=env)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_what_may_be_installed_is_fetched_and_tried_twice(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    env = machine(
        tmp_path, "env", id="echo 0", sleep="", **{"apt-get": f'echo "$DEBIAN_FRONTEND $*" >> {diary}; exit 1'}
    )
    answer = run_script("system-packages", "chromium", env=env)
    assert answer.returncode == 0
    assert answer.stderr == "installing chromium with apt-get\napt-get could not install: chromium\n"
    assert diary.read_text().splitlines() == ["noninteractive -qq -o DPkg::Lock::Timeout=120 update"] * 2


def test_a_python_that_is_too_old_is_refused_with_the_reason(tmp_path: Path) -> None:
    copy = tmp_path / "tree" / "scripts"
    shutil.copytree(ROOT / "scripts", copy)
    (tmp_path / "bin").mkdir()
    old = 'case $1 in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac'
    env = machine(tmp_path / "bin", "dirname", python3=old)
    answer = subprocess.run(["/bin/sh", copy / "venv"], env=env, capture_output=True, text=True)
    assert answer.returncode == 2
    assert answer.stderr == (
        "wamon needs Python 3.11 or newer and found Python 3.9.2:"
        " install python3.11 or newer, then run make again\n"
    )


def test_a_python_without_venv_is_told_which_package_to_install(tmp_path: Path) -> None:
    copy = tmp_path / "tree" / "scripts"
    shutil.copytree(ROOT / "scripts", copy)
    (tmp_path / "bin").mkdir()
    bare = 'case "$*" in *venv*) exit 1 ;; *print*) echo python3.12 ;; esac'
    env = machine(tmp_path / "bin", "dirname", "grep", python3=bare)
    answer = subprocess.run(["/bin/sh", copy / "venv"], env=env, capture_output=True, text=True)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[0].startswith("missing: python3.12-venv (no apt-get here")
    assert answer.stderr.splitlines()[1] == (
        "python3 cannot make a virtual environment: apt-get install python3.12-venv, then run make again"
    )


def test_the_browser_opens_a_page(chromium_path: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>wamon</title><p id=word></p><script>word.textContent = 6 * 7</script>")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command = [chromium_path, *options, "--dump-dom", page.as_uri()]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert '<p id="word">42</p>' in answer.stdout, answer.stderr

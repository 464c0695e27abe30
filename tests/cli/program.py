"""Runs ``python -m wamon`` as a process of its own: with pipes, or on a pseudo-terminal."""

import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wamon.cli.app import answer

COMMAND = (sys.executable, "-m", "wamon")
_FORGOTTEN = (
    *("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONUNBUFFERED"),
    *("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY"),
)


@dataclass(frozen=True)
class Ended:
    """What a program left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Every line of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment(**more: str) -> dict[str, str]:
    """This process's, without what would change how a page looks or where things are."""
    kept = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    return kept | {"PYTHONWARNINGS": "error::ResourceWarning"} | more


def wamon(*arguments: object, stdin: str | bytes = b"", cwd: Path | None = None, **more: str) -> Ended:
    """Run a command line to its end; ``more`` is added to the environment."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(**more),
        timeout=60,
        check=False,
    )
    ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ended.err, ended.err
    return ended


def asked(*arguments: object) -> Ended:
    """The same command line answered in this process: where starting a program once more adds nothing."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = answer([str(one) for one in arguments])
    return Ended(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def on_a_terminal(
    *arguments: object, columns: int = 80, stdin: str = "", more: Mapping[str, str] | None = None
) -> str:
    """Everything that appears on a terminal of that width."""
    ours, theirs = pty.openpty()
    variables = environment(TERM="xterm-256color", COLUMNS=str(columns), **(more or {}))
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs, env=variables
    ) as process:
        os.close(theirs)
        os.write(ours, stdin.encode())
        shown = _read(ours, time.monotonic() + 60)
        process.wait(10)
    os.close(ours)
    assert "Traceback" not in shown, shown
    return shown


def _read(terminal: int, until_s: float) -> str:
    shown = b""
    while time.monotonic() < until_s:
        ready, _, _ = select.select([terminal], [], [], 1)
        if not ready:
            continue
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # Linux's way of saying that the other side is gone
            break
        if not piece:
            break
        shown += piece
    return shown.decode()

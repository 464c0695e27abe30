"""The command line. ``run`` goes straight to the daemon: what only people need never gets into its memory."""

import sys
from collections.abc import Sequence
from pathlib import Path


def main() -> int:
    """Answer one command line; gives the exit code: 0 fine, 1 bad news, 2 wrong usage or configuration."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["run"] and (config := plain_run(arguments[1:])):
        # httpx has a command line of its own, which would bring rich and pygments: 3 MiB that no daemon needs.
        sys.modules["httpx._main"] = None  # type: ignore[assignment]
        from wamon.cli.run import run_command

        return run_command(config[0])
    from wamon.cli.app import answer

    return answer(arguments)


def plain_run(arguments: Sequence[str]) -> tuple[Path | None] | None:
    """The configuration of a well-formed ``wamon run``; None for whatever needs to be explained or refused."""
    match arguments:
        case []:
            return (None,)
        case ["-c" | "--config", name] if not name.startswith("-"):
            return (Path(name),)
    return None

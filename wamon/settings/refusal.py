"""The error that a bad configuration raises: all its problems at once, one sentence each."""

from collections.abc import Iterable


class SettingsError(Exception):
    """The configuration cannot be used. ``str`` is one sentence a line, each with the place and a right value.

    ``name`` is the file's; ``report`` puts it before every sentence. No sentence contains a secret.
    """

    def __init__(self, problems: Iterable[str], name: str) -> None:
        self.problems = tuple(problems)
        self.name = name
        super().__init__("\n".join(self.problems))

    def report(self) -> str:
        """Every sentence on a line of its own, after the file's name."""
        return "\n".join(f"{self.name}: {problem}" for problem in self.problems)

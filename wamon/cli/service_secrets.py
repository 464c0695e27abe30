"""How the secrets that a configuration names reach the service: as credentials, each from a file of root's."""

from collections.abc import Iterator
from pathlib import Path

from wamon.cli.answers import CannotError
from wamon.settings import Settings, secrets_needed

_FOR_A_SERVICE = 'write "credential:NAME" there and put the secret into'


def folder_of(config: Path) -> Path:
    """Where credentials lie: beside the configuration, in a folder that is root's alone."""
    return config.absolute().parent / "credentials"


def loading(settings: Settings, config: Path) -> list[str]:
    """The unit's lines for every credential that is named and there; the others may come from a drop-in."""
    return [f"LoadCredential={name}:{path}" for name, path in _named(settings, config) if path.exists()]


def refuse_unreachable(settings: Settings, config: Path, dropins: Path) -> None:
    """Secrets that the service could not have. Raises CannotError with what to do about each.

    Where somebody wrote a drop-in for the unit it is taken to bring what is missing.
    """
    wrong = [] if any(dropins.glob("*.conf")) else [*_unreachable(settings, config)]
    if wrong:
        raise CannotError("; ".join(wrong))


def _unreachable(settings: Settings, config: Path) -> Iterator[str]:
    folder = folder_of(config)
    for need in secrets_needed(settings):
        if need.reference.scheme == "env":
            yield f"{need.place}: a service has no variable {need.reference.name}; {_FOR_A_SERVICE} {folder}/NAME"
    for name, path in _named(settings, config):
        if not path.exists():
            yield f"credential {name}: put it into {path}, such as with: install -D -m 600 /dev/stdin {path}"


def _named(settings: Settings, config: Path) -> list[tuple[str, Path]]:
    needs = [one.reference for one in secrets_needed(settings)]
    names = dict.fromkeys(one.name for one in needs if one.scheme == "credential")
    return [(name, folder_of(config) / name) for name in names]

"""Where an installed service keeps its things: what systemd tells the service, found out for a person's shell."""

import os
from collections.abc import Mapping
from pathlib import Path

_PLACES = {"STATE_DIRECTORY": "var/lib", "RUNTIME_DIRECTORY": "run"}


def service_places(config: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that systemd sets for the service with this configuration, as far as they are not set.

    ``/etc/NAME/*.toml`` is the configuration of a service whose ledger is under ``/var/lib/NAME``, its control
    socket under ``/run/NAME``, its credentials under ``/etc/NAME/credentials``: as the shipped unit has it. Any
    other file is nobody's service, and gives nothing.
    """
    folder = Path() if config is None else config.absolute().parent
    if config is None or folder.parent.name != "etc":
        return {}
    root = folder.parent.parent
    places = {name: root / place / folder.name for name, place in _PLACES.items()}
    places["CREDENTIALS_DIRECTORY"] = folder / "credentials"
    return {
        name: str(place)
        for name, place in places.items()
        if name not in environ and os.path.lexists(place)  # whoever may not look into it is told so later
    }

"""Which configuration a command goes by: the file it was given, or what ``wamon run`` does without one."""

import os
from difflib import get_close_matches
from pathlib import Path

import msgspec

from wamon.cli.answers import CannotError
from wamon.cli.service_places import service_places
from wamon.settings import AnyTarget, Receiver, Settings, SettingsError, default_settings, load


def settings_of(config: Path | None, *, may_be_idle: bool = False) -> Settings:
    """The settings of a file, or the default ones. Raises CannotError with every problem, one a line.

    Of a service's configuration the service's own places are taken: so a shell finds its ledger and its socket.
    """
    os.environ.update(service_places(config, os.environ))
    try:
        return default_settings() if config is None else load(config, may_be_idle=may_be_idle)
    except SettingsError as refused:
        raise CannotError(refused.report()) from None


def target_of(settings: Settings, name: str) -> AnyTarget:
    """The configured target of that name. Raises CannotError with those there are."""
    targets = {one.name: one for one in settings.targets}
    if name in targets:
        return targets[name]
    near = get_close_matches(name, targets, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(targets)}"
    raise CannotError(f"no target is named {name!r}; {hint}")


def only(settings: Settings, name: str) -> Settings:
    """The same with one target and nothing around it, so that only this target's secrets are needed."""
    service = msgspec.structs.replace(settings.service, heartbeat_url=None)
    return msgspec.structs.replace(
        settings,
        service=service,
        targets=tuple(one for one in settings.targets if one.name == name),
        channels=(),
        receiver=Receiver(),
        receiving=False,
    )

"""``wamon install-service``: the systemd unit, printed first and then put in its place."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import wamon
from wamon.cli.answers import BAD_NEWS, FINE, CannotError, say
from wamon.cli.configuration import settings_of
from wamon.cli.service_secrets import loading, refuse_unreachable

UNIT = "wamon.service"
SCRAPED = """\
The status page is on http://{listen}/. A job for Prometheus:
  - job_name: wamon
    static_configs:
      - targets: ["{listen}"]"""
_HIDDEN = ("/home", "/root", "/run/user")
"""What the unit's ``ProtectHome=`` hides from the service."""


def install_command(config: Path, folder: Path, *, only_print: bool, yes: bool) -> int:
    """Print the unit; then write it, and have systemd start it. Raises CannotError with what stands in the way."""
    settings = settings_of(config) if config.exists() or not only_print else None
    credentials = loading(settings, config) if settings else []
    text = unit_text(program(), config.absolute(), credentials)
    sys.stdout.write(text)
    if only_print or settings is None:
        return FINE
    sys.stdout.flush()
    refuse_hidden(program(), Path(sys.executable).resolve())
    place = folder / UNIT
    refuse_unreachable(settings, config, place.with_name(f"{UNIT}.d"))
    if not yes and not _agreed(place):
        say("wamon: nothing was installed")
        return BAD_NEWS
    put(place, text)
    start(place)
    say(SCRAPED.format(listen=settings.service.listen))
    return FINE


def unit_text(executable: Path, config: Path, credentials: Sequence[str] = ()) -> str:
    """The unit as shipped, with this program, this configuration and its credentials in it."""
    text = re.sub(
        r"^(Exec\w+=-?)/opt/wamon/bin/wamon (.*) -c .*$",
        lambda line: f"{line[1]}{executable} {line[2]} -c {config}",
        _shipped(),
        flags=re.MULTILINE,
    )
    return re.sub(
        r"(^#LoadCredential=.*\n)+", "".join(f"{one}\n" for one in credentials), text, flags=re.MULTILINE
    )


def _shipped() -> str:
    """From the installed package; in a checkout, from where the unit is kept."""
    packed = files("wamon").joinpath(UNIT)
    if packed.is_file():
        return packed.read_text()
    return (Path(wamon.__file__).parent.parent / "systemd" / UNIT).read_text()


def program() -> Path:
    """The ``wamon`` beside the Python that runs."""
    return Path(sys.executable).absolute().with_name("wamon")


def refuse_hidden(executable: Path, interpreter: Path) -> None:
    """The service cannot start what it cannot see. Raises CannotError."""
    if not executable.exists():
        raise CannotError(f"there is no {executable}; install wamon into a virtual environment such as /opt/wamon")
    for place in (executable, interpreter):
        if any(place.is_relative_to(folder) for folder in _HIDDEN):
            raise CannotError(
                f"the service cannot see {place}, for it sees no home folders; "
                "install wamon into a virtual environment such as /opt/wamon and use that one's wamon"
            )


def _agreed(place: Path) -> bool:
    if not sys.stdin.isatty():
        raise CannotError(f"nobody can be asked here; add --yes to write {place}, or --print to see the unit only")
    sys.stderr.write(f"\nWrite this to {place} and start it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def put(place: Path, text: str) -> None:
    """Write the unit. Raises CannotError."""
    try:
        place.write_text(text)
        place.chmod(0o644)
    except OSError as refused:
        reason = (refused.strerror or "refused").lower()
        raise CannotError(f"{place} cannot be written ({reason}); run this as root, or with sudo") from None
    say(f"written: {place}")


def start(place: Path) -> None:
    """Have systemd read the unit, start it now and after every boot. Raises CannotError."""
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        raise CannotError(f"{place} is written, but there is no systemctl here to start it")
    for order in (("daemon-reload",), ("enable", "--now", UNIT)):
        done = subprocess.run([systemctl, *order], capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise CannotError(
                f"{place} is written, but systemctl {' '.join(order)} failed ({said}); "
                f"look with: journalctl -u {UNIT} -n 20",
                BAD_NEWS,
            )
    say(f"running; look with: systemctl status {UNIT}")

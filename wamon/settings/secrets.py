"""Secrets: a reference in the file, resolved late, and a value that never shows itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import msgspec

from wamon.settings.spelling import RefusedError

SPELLINGS = '"env:NAME", "file:/path" or "credential:NAME"'
LONGEST_BYTES = 16 * 1024
"""A longer file is not a secret but the wrong file."""

_FORMS = {
    "env": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}"),
    "file": re.compile(r"/[^\x00-\x1f\x7f]{1,999}"),
    "credential": re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}"),
}


class SecretRef(msgspec.Struct, frozen=True):
    """Where a secret is kept: ``scheme`` is env, file or credential (systemd's)."""

    scheme: str
    name: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}"


class Secret:
    """A secret text. Only ``reveal`` gives it; printing, formatting, pickling and encoding do not."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self.__text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, _: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__text == other.__text

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


def read_reference(written: str) -> SecretRef:
    """``env:NAME``, ``file:/path`` or ``credential:NAME``; RefusedError never repeats what was written."""
    scheme, colon, name = written.partition(":")
    form = _FORMS.get(scheme)
    if not colon or form is None:
        raise RefusedError(
            f"a secret does not stand in this file, which is copied, backed up and shown; write {SPELLINGS}"
        )
    if form.fullmatch(name) is None or name.startswith(".."):
        right = {"env": "env:WAMON_TOKEN", "file": "file:/etc/wamon/token", "credential": "credential:token"}
        raise RefusedError(f'after {scheme}: stands no usable name; write it like "{right[scheme]}"')
    return SecretRef(scheme, name)


def resolve(reference: SecretRef, environ: Mapping[str, str]) -> Secret:
    """Look the secret up; trailing newlines of a file do not belong to it.

    Raises RefusedError with what is missing and the remedy, never with the secret.
    """
    text = _SOURCES[reference.scheme](reference.name, environ)
    if not text.strip():
        raise RefusedError(f"{_spoken(reference)} is empty; put the secret into it")
    if not text.isprintable():
        raise RefusedError(
            f"{_spoken(reference)} holds more than one line of printable text; leave only the secret"
        )
    return Secret(text)


def _spoken(reference: SecretRef) -> str:
    return {"env": "environment variable "}.get(reference.scheme, f"{reference.scheme} ") + reference.name


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise RefusedError(f"environment variable {name} is not set; set it for wamon's process")
    return environ[name]


def _from_credential(name: str, environ: Mapping[str, str]) -> str:
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise RefusedError(
            f"credential {name} cannot be read: systemd has set no $CREDENTIALS_DIRECTORY; "
            f'start wamon as the service, or write "env:NAME" or "file:/path" instead'
        )
    path = Path(folder, name)
    if not path.exists():
        raise RefusedError(
            f"credential {name} not found in $CREDENTIALS_DIRECTORY; add LoadCredential={name}:/path to the unit"
        )
    return _contents(path, f"credential {name}")


def _from_file(name: str, _: Mapping[str, str]) -> str:
    return _contents(Path(name), f"file {name}")


def _contents(path: Path, spoken: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LONGEST_BYTES + 1)
    except FileNotFoundError:
        raise RefusedError(f"{spoken} does not exist; create it, readable by wamon's user only") from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise RefusedError(f"{spoken} cannot be read ({reason}); let wamon's user read it") from None
    if len(raw) > LONGEST_BYTES:
        raise RefusedError(f"{spoken} is longer than {LONGEST_BYTES} bytes; leave only the secret in it")
    try:
        return raw.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise RefusedError(f"{spoken} is not UTF-8 text; leave only the secret in it") from None


_SOURCES = {"env": _from_environment, "file": _from_file, "credential": _from_credential}

"""Secrets: looked up late, only where needed, and never shown."""

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.settings.texts import API, CONTROL, EDGE, HOOK, OPS, SEND
from wamon.settings import (
    RefusedError,
    Secret,
    SecretRef,
    SettingsError,
    parse,
    resolve,
    resolve_all,
    secrets_needed,
)
from wamon.settings.secrets import LONGEST_BYTES

CANARY = "EAAGcanary0of1this2test3"


def sentence(reference: SecretRef, environ: dict[str, str]) -> str:
    with pytest.raises(RefusedError) as refusal:
        resolve(reference, environ)
    return str(refusal.value)


def test_a_secret_comes_from_the_environment() -> None:
    assert resolve(SecretRef("env", "TOKEN"), {"TOKEN": CANARY}).reveal() == CANARY


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_line_ends_do_not_belong_to_a_secret_from_a_file(tmp_path: Path, end: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(f" {CANARY}{end}".encode())
    assert resolve(SecretRef("file", str(path)), {}).reveal() == f" {CANARY}"


def test_a_secret_comes_from_systemd_s_credentials(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(CANARY + "\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert resolve(SecretRef("credential", "token"), environ).reveal() == CANARY


def test_what_cannot_be_had_is_said_with_the_remedy(tmp_path: Path) -> None:
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    token = SecretRef("credential", "token")
    assert sentence(SecretRef("env", "TOKEN"), {}) == (
        "environment variable TOKEN is not set; set it for wamon's process"
    )
    assert sentence(token, {}) == (
        "credential token cannot be read: systemd has set no $CREDENTIALS_DIRECTORY; "
        'start wamon as the service, or write "env:NAME" or "file:/path" instead'
    )
    assert sentence(token, credentials) == (
        "credential token not found in $CREDENTIALS_DIRECTORY; add LoadCredential=token:/path to the unit"
    )
    assert sentence(SecretRef("file", f"{tmp_path}/none"), {}) == (
        f"file {tmp_path}/none does not exist; create it, readable by wamon's user only"
    )
    assert sentence(SecretRef("file", str(tmp_path)), {}) == (
        f"file {tmp_path} cannot be read (is a directory); let wamon's user read it"
    )


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "is empty; put the secret into it"),
        (b" \n", "is empty; put the secret into it"),
        (b"EAAGcanary\nother\n", "holds more than one line of printable text; leave only the secret"),
        (b"EAAGcanary\x00", "holds more than one line of printable text; leave only the secret"),
        (b"EAAGcanary\xff", "is not UTF-8 text; leave only the secret in it"),
        (b"EAAGcanary" * LONGEST_BYTES, f"is longer than {LONGEST_BYTES} bytes; leave only the secret in it"),
    ],
)
def test_a_file_that_is_no_secret_is_refused_unshown(tmp_path: Path, content: bytes, wrong: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    assert sentence(SecretRef("file", str(path)), {}) == f"file {path} {wrong}"


SHOWN: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda secret: f"{secret:>40}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "container": lambda secret: repr({"token": [secret]}),
    "fallback": lambda secret: json.dumps({"token": secret}, default=str),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_a_secret_shows_nothing_of_itself(show: Callable[[Secret], str]) -> None:
    assert "canary" not in show(Secret(CANARY))


ENCODERS = {
    "json": json.dumps,
    "msgspec": msgspec.json.encode,
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "vars": vars,
}


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
def test_a_secret_is_not_encoded_and_not_copied(encode: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as refusal:
        encode(Secret(CANARY))
    assert "canary" not in str(refusal.value)


def test_a_secret_stays_out_of_logs_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    try:
        raise RuntimeError("failed", secret)
    except RuntimeError as error:
        logging.getLogger("wamon").exception("with %s", secret)
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "canary" not in shown + caplog.text


def test_equal_secrets_are_equal_so_that_a_rotation_is_seen() -> None:
    assert Secret(CANARY) == Secret(CANARY)
    assert hash(Secret(CANARY)) == hash(Secret(CANARY))
    assert Secret(CANARY) != Secret("other")
    assert Secret(CANARY) != CANARY


ACME = '[[accounts]]\nname = "acme"\naccess_token = "env:ACME"\n'
ON_ACME = 'account = "acme"\n'
NEEDED = {
    EDGE + CONTROL + 'url = "https://one.example/"\n': [],
    EDGE + ACME: [],
    API: ["[graph] access_token"],
    API + '[graph]\napp_id = "7"\n': ["[graph] access_token", "[graph] app_secret"],
    API + ON_ACME + ACME: ["account acme, access_token"],
    EDGE + '[graph]\napp_id = "7"\n': [],
    HOOK: ["target webhook, verify_token"],
    HOOK + "signed_event = true\n": ["[graph] app_secret", "target webhook, verify_token"],
    SEND: ["[graph] access_token", "[receiver] verify_token", "[receiver] app_secret"],
    EDGE + '[receiver]\napp_secret_previous = "env:OLD"\n': [
        "[receiver] verify_token",
        "[receiver] app_secret",
        "[receiver] app_secret_previous",
    ],
    OPS + 'url = "env:OPS"\n[service]\nheartbeat_url = "env:B"\n': [
        "channel ops, url",
        "[service] heartbeat_url",
    ],
}


@pytest.mark.parametrize(("text", "places"), NEEDED.items())
def test_only_secrets_that_something_uses_are_looked_up(text: str, places: list[str]) -> None:
    assert [need.place for need in secrets_needed(parse(text))] == places


def test_a_token_alone_needs_the_access_token() -> None:
    settings = parse('[[targets]]\nname = "token"\nprobe = "token"\n')
    assert [need.place for need in secrets_needed(settings)] == ["[graph] access_token"]


def test_each_secret_is_found_by_its_reference() -> None:
    settings = parse(API + '[graph]\naccess_token = "env:TOKEN"\n' + HOOK)
    found = resolve_all(settings, {"TOKEN": CANARY, "V": "handshake"})
    assert settings.graph.access_token is not None
    assert found[settings.graph.access_token] == Secret(CANARY)
    assert {str(reference) for reference in found} == {"env:TOKEN", "env:V"}


def test_all_missing_secrets_are_told_at_once_with_their_places() -> None:
    with pytest.raises(SettingsError) as refusal:
        resolve_all(parse(API + HOOK), {"CREDENTIALS_DIRECTORY": "/nowhere"})
    assert refusal.value.problems == (
        "[graph] access_token: credential access_token not found in $CREDENTIALS_DIRECTORY; "
        "add LoadCredential=access_token:/path to the unit",
        "target webhook, verify_token: environment variable V is not set; set it for wamon's process",
    )


def test_settings_hold_references_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", CANARY)
    settings = parse(API + '[graph]\naccess_token = "env:TOKEN"\n')
    assert settings.graph.access_token == SecretRef("env", "TOKEN")
    assert "canary" not in repr(settings)

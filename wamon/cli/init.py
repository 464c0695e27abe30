"""``wamon init``: a handful of questions, and a commented configuration made of the answers."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from wamon.cli.answers import FINE, CannotError, say
from wamon.settings import RefusedError, SettingsError, parse
from wamon.settings import values as v

_NEXT = ("check", "notify test", "run")

Answers = Mapping[str, str]


class Question(NamedTuple):
    """One question. ``read`` refuses a wrong answer with a sentence; ``when`` asks it only after another."""

    key: str
    text: str
    example: str
    read: Callable[[object], object]
    default: str = ""
    when: str = ""


QUESTIONS = (
    Question(
        "phone_number_id",
        "Which phone number id shall be watched? It is in the app's WhatsApp settings, and is not the number",
        "106540352242922",
        v.ID.read,
    ),
    Question(
        "access_token",
        "Where is its access token kept? Never type the token itself",
        "env:WAMON_TOKEN, file:/path or credential:NAME",
        v.SECRET.read,
        "credential:access_token",
        "phone_number_id",
    ),
    Question(
        "webhook", "What is the URL of your webhook endpoint", "https://business.example/webhook", v.URL.read
    ),
    Question(
        "verify_token",
        "Where is its verify token kept",
        "env:WAMON_VERIFY_TOKEN, file:/path or credential:NAME",
        v.SECRET.read,
        "credential:verify_token",
        "webhook",
    ),
    Question(
        "channel",
        "Who is told? Where is the Apprise URL of that channel kept",
        "env:WAMON_OPS_URL",
        v.SECRET.read,
    ),
    Question("timezone", "In which time zone do your days begin", "Europe/Berlin", v.ZONE.read, "UTC"),
)


def init_command(file: Path) -> int:
    """Ask, write, and say what comes next. Raises CannotError rather than replace a file."""
    if file.exists():
        raise CannotError(f"{file} is there already and stays as it is; name another file, or move it away")
    if not file.absolute().parent.is_dir():
        raise CannotError(f"the folder {file.parent} does not exist; make it first")
    say("A few questions. Enter skips one; everything can be changed in the file afterwards.\n")
    text = configuration(asked())
    try:
        parse(text, name=str(file))
        with file.open("x") as out:
            out.write(text)
    except SettingsError as refused:
        raise CannotError(refused.report()) from None
    except OSError as refused:
        reason = (refused.strerror or "refused").lower()
        raise CannotError(f"{file} cannot be written: {reason}") from None
    sys.stdout.write(f"{file} is written. Next:\n" + "".join(f"  wamon {one} -c {file}\n" for one in _NEXT))
    return FINE


def asked() -> dict[str, str]:
    """The answers by key; empty for what was skipped. A wrong answer is refused and asked again."""
    answers: dict[str, str] = {}
    for question in QUESTIONS:
        wanted = not question.when or bool(answers[question.when])
        answers[question.key] = _answer(question) if wanted else ""
    return answers


def _answer(question: Question) -> str:
    while True:
        otherwise = f"; Enter: {question.default}" if question.default else "; Enter: skip"
        sys.stderr.write(f"{question.text}\n  such as {question.example}{otherwise}\n> ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip()
        if not answer:
            return question.default
        try:
            question.read(answer)
        except RefusedError as refused:
            say(f"  {refused}")
        else:
            return answer


def configuration(answers: Answers) -> str:
    """The file's text: two controls and Graph's first layer always, the rest as far as it was answered."""
    parts = (
        _HEAD,
        _GRAPH if answers["phone_number_id"] else "",
        _EDGE,
        _API if answers["phone_number_id"] else "",
        _WEBHOOK if answers["webhook"] else "",
        _CONTROLS,
        _CHANNEL if answers["channel"] else _NO_CHANNEL,
    )
    # A JSON string is a TOML string: whatever was typed stays inside its quotes.
    quoted = {key: json.dumps(answer) for key, answer in answers.items()}
    return "\n".join(part.format(**quoted) for part in parts if part)


_HEAD = """\
# wamon: what it watches and whom it tells. Look at it with: wamon check -c THIS-FILE
# Durations are "500ms", "30s", "5m", "2h". A secret is a reference and never stands here: "env:NAME",
# "file:/path", or "credential:NAME" for one that systemd passes to the service.

[service]
listen = "127.0.0.1:9877"        # the status page and /metrics
database = "wamon.db"            # under systemd: in its state directory
# Days and weeks begin in this zone.
timezone = {timezone}
"""

_GRAPH = """\
[graph]
# The Graph version your application asks for. Each one expires: wamon check says when.
version = "v25.0"
# The token needs whatsapp_business_messaging and whatsapp_business_management.
access_token = {access_token}
"""

_EDGE = """\
# Graph's first layer, asked without a token.
[[targets]]
name = "graph"
probe = "edge"
interval = "60s"
"""

_API = """\
# The phone number's own node: Graph, the token and the account's store. Free, without side effects.
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = {phone_number_id}
interval = "60s"

# What Meta itself says of the token: it decides later whose fault a refusal was.
[[targets]]
name = "token"
probe = "token"
interval = "15m"
"""

_WEBHOOK = """\
# Your own endpoint, asked the way Meta verifies it.
[[targets]]
name = "webhook"
probe = "webhook"
url = {webhook}
verify_token = {verify_token}
interval = "30s"
"""

_CONTROLS = """\
# Controls: two sites that are not Meta's, on two networks, so that trouble of your own line is not taken for
# Meta's. Their owners keep them for machines that ask whether they are online; any others will do.
[[targets]]
name = "control-google"
probe = "control"
url = "https://www.gstatic.com/generate_204"
interval = "60s"

[[targets]]
name = "control-cloudflare"
probe = "control"
url = "https://cp.cloudflare.com/generate_204"
interval = "60s"
"""

_CHANNEL = """\
# Who is told. Try it with: wamon notify test
[[channels]]
name = "ops"
url = {channel}
"""

_NO_CHANNEL = """\
# Who is told: nobody yet. The URL is any of Apprise's; it holds a key, so it is a secret as a whole.
#[[channels]]
#name = "ops"
#url = "env:WAMON_OPS_URL"
"""

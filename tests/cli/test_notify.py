"""``wamon notify``: real channels on loopback, and how notices read."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.program import asked, wamon
from wamon.cli.examples import examples

CHANNELS = """
[[targets]]
name = "graph"
probe = "edge"

[[channels]]
name = "well"
url = "env:T_WELL"

[[channels]]
name = "ill"
url = "env:T_ILL"
"""


@contextmanager
def sink() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An HTTP server that keeps what is posted to ``/well`` and refuses the rest."""
    posts: list[dict[str, str]] = []

    class Sink(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/well":
                posts.append(json.loads(body))
            self.send_response(200 if self.path == "/well" else 403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_port}", posts
        server.shutdown()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    config = tmp_path / "wamon.toml"
    config.write_text(CHANNELS)
    return config


def test_every_channel_gets_one_letter_and_its_fate_is_told(config: Path) -> None:
    with sink() as (base, posts):
        ended = wamon("notify", "test", "-c", config, T_WELL=f"{base}/well", T_ILL=f"{base}/secret-path")
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert lines[0].split() == ["well", "sent"]
    assert lines[1].startswith("ill   failed: ")
    assert "refused the credentials" in lines[1]
    assert "secret-path" not in ended.out + ended.err
    assert [post["title"].startswith("[TEST] wamon on ") for post in posts] == [True]


def test_one_channel_can_be_tried_alone(config: Path) -> None:
    with sink() as (base, posts):
        ended = wamon("notify", "test", "well", "-c", config, "--json", T_WELL=f"{base}/well")
    assert ended.code == 0
    assert ended.document == {
        "channels": [{"channel": "well", "ok": True, "detail": ended_detail(ended.document)}]
    }
    assert len(posts) == 1


def ended_detail(document: dict[str, list[dict[str, str]]]) -> str:
    return document["channels"][0]["detail"]


def test_what_cannot_be_sent_is_wrong_usage(config: Path) -> None:
    unknown = asked("notify", "test", "opps", "-c", config)
    assert (unknown.code, unknown.err) == (2, "wamon: no channel is named 'opps'; there are well, ill\n")
    missing = asked("notify", "test", "ill", "-c", config)
    assert missing.code == 2
    assert "channel ill, url: environment variable T_ILL is not set" in missing.err
    nobody = asked("notify", "test")
    assert (nobody.code, nobody.out) == (2, "")
    assert "no [[channels]] are configured" in nobody.err


TOLD = [(kind, phase) for kind, phases in examples(0).items() for phase in phases]


@pytest.mark.parametrize(("kind", "phase"), TOLD)
def test_every_kind_and_phase_can_be_previewed(kind: str, phase: str) -> None:
    ended = asked("notify", "preview", kind, phase, "--json")
    assert ended.code == 0
    assert (ended.document["kind"], ended.document["phase"]) == (kind, phase)
    assert ended.document["letter"]["title"] == ended.document["title"]
    assert ended.document["letter"]["body"].startswith(ended.document["body"])


def test_a_preview_reads_as_it_is_sent() -> None:
    ended = asked("notify", "preview", "outage")
    assert ended.out.startswith("[CRITICAL] Meta · sending fails · send · since ")
    assert "do: hold queues, no re-sends" in ended.out


def test_a_kind_that_is_none_is_refused_with_those_there_are() -> None:
    ended = asked("notify", "preview", "outtage")
    assert (ended.code, ended.out) == (2, "")
    assert "there are outage, disruption" in ended.err
    ended = asked("notify", "preview", "outage", "reopened")
    assert (ended.code, ended.err) == (
        2,
        "wamon: no outage is told as 'reopened'; it is told as opened, resolved, changed, reminder, note\n",
    )

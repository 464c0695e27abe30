"""``wamon status`` and ``wamon incidents``: asked of a real page server."""

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.cli.program import asked, wamon
from tests.support.reports import NOW_MS, Shown, bad_week, days, metas_word, report, target
from tests.web.served import served
from wamon.core.reference import MetasWord
from wamon.core.report import Report
from wamon.core.timeline import HOUR
from wamon.core.webhook_flow import Flow, State, flow_lines


@contextmanager
def answering(now: Report, folder: Path) -> Iterator[Path]:
    """A daemon's page over a report, and the configuration that leads to it."""
    with served(Shown(now)) as address:
        yield listening(address, folder)


def listening(address: str, folder: Path) -> Path:
    config = folder / "wamon.toml"
    config.write_text(f'[service]\nlisten = "{address}"\n[[targets]]\nname = "graph"\nprobe = "edge"\n')
    return config


@pytest.mark.parametrize("columns", [60, 80])
def test_a_bad_week_is_bad_news_that_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    with answering(bad_week(), tmp_path) as config:
        ended = wamon("status", "-c", config, COLUMNS=str(columns))
    assert ended.code == 1
    assert max(map(len, ended.out.splitlines())) <= columns
    words = " ".join(ended.out.split())
    for said in ("outage", "11-09 08:45", "Hold the queues, wait five minutes", "whose Meta: account", "97.34 %"):
        assert said in words


def test_a_calm_day_is_fine(tmp_path: Path) -> None:
    with answering(report([target("graph", past=days({}))]), tmp_path) as config:
        ended = wamon("status", "-c", config, http_proxy="http://127.0.0.1:9/")
        document = wamon("status", "-c", config, "--json").document
    assert ended.code == 0
    assert "whose" not in ended.out
    assert document["targets"][0]["state"] == "operational"


def test_incidents_are_listed_and_one_is_shown(tmp_path: Path) -> None:
    with answering(bad_week(), tmp_path) as config:
        listed = asked("incidents", "-c", config)
        same = asked("incidents", "list", "-c", config)
        document = asked("incidents", "list", "-c", config, "--json").document
        latest = asked("incidents", "show", "cloud-api", "-c", config)
        named = asked("incidents", "show", "webhook@2026-11-07T11:06:00Z", "-c", config, "--json")
        unknown = asked("incidents", "show", "graf", "-c", config)
    assert (listed.code, listed.out) == (0, same.out)
    assert listed.out.count("cloud-api") == 4
    assert len(document["incidents"]) == 6
    assert "still open" in latest.out
    assert named.document["cause"] == "endpoint"
    assert (unknown.code, unknown.out) == (1, "")
    assert "knows no incident 'graf'" in unknown.err


def test_eighty_columns_are_enough_for_a_table_and_sixty_days(tmp_path: Path) -> None:
    with answering(bad_week(messages=True), tmp_path) as config:
        out = wamon("status", "-c", config, COLUMNS="80").out
    assert "cloud-api  ■ outage       97.34 % 0:14:21  100 % 0:00:00  98.97 % 2:03:21" in out
    (drawn,) = (line for line in out.splitlines() if line.startswith("cloud-api  █"))
    assert drawn.split()[1] == "█" * 9 + "▁" + "█" * 21 + "?" + "█" * 21 + "▄▄▄█▆█▄"
    (young,) = (line for line in out.splitlines() if line.startswith("webhook    ·"))
    assert young.split()[1].count("·") == 20
    assert "\x1b" not in out, "colours are for a terminal"


def test_what_is_held_back_is_said_with_its_end_and_its_reason(tmp_path: Path) -> None:
    with answering(bad_week(), tmp_path) as config:
        out = " ".join(wamon("status", "-c", config, COLUMNS="80").out.split())
    assert "Notices held back" in out
    assert "webhook, endpoint: until 2026-11-09 10:00" in out
    assert "because its certificate is being renewed (anna, silence 3)" in out


def test_an_incident_says_where_it_stands_and_how_wide_it_is(tmp_path: Path) -> None:
    with answering(bad_week(), tmp_path) as config:
        out = " ".join(wamon("incidents", "show", "cloud-api", "-c", config).out.split())
    assert "how wide global, by its code" in out
    assert "seen to by anna, 2026-11-09 09:00:00 UTC: Meta has the ticket" in out
    assert "note bob" in out


def test_incidents_say_whose_they_were(tmp_path: Path) -> None:
    with answering(bad_week(), tmp_path) as config:
        out = wamon("incidents", "-c", config, COLUMNS="80").out
    said = " ".join(out.split())
    assert "2026-11-07 11:06 40 min webhook Our endpoint: the webhook endpoint fails" in said
    assert "2026-11-06 16:02 25 min graph Nobody could say: local network" in said
    assert max(map(len, out.splitlines())) <= 80


def test_no_daemon_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        ended = wamon("status", "-c", listening(address, tmp_path))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        f"wamon: no daemon answers on {address} (connection refused): start it with wamon run, "
        "or name its configuration with -c\n"
    )


class Stranger(http.server.BaseHTTPRequestHandler):
    """Another program on the daemon's address."""

    def do_GET(self) -> None:
        self.send_response(200 if "status" in self.path else 404)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


def test_another_program_on_the_address_is_recognised(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = listening(f"127.0.0.1:{server.server_port}", tmp_path)
        no_json, no_page = asked("status", "-c", config), asked("incidents", "-c", config)
        server.shutdown()
    assert no_json.code == no_page.code == 1
    assert "something else than JSON: it is not wamon" in no_json.err
    assert "answered 404: is it wamon that listens there?" in no_page.err


META = {
    "not asked": (None, ""),
    "not read yet": (MetasWord(), "Meta's page: unknown, not read yet"),
    "old": (MetasWord(read_ms=NOW_MS - HOUR), "Meta's page: unknown, last read 1 h ago"),
    "calm": (MetasWord(read_ms=NOW_MS, fresh=True), "Meta's page: all green · read 0 s ago"),
    "a bad morning": (
        metas_word(),
        "Meta's page: Cloud API red, WhatsApp Business account management yellow, Graph API unknown"
        " · read 3 min ago · 2026-11 down 34.6 min · cloud-api 114.0 min",
    ),
}


@pytest.mark.parametrize(("word", "line"), META.values(), ids=META)
def test_meta_s_page_is_one_line(tmp_path: Path, word: MetasWord | None, line: str) -> None:
    with answering(report([target("graph", past=days({}))], reference=word), tmp_path) as config:
        ended = wamon("status", "-c", config, COLUMNS="200")
    assert ended.code == 0, "what Meta says is no bad news of ours"
    assert [one for one in ended.out.splitlines() if "Meta's page" in one] == ([line] if line else [])


def test_what_may_be_our_own_doing_stands_with_what_to_do_and_what_is_fine_does_not(tmp_path: Path) -> None:
    silent = Flow("graph", State.SILENT, NOW_MS - HOUR, 118.0, 64.0, 8)
    well = Flow("shop", State.USUAL, NOW_MS - HOUR, 1.0, 0.0, 8)
    now = report([target("graph", past=days({}))])
    now = msgspec.structs.replace(now, ourselves=tuple(flow_lines([silent, well], NOW_MS)))
    with answering(now, tmp_path) as config:
        ended = wamon("status", "-c", config, COLUMNS="200")
    assert ended.code == 0, "silence is no downtime"
    assert "Are we the problem?" in ended.out
    line = "graph · webhooks: the last came 1 h ago, by now about 118 are usual; do: see who is subscribed and"
    assert [one.startswith(line) for one in ended.out.splitlines() if "webhooks:" in one] == [True]

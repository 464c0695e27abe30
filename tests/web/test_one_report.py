"""One report: page, API, metrics, feed, badge and terminal print the same snapshot, to the last digit."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.cli.program import wamon
from tests.support.reports import Shown, bad_week
from tests.web.served import served
from wamon.core.uptime import Figures, clock_text, percent
from wamon.web.words import platform_share


@pytest.fixture(scope="module")
def face() -> Shown:
    return Shown(bad_week(messages=True))


@pytest.fixture(scope="module")
def address(face: Shown) -> Iterator[str]:
    with served(face) as place:
        yield place


@pytest.fixture(scope="module")
def config(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("one") / "wamon.toml"
    file.write_text(f'[service]\nlisten = "{address}"\n[[targets]]\nname = "cloud-api"\nprobe = "edge"\n')
    return file


def text_of(address: str, path: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", httpx.get(f"http://{address}{path}", trust_env=False).text).split())


PERIODS = ("today", "month")
VIEWS = {
    "platform": ("availability", lambda one: (one.down_ms, one.platform_ms)),
    "meta": ("availability_meta", lambda one: (one.meta_down_ms, one.total_ms)),
    "experienced": (
        "availability_experienced",
        lambda one: (one.down_ms + one.network_ms + one.user_error_ms, one.observed_ms),
    ),
}


def test_page_json_and_metrics_say_the_same_of_every_row_period_and_view(face: Shown, address: str) -> None:
    with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        status = client.get("/api/v1/status").json()
        metrics = client.get("/metrics").text
    rows: dict[str, tuple[dict[str, Figures], dict[str, dict[str, float]]]] = {
        one.name: (dict(one.periods), document["periods"])
        for one, document in zip(face.now.targets, status["targets"], strict=True)
        if one.days
    }
    rows["platform"] = (dict(face.now.platform_periods), status["platform"])
    compared = 0
    for name, (sums, said) in rows.items():
        page = text_of(address, f"/target/{name}")
        for period in PERIODS:
            for view, (key, parts) in VIEWS.items():
                lost_ms, whole_ms = parts(sums[period])
                ratio = said[period][key]
                assert ratio == 1 - lost_ms / whole_ms
                if name != "webhook" or view != "meta":
                    assert f"{percent(lost_ms, whole_ms)} {clock_text(lost_ms)}" in page, (name, period, view)
                compared += 1
                if name == "platform":
                    continue  # a label of the metrics is the name of a configured target
                label = f'wamon_availability_ratio{{target="{name}",period="{period}",view="{view}"}} '
                (told,) = re.findall(rf"^{re.escape(label)}(\S+)$", metrics, re.MULTILINE)
                assert float(told) == ratio, label
    assert compared == 5 * 2 * 3


def test_the_terminal_prints_the_same(face: Shown, address: str, config: Path) -> None:
    ended = wamon("status", "-c", config, COLUMNS="200")
    page = text_of(address, "/")
    for one in face.now.targets:
        if one.days:
            line = next(line for line in ended.out.splitlines() if line.split()[:1] == [one.name])
            for period in ("today", "yesterday", "month"):
                share = platform_share(one.periods[period])
                assert f"{share.text} {share.lost}" in line, (one.name, period)
            today = platform_share(one.periods["today"])
            assert f"{today.text} {today.lost}" in page
    as_json = json.loads(wamon("status", "-c", config, "--json").out)
    assert as_json == httpx.get(f"http://{address}/api/v1/status", trust_env=False).json()
    listed = json.loads(wamon("incidents", "-c", config, "--json").out)
    assert listed == httpx.get(f"http://{address}/api/v1/incidents", trust_env=False).json()


def test_feed_badge_and_days_say_the_same_of_what_they_tell(face: Shown, address: str) -> None:
    with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        days = client.get("/api/v1/days").json()["days"]
        feed, badge = client.get("/feed.atom").text, client.get("/badge/cloud-api.svg").text
    target = face.now.targets[0]
    assert platform_share(target.periods["month"]).text in badge
    restated = [one for one in days if one["revision"] > 1]
    assert {one["target"] for one in restated} == {"cloud-api", "send", "platform"}
    for row in restated:
        lost = clock_text(round(row["down_s"] * 1000))
        assert f"{row['target']}, {row['date']}" in feed
        day_page = text_of(address, f"/target/{row['target']}/{row['date']}")
        assert lost in feed
        assert f"revision {row['revision']}" in day_page
        assert f"{int(row['availability'] * 10_000) / 100:.2f} % {lost}" in day_page
    for one in face.now.incidents:
        assert one.target in feed
        assert one.target in text_of(address, f"/incident/{one.name}")


def test_page_and_json_say_the_same_of_what_people_said(face: Shown, address: str) -> None:
    name = face.now.incidents[0].name
    with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
        (silence,) = client.get("/api/v1/status").json()["silences"]
        said = next(one for one in client.get("/api/v1/incidents").json()["incidents"] if one["acknowledged"])
    page, incident = text_of(address, "/"), text_of(address, f"/incident/{name}")
    assert (silence["number"], silence["author"], silence["to"]) == (3, "anna", "2026-11-09T10:00:00Z")
    assert f"webhook, endpoint until Mon 2026-11-09 10:00 UTC because {silence['because']}" in page
    assert "anna, silence 3" in page
    assert f"acknowledged by {said['acknowledged']['author']}" in page
    assert f"Acknowledged by anna : {said['acknowledged']['text']}" in incident
    assert said["notes"][0]["text"] in incident
    wide = f"by its code as wide as: {said['scope']}"
    grave = f"a ticket at Meta would be {said['metas_severity']}"
    assert f"{said['phase']}, {said['severity']}, {wide}; {grave}" in incident


def test_what_nobody_spoke_of_has_no_word_of_people() -> None:
    quiet = msgspec.structs.replace(bad_week(), standings={}, silences=())
    with served(Shown(quiet)) as place:
        assert "Notices held back" not in text_of(place, "/")
        assert "acknowledged by" not in text_of(place, "/")
        assert "What people said of it" not in text_of(place, f"/incident/{quiet.incidents[0].name}")

"""What is allowed and probably not meant is said, and only then."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.settings.texts import API, CONTROL, EDGE, HOOK, SEND
from wamon.settings import parse, warnings
from wamon.settings.graph_versions import GRAPH_VERSIONS, SOON_DAYS, version_advice

TODAY = date(2026, 11, 22)
CONTROLS = (
    CONTROL + 'url = "https://one.example/"\n' + CONTROL.replace("-1", "-2") + 'url = "https://two.example/"\n'
)
GOOD = CONTROLS + EDGE
REPORTS = '[reports]\nsecret = "env:REPORTS"\n'
OFTEN = "".join(API.replace("cloud-api", f"often-{number}") + 'interval = "16s"\n' for number in (1, 2))
"""Two numbers, each asked 225 times an hour."""

WARNED = [
    (GOOD, []),
    (EDGE, ["no control target: trouble of our own line cannot be told from Meta's and never pages; add two"]),
    (
        EDGE + CONTROL + 'url = "https://one.example/"\n',
        ["only one control target: when its site fails, it looks like our line; add one of another owner"],
    ),
    (
        EDGE + CONTROLS.replace("two.example", "ONE.example.:443"),
        ["2 control targets ask one.example: they fail together; choose different owners and networks"],
    ),
    (
        GOOD + HOOK.replace("b.example", "one.example"),
        ["target control-1: asks the host of your own endpoint, and fails with it; choose another site"],
    ),
    (CONTROLS, ["only control and token targets: they are evidence, without days; add an edge or api target"]),
    (GOOD + SEND + 'interval = "45m"\n', []),
    (
        GOOD + REPORTS,
        ['[reports] secret: no traffic target counts what is reported; add one with direction = "send"'],
    ),
    (GOOD + REPORTS + '[[targets]]\nname = "real"\nprobe = "traffic"\n', []),
    (
        GOOD + SEND + 'interval = "30m"\n',
        [
            "target send, daily_cap: 48 canaries a day are more than the 32 that Meta's 1000 free messages "
            "a month allow; the rest costs"
        ],
    ),
    (
        GOOD + SEND + "daily_cap = 4\n",
        [
            "target send, daily_cap: 4 is less than the 12 that the interval of 2h gives; "
            "the end of each day stays unobserved"
        ],
    ),
    (
        GOOD + 'interval = "9s"\n',
        ["target graph, interval: 9s is very often; 30s or 60s proves as much"],
    ),
    (GOOD + 'interval = "10s"\n', []),
    (
        GOOD + OFTEN + API,
        [
            "account graph: its api targets ask 510 times an hour, more than a tenth of the 5000 that Meta "
            "allows; your own calls share them; make intervals longer"
        ],
    ),
    (GOOD + OFTEN + API + 'interval = "72s"\n', []),
    (GOOD + OFTEN + API + 'account = "acme"\n[[accounts]]\nname = "acme"\n', []),
    (GOOD + OFTEN + '[[targets]]\nname = "token"\nprobe = "token"\ninterval = "60s"\n', []),
    (
        GOOD + HOOK.replace("https:", "http:"),
        ["target webhook, url: is plain http, which Meta refuses; write https"],
    ),
    (GOOD + HOOK.replace("https://b.example", "http://127.0.0.1:8080"), []),
    (
        GOOD + '[service]\nlisten = "0.0.0.0:9877"\n',
        ["[service] listen: 0.0.0.0:9877 shows pages and metrics to whoever reaches it; 127.0.0.1 does not"],
    ),
    (
        GOOD + "[availability]\nobjective = 0.999\n",
        ["[availability] objective: 0.999 is in percent; did you mean 99.9?"],
    ),
    (
        GOOD + "[availability]\nobjective = 1\n",
        ["[availability] objective: 1 is in percent; did you mean 100?"],
    ),
    (GOOD + "[availability]\nobjective = 2\n", []),
    (
        GOOD + "[reclassification]\ndays = 7\n",
        ["[reclassification] days: with 7 some days never settle; 14 reaches all twice"],
    ),
    (
        GOOD + '[graph]\nversion = "v20.0"\n',
        [
            "[graph] version: v20.0 expired on 2026-09-24, and Meta silently answers with its oldest usable "
            "version instead; move to v26.0"
        ],
    ),
    (
        GOOD + '[[accounts]]\nname = "acme"\nversion = "v21.0"\n',
        ["account acme, version: v21.0 expires on 2027-01-21, in 60 days; move to v26.0"],
    ),
    (
        GOOD + '[graph]\nversion = "v27.0"\n[[accounts]]\nname = "acme"\n',
        ["[graph] version: v27.0 is newer than v26.0, the newest known on 2026-09-30; make sure that it exists"],
    ),
    (
        GOOD + '[graph]\nversion = "v9.0"\n',
        [
            "[graph] version: v9.0 expired before v18.0, and Meta silently answers with its oldest usable "
            "version instead; move to v26.0"
        ],
    ),
]


@pytest.mark.parametrize(("text", "sentences"), WARNED)
def test_what_is_probably_not_meant_is_said(text: str, sentences: list[str]) -> None:
    assert warnings(parse(text), TODAY) == sentences


def test_a_version_is_quiet_until_its_last_quarter_and_gone_on_its_day() -> None:
    version = next(one for one in GRAPH_VERSIONS if one.name == "v25.0")
    assert version.expires is not None
    assert version_advice("v25.0", version.expires - timedelta(days=SOON_DAYS + 1)) is None
    assert "in 90 days" in str(version_advice("v25.0", version.expires - timedelta(days=SOON_DAYS)))
    assert "in 1 day;" in str(version_advice("v25.0", version.expires - timedelta(days=1)))
    assert "expired on 2028-07-29" in str(version_advice("v25.0", version.expires))


def test_the_newest_version_is_quiet_while_its_end_is_unknown() -> None:
    assert version_advice("v26.0", date(2035, 1, 1)) is None


def test_the_table_of_versions_says_what_was_read() -> None:
    with (Path(__file__).parent / "graph_versions.csv").open() as file:
        read = [(row["version"], row["released"], row["expires"]) for row in csv.DictReader(file)]
    assert [(one.name, str(one.released), str(one.expires or "")) for one in GRAPH_VERSIONS] == read


def test_versions_stand_in_order_and_live_about_two_years() -> None:
    assert sorted(GRAPH_VERSIONS, key=lambda one: one.number) == list(GRAPH_VERSIONS)
    spans = [(one.expires - one.released).days for one in GRAPH_VERSIONS if one.expires]
    assert all(700 < days < 910 for days in spans)

"""``wamon uptime``: published days and months, as they stand and as they stood, in four forms."""

import asyncio
import csv
import io
import re
import shutil
from collections.abc import Sequence
from datetime import date
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.program import asked, wamon
from wamon.cli.figures import Row
from wamon.cli.uptime_files import Head, write_csv, write_html
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.meta_page import UPTIME, WHATSAPP, Series
from wamon.core.publication import Passed, Publication
from wamon.core.secondary import Secondary
from wamon.core.segments import Segment
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, parse_iso
from wamon.core.uptime import Figures, clock_text
from wamon.ledger import open_ledger
from wamon.statement import METHOD, Exclusion, Outage, Statement
from wamon.work.bookkeeping import Bookkeeper


def published(
    target: str, day: date, at: str, sums: Figures, reason: str = "closed", beside: Secondary | None = None
) -> Publication:
    return Publication(target, day, "UTC", 0, parse_iso(at), sums, reason, secondary=beside)


def day_of_looks(**lost_ms: int) -> Figures:
    return Figures(total_ms=DAY, **lost_ms)


RESTATED_AT = "2026-10-12T06:00:00Z"
MORNING = parse_iso("2026-10-01T09:00:00Z")
OVER = MORNING + 20 * MINUTE
GOOD = (Column.UP, Verdict.OK, Cause.NONE, False, "", -1, 540)
STRETCHES = [
    Segment(MORNING - 9 * HOUR, MORNING, *GOOD),
    Segment(MORNING, OVER, Column.DOWN, Verdict.SYSTEM_ERROR, Cause.AUTHENTICATION, False, "", MORNING, 20),
    Segment(OVER, MORNING + 15 * HOUR, *GOOD),
]


async def write(path: Path, rows: Sequence[Publication]) -> None:
    ledger = open_ledger(path)
    book = Bookkeeper(ledger, {})
    for row in rows:
        await book.publish([(row, STRETCHES if row.published_at_ms == parse_iso(RESTATED_AT) else ())])
    at_ms = parse_iso("2026-10-12T06:00:00Z")
    await book.commit([], [], [], Passed(at_ms, Span(at_ms - 14 * DAY, at_ms)))
    for at, values in META:
        await book.keep_page(f"metrics/{WHATSAPP}/{UPTIME}.json", [Series(UPTIME, values)], parse_iso(at))
    await ledger.close()


META = (
    ("2026-10-02T06:00:00Z", (100.0, 99.0)),
    ("2026-10-20T06:00:00Z", (99.0, *[100.0] * 15, 99.5, *[100.0] * 2)),
)
"""What Meta said of the first of October at first, and later of another day."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with September's last day and October's first ones; one of them restated twelve days later."""
    folder = tmp_path_factory.mktemp("uptime")
    first, second = date(2026, 9, 30), date(2026, 10, 1)
    asyncio.run(
        write(
            folder / "wamon.db",
            [
                published("cloud-api", first, "2026-10-01T00:30:00Z", Figures(total_ms=12 * HOUR)),
                published("platform", first, "2026-10-01T00:30:00Z", day_of_looks(unobserved_ms=DAY)),
                published("cloud-api", second, "2026-10-02T00:30:00Z", day_of_looks(user_error_ms=20 * MINUTE)),
                published(
                    "cloud-api",
                    second,
                    RESTATED_AT,
                    day_of_looks(down_ms=20 * MINUTE, meta_down_ms=20 * MINUTE, slow_ms=5 * MINUTE),
                    "weekly pass: same token valid (cloud-api)",
                    Secondary(20, 20, 1440, 1420, 288, 284_000_000),
                ),
                published("cloud-api", date(2026, 10, 2), "2026-10-03T00:30:00Z", day_of_looks()),
                published("graph", second, "2026-10-02T00:30:00Z", day_of_looks(unobserved_ms=9 * HOUR)),
            ],
        )
    )
    config = folder / "wamon.toml"
    config.write_text(
        f'[service]\ndatabase = "{folder}/wamon.db"\n[[targets]]\nname = "cloud-api"\nprobe = "edge"\n'
    )
    return config


def test_days_and_months_are_added_and_rounded_toward_the_worse(config: Path) -> None:
    ended = wamon("uptime", "-c", config, COLUMNS="80")
    assert (ended.code, ended.err) == (0, "")
    lines = [text.split() for text in ended.out.splitlines()]
    assert ["2026-10-01", *["98.61", "%", "0:20:00"] * 3, "frozen,", "rev", "2"] in [line[:13] for line in lines]
    assert ["2026-09", *["100", "%", "0:00:00"] * 3, "1", "day"] in lines
    assert ["2026-10-01", *["too", "little", "0:00:00"] * 3, "frozen"] in lines
    assert "cloud-api 2026-10-01: 100 % (0:00:00) -> 98.61 % (0:20:00), revision 2," in ended.out
    assert ended.out.splitlines()[1:2] == ["█▅█"], "three days of cloud-api"
    assert max(map(len, ended.out.splitlines())) <= 80


def test_json_has_the_days_of_the_contract_and_the_months(config: Path) -> None:
    document = asked("uptime", "-c", config, "--json").document
    assert document == asked("uptime", "-c", config, "--format", "json").document
    day = next(one for one in document["days"] if (one["target"], one["date"]) == ("cloud-api", "2026-10-01"))
    assert (day["revision"], day["seconds"], day["down_s"]) == (2, 86400, 1200.0)
    assert day["availability"] == pytest.approx(1 - 1200 / 86400)
    assert day["first_published"] == {"availability": 1.0}
    months = {(one["target"], one["month"]): one["down_s"] for one in document["months"]}
    assert months[("cloud-api", "2026-10")] == 1200.0


def test_a_day_of_which_less_was_watched_is_called_partial(config: Path) -> None:
    """September's last day began at noon: watching did."""
    days = asked("uptime", "-c", config, "--json").document["days"]
    told = {(one["target"], one["date"]) for one in days if one["partial"]}
    assert told == {("cloud-api", "2026-09-30")}
    lines = [line.split() for line in wamon("uptime", "-c", config, COLUMNS="80").out.splitlines()]
    assert [line[0] for line in lines if "partial" in " ".join(line[1:])] == ["2026-09-30"]
    assert "<td>frozen, revision 1, partial</td>" in wamon("uptime", "-c", config, "--format", "html").out
    table = list(csv.DictReader(io.StringIO(wamon("uptime", "-c", config, "--format", "csv").out)))
    assert {row["date"]: row["partial"] for row in table if row["target"] == "cloud-api"}["2026-09-30"] == "True"


def test_as_of_a_day_tells_what_was_said_then(config: Path) -> None:
    before = asked("uptime", "-c", config, "--as-of", "2026-10-11", "--json").document["days"]
    (day,) = (one for one in before if (one["target"], one["date"]) == ("cloud-api", "2026-10-01"))
    assert (day["revision"], day["state"], day["availability"]) == (1, "closed", 1.0)
    on = asked("uptime", "-c", config, "--as-of", "2026-10-12", "--json").document["days"]
    (day,) = (one for one in on if (one["target"], one["date"]) == ("cloud-api", "2026-10-01"))
    assert (day["revision"], day["state"]) == (2, "settled")
    frozen = [
        {one["state"] for one in asked("uptime", "-c", config, "--as-of", day, "--json").document["days"][2:]}
        for day in ("2026-11-12", "2026-11-13")
    ]
    assert frozen == [{"settled"}, {"frozen"}], (
        "October is final on its tenth business day, not the evening before"
    )
    nothing = asked("uptime", "-c", config, "--as-of", "2026-09-30")
    assert (nothing.code, nothing.out) == (1, "")


def months(*words: str) -> dict[tuple[str, str], dict[str, object]]:
    return {(one["target"], one["month"]): one for one in asked("uptime", *words, "--json").document["months"]}


def test_a_badly_observed_day_is_left_out_of_its_month_unless_it_is_asked_for(config: Path) -> None:
    left = months("-c", str(config))["graph", "2026-10"]
    assert (left["days"], left["days_left_out"], left["seconds"], left["availability"]) == (0, 1, 0.0, None)
    taken = months("-c", str(config), "--insufficient")["graph", "2026-10"]
    assert (taken["days"], taken["days_left_out"], taken["seconds"], taken["availability"]) == (1, 0, 86400.0, 1.0)
    assert taken["availability_meta"] is None, "the month itself is badly observed"
    lines = [line.split() for line in wamon("uptime", "-c", str(config), COLUMNS="99").out.splitlines()]
    assert ["2026-10", *["no", "data"] * 3, "0", "days,", "1", "left", "out"] in lines
    asked_for = wamon("uptime", "-c", str(config), "--insufficient", COLUMNS="99").out.splitlines()
    assert ["2026-10", *["too", "little", "0:00:00"] * 3, "1", "day"] in [line.split() for line in asked_for]
    assert "<td>0 days, 1 left out</td>" in wamon("uptime", "-c", str(config), "--format", "html").out


def test_secondary_lines_stand_apart_from_the_figures_and_are_absent_where_nobody_kept_them(config: Path) -> None:
    document = asked("uptime", "-c", config, "--target", "cloud-api", "--json").document
    days = {one["date"]: one["secondary"] for one in document["days"]}
    assert [days["2026-09-30"], days["2026-10-02"]] == [None, None]
    assert (days["2026-10-01"]["bad_minutes"], days["2026-10-01"]["looks_succeeded"]) == (20, 1420)
    (_, october) = document["months"]
    assert october["secondary"] == {"days": 1} | days["2026-10-01"], "one of the two days has them"
    assert document["months"][0]["secondary"] is None
    text = wamon("uptime", "-c", config, "--secondary", COLUMNS="120").out
    lines = [line.split() for line in text[text.index("cloud-api, secondary") :].splitlines()]
    told = [
        "20",
        "20",
        "0:05:00",
        "98.61",
        "%",
        "20",
        "of",
        "1440",
        "failed",
        "98.61",
        "%",
        "97.86",
        "%",
        "to",
        "99.09",
        "%",
    ]
    assert ["2026-10-01", *told] in lines
    assert ["2026-10", *told] in lines
    assert ["2026-09-30", *["not", "kept"] * 7] in lines
    assert [day["slow_s"] for day in document["days"]] == [0, 300, 0]
    assert [month["slow_s"] for month in document["months"]] == [0, 300]
    assert "secondary" not in wamon("uptime", "-c", config).out


def test_as_of_a_day_tells_the_months_as_they_were_then(config: Path) -> None:
    before = months("-c", str(config), "--as-of", "2026-10-11")["cloud-api", "2026-10"]
    assert (before["down_s"], before["user_error_s"], before["availability"]) == (0.0, 1200.0, 1.0)
    after = months("-c", str(config), "--as-of", "2026-10-12")["cloud-api", "2026-10"]
    assert (after["down_s"], after["user_error_s"]) == (1200.0, 0.0)
    assert set(months("-c", str(config), "--as-of", "2026-10-01")) == {
        ("cloud-api", "2026-09"),
        ("platform", "2026-09"),
    }


def test_days_are_chosen_by_both_ends_included_and_by_target(config: Path) -> None:
    october = asked("uptime", "-c", config, "--from", "2026-10-01", "--to", "2026-10-01", "--json").document[
        "days"
    ]
    assert [one["target"] for one in october] == ["cloud-api", "graph"]
    one = asked("uptime", "-c", config, "--target", "platform", "--json").document["days"]
    assert [(day["target"], day["date"]) for day in one] == [("platform", "2026-09-30")]


def test_csv_opens_in_a_spreadsheet(config: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(asked("uptime", "-c", config, "--format", "csv").out)))
    assert [one["state"] for one in rows].count("month") == len(rows) - 5 == 4
    (day,) = (one for one in rows if (one["target"], one["date"]) == ("cloud-api", "2026-10-01"))
    assert (day["down_s"], day["first_published_availability"], day["revision"]) == ("1200.0", "1.0", "2")
    (unseen,) = (one for one in rows if (one["target"], one["state"]) == ("platform", "frozen"))
    assert unseen["availability"] == ""


class Elements(HTMLParser):
    """Counts tags, and keeps what would be fetched from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_html_is_one_page_that_needs_nothing_else(config: Path) -> None:
    text = asked("uptime", "-c", config, "--format", "html").out
    page = Elements()
    page.feed(text)
    assert page.fetched == []
    assert page.seen.count("table") == 3 + 3, "three rows; outages, what was left out, and Meta's own figures"
    assert "script" not in page.seen
    assert "<td>2026-10-01</td><td>98.61 % 0:20:00</td>" in text
    assert "@media print" in text


def test_names_and_reasons_can_neither_break_the_page_nor_start_a_formula() -> None:
    hostile = Row("<b>", date(2026, 10, 1), "<em>", 2, day_of_looks(), "<i>", "<script>alert(1)</script>")
    said = Statement(
        (Outage("<b>", 0, 1, 1, "<em>", "<i>", "<u>", 1),), (Exclusion("<b>", 0, 1, "<em>", "<script>"),), "0" * 64
    )
    text = write_html([hostile], Head("<u>", "<s>", 0, "<b>"), [], said)
    page = Elements()
    page.feed(text)
    assert not {"b", "em", "i", "u", "s", "script"} & set(page.seen)
    out = io.StringIO()
    days = [{"target": "-1+cmd", "down_s": -1.0, "first_published": None}]
    write_csv({"days": days}, out)
    assert out.getvalue().splitlines()[1] == "'-1+cmd,-1.0,,"


def test_totals_agree_in_all_forms(config: Path) -> None:
    document = asked("uptime", "-c", config, "--json").document
    rows = list(csv.DictReader(io.StringIO(asked("uptime", "-c", config, "--format", "csv").out)))
    text = asked("uptime", "-c", config, "--format", "html").out
    days = [one for one in rows if one["state"] != "month"]
    months = {(one["target"], one["date"]): one for one in rows if one["state"] == "month"}
    assert sum(one["down_s"] for one in document["days"]) == sum(float(one["down_s"]) for one in days) == 1200.0
    assert len(months) == len(document["months"]) == 4
    for month in document["months"]:
        line = months[month["target"], month["month"]]
        for name in ("down_s", "unobserved_s", "user_error_s", "proven_down_s", "worst_down_s"):
            assert float(line[name]) == month[name]
        cells = [cell for cell in re.findall(r'<tr class="month">(.*?)</tr>', text) if month["month"] in cell]
        assert any(clock_text(round(month["down_s"] * 1000)) in cell for cell in cells)
    (hashed,) = {one["inputs_sha256"] for one in rows} | {document["inputs_sha256"]}
    assert re.fullmatch("[0-9a-f]{64}", hashed)
    assert hashed in text


def test_another_machine_with_the_database_gets_the_same_hash_and_another_question_another_one(
    config: Path, tmp_path: Path
) -> None:
    shutil.copy(config.parent / "wamon.db", tmp_path / "wamon.db")
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text(
        f'[service]\ndatabase = "{tmp_path}/wamon.db"\nsite = "far-away"\ntimezone = "Asia/Tokyo"\n'
        '[[targets]]\nname = "other"\nprobe = "edge"\n'
    )
    here = asked("uptime", "-c", config, "--json").document["inputs_sha256"]
    assert asked("uptime", "-c", elsewhere, "--json").document["inputs_sha256"] == here
    before = asked("uptime", "-c", config, "--as-of", "2026-10-11", "--json").document["inputs_sha256"]
    october = asked("uptime", "-c", config, "--from", "2026-10-01", "--json").document["inputs_sha256"]
    assert len({here, before, october}) == 3


def test_the_method_of_a_statement_is_told_in_the_words_of_its_page(config: Path) -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "availability.md").read_text().replace("*", "").split())
    for sentence in METHOD:
        assert sentence in page, sentence
    text = asked("uptime", "-c", config, "--format", "html").out
    assert all(escape(sentence) in text for sentence in METHOD)
    assert asked("uptime", "-c", config, "--json").document["method"] == list(METHOD)


def test_a_statement_lists_every_outage_and_what_was_left_out_with_reasons(config: Path) -> None:
    document = asked("uptime", "-c", config, "--json").document
    assert [
        (one["target"], one["opened_at"], one["seconds"], one["kind"], one["verdict"], one["revision"])
        for one in document["outages"]
    ] == [("cloud-api", "2026-10-01T09:00:00Z", 1200.0, "outage", "system_error", 2)]
    badly = [one for one in document["exclusions"] if one["what"] == "insufficient data"]
    assert {one["target"] for one in badly} == {"platform", "graph"}
    assert "62.5% observed, unobserved 9:00:00; counts in no month" in [one["because"] for one in badly]
    text = asked("uptime", "-c", config, "--format", "html").out
    assert "<td>2026-10-01T09:00:00Z</td><td>2026-10-01T09:20:00Z</td><td>0:20:00</td><td>outage</td>" in text
    assert "<h2>Meta&#x27;s own figures</h2>" in text


def test_without_a_database_or_days_a_sentence_says_what_to_do(config: Path, tmp_path: Path) -> None:
    missing = wamon("uptime", cwd=tmp_path)
    assert (missing.code, missing.out) == (1, "")
    assert f"there is no database {tmp_path}/wamon.db: wamon run makes it" in missing.err
    swapped = wamon("uptime", "-c", config, "--from", "2026-10-02", "--to", "2026-10-01")
    assert (swapped.code, swapped.err) == (2, "wamon: --to 2026-10-01 lies before --from 2026-10-02; swap them\n")
    other = wamon("uptime", "-c", config, "--target", "nobody")
    assert other.code == 1
    assert other.out == ""
    assert "nothing was published for that" in other.err
    programs = wamon("uptime", "-c", config, "--target", "nobody", "--json")
    assert (programs.code, programs.err) == (1, "")
    assert (programs.document["days"], programs.document["months"]) == ([], [])
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 100)
    broken = tmp_path / "broken.toml"
    broken.write_text(config.read_text().replace(f"{config.parent}/wamon.db", str(damaged)))
    refused = wamon("uptime", "-c", broken)
    assert refused.code == 1
    assert "no SQLite database" in refused.err


def test_reading_changes_nothing(config: Path) -> None:
    database = config.parent / "wamon.db"
    before = database.read_bytes()
    wamon("uptime", "-c", config)
    assert database.read_bytes() == before


def test_the_json_has_meta_s_month_beside_ours_where_it_is_known(config: Path) -> None:
    months = wamon("uptime", "-c", config, "--json").document["months"]
    known = {(one["target"], one["month"]): one.get("meta") for one in months}
    october = known["cloud-api", "2026-10"]
    assert (october["days"], october["of_days"]) == (19, 31)
    assert october["down_minutes"] == pytest.approx(1.5 * 14.4)
    assert october["difference_minutes"] == pytest.approx(20 - 1.5 * 14.4)
    assert known["cloud-api", "2026-09"]["down_minutes"] == 0
    then = wamon("uptime", "-c", config, "--json", "--as-of", "2026-10-13").document["months"]
    assert {one["month"]: one["meta"]["days"] for one in then if one["target"] == "cloud-api"} == {
        "2026-09": 1,
        "2026-10": 1,
    }

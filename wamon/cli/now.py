"""``wamon status`` and ``wamon incidents``: what the running daemon says, asked over HTTP."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wamon.cli.answers import BAD_NEWS, FINE, CannotError, write_json
from wamon.cli.configuration import settings_of
from wamon.cli.figures import figures_of
from wamon.cli.many import are_many, of_account, print_clients, print_evidence
from wamon.cli.replay import incident_cells, short_instant
from wamon.cli.sparks import LEGEND, sparks
from wamon.core.account_lines import Light
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.notice_words import duration_text
from wamon.core.observation import ProbeKind
from wamon.core.report import State
from wamon.core.timeline import DAY, iso, parse_iso
from wamon.core.uptime import Figures
from wamon.settings import Address
from wamon.terminal import NONE, QUIET, STYLES, Cell, Page
from wamon.web.words import SIGNS, blame, named, platform_share

TIMEOUT_S = 10
LARGEST_ANSWER = 64 * 1024 * 1024
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # read, never bound
_FINE = frozenset((State.OPERATIONAL, State.MAINTENANCE))
_PERIODS = ("today", "yesterday", "month")
SPARKS = 60
"""So many days are drawn where the terminal is wide enough."""

MOST_TROUBLES = 12
MOST_INCIDENTS = 60
MOST_OURS = 8

Document = Mapping[str, Any]


def status_command(config: Path | None, as_json: bool, account: str | None = None) -> int:
    """Now, of one client where one is named; 1 when something is not as it should be."""
    document = ask(config, "/api/v1/status")
    if account is not None:
        document = _of(document, account)
    if as_json:
        write_json(document)
    elif are_many(document):
        _print(Page(), document, None)
    else:
        _print(Page(), document, _days(config, document, account))
    return FINE if document["state"] in _FINE else BAD_NEWS


def _days(config: Path | None, document: Document, account: str | None) -> list[Document]:
    """The days to draw; of one client its own only: those of all may be many thousand."""
    first = iso(parse_iso(document["at"]) - SPARKS * DAY)[:10]
    own = [one["target"] for one in document["targets"] if one["periods"]] if account else []
    asked = [f"&target={quote(name, safe='')}" for name in own] if account else [""]
    return [row for one in asked for row in ask(config, f"/api/v1/days?from={first}{one}")["days"]]


def incidents_command(config: Path | None, as_json: bool, account: str | None = None) -> int:
    """Every incident the daemon still knows, of one client where one is named."""
    document = ask(config, "/api/v1/incidents")
    status = ask(config, "/api/v1/status") if account or not as_json else {}
    if account is not None:
        names = {one["target"] for one in _of(status, account)["targets"]}
        document = {"incidents": [one for one in document["incidents"] if one["target"] in names]}
    if as_json:
        write_json(document)
    else:
        _print_incidents(Page(), document, status)
    return FINE


def _of(status: Document, account: str) -> Document:
    try:
        return of_account(status, account)
    except ValueError as unknown:
        raise CannotError(str(unknown)) from None


def incident_command(name: str, config: Path | None, as_json: bool) -> int:
    """The incident of that name, or a target's latest. Raises CannotError when there is none."""
    found = _found(name, config)
    if as_json:
        write_json(found)
    else:
        page = Page()
        page.line((f"{found['target']}@{found['opened_at']}", "bold"))
        page.fields(_fields(found))
    return FINE


def find_incident(target: str, config: Path | None) -> str:
    """The name of a target's latest incident. Raises CannotError when there is none."""
    found = _found(target, config)
    return f"{found['target']}@{found['opened_at']}"


def _found(name: str, config: Path | None) -> Document:
    known: Sequence[Document] = ask(config, "/api/v1/incidents")["incidents"]
    found = next((one for one in known if name in (one["target"], f"{one['target']}@{one['opened_at']}")), None)
    if found is None:
        raise CannotError(f"the daemon knows no incident {name!r}; see: wamon incidents list", BAD_NEWS)
    return found


def ask(config: Path | None, path: str) -> Document:
    """What the daemon answers under a path. Raises CannotError when none does."""
    listen = settings_of(config).service.listen
    url = f"http://{Address(_EVERYWHERE.get(listen.host, listen.host), listen.port)}{path}"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=TIMEOUT_S) as answer:
            document = json.loads(answer.read(LARGEST_ANSWER))
    except urllib.error.HTTPError as refused:
        raise CannotError(f"{url} answered {refused.code}: is it wamon that listens there?", BAD_NEWS) from None
    except OSError as failed:
        reason = getattr(failed, "reason", failed)
        raise CannotError(
            f"no daemon answers on {listen} ({_reason(reason)}): start it with wamon run, "
            "or name its configuration with -c",
            BAD_NEWS,
        ) from None
    except ValueError:
        raise CannotError(f"{url} answered something else than JSON: it is not wamon", BAD_NEWS) from None
    if not isinstance(document, dict):
        raise CannotError(f"{url} answered something unexpected: it is not wamon", BAD_NEWS)
    return document


def _reason(failed: object) -> str:
    words = failed.strerror if isinstance(failed, OSError) and failed.strerror else str(failed)
    return words.lower()


def _print(page: Page, document: Document, days: Sequence[Document] | None) -> None:
    """Everything of now; without ``days`` only what many targets have to tell."""
    state = State(document["state"])
    page.line((f"{SIGNS[state]} {document['headline']}", f"bold {STYLES.get(state, '')}"))
    page.line((f"as of {short_instant(document['at'])} UTC; days in {document['timezone']}", QUIET))
    counted = [one for one in document["targets"] if one["periods"]]
    evidence = [one for one in document["targets"] if not one["periods"]]
    if days is None:
        print_clients(page, counted)
        print_evidence(page, evidence)
    else:
        _print_targets(page, counted, evidence, days)
    _print_troubles(page, document)
    _print_ourselves(page, document["ourselves"])
    _print_held_back(page, document["silences"])
    if document.get("reference") is not None:
        page.line("")
        page.line((_meta_line(document["reference"]), QUIET))


def _print_targets(
    page: Page, counted: Sequence[Document], evidence: Sequence[Document], days: Sequence[Document]
) -> None:
    if counted:
        page.heading("Targets")
        heads = ("target", "state", *_PERIODS)
        page.table(heads, [_cells(one) for one in counted], right=_PERIODS)
        if left := [_budget(one) for one in counted if one.get("budget")]:
            page.line((f"Error budget left this month: {' · '.join(left)}", QUIET))
        _print_days(page, counted, days)
    beside = [f"{one['target']} {one['state']}" for one in evidence]
    if beside:
        page.line("")
        page.line((f"Evidence: {', '.join(beside)}", QUIET))


def _print_ourselves(page: Page, lines: Sequence[Document]) -> None:
    """What may be our own doing, each with what to do about it; nothing where all of it is fine."""
    wrong = [one for one in lines if one["light"] != Light.GREEN]
    if wrong:
        page.heading("Are we the problem?")
    for one in wrong[:MOST_OURS]:
        do = f"; do: {one['remedy']}" if one["remedy"] else ""
        page.line((f"{one['account']} · {one['subject']}: {one['text']}{do}", ""))
    if len(wrong) > MOST_OURS:
        page.line((f"{len(wrong) - MOST_OURS} more: wamon doctor", QUIET))


def _print_held_back(page: Page, silences: Sequence[Document]) -> None:
    """Notices that nobody gets now, until when and why."""
    if silences:
        page.heading("Notices held back")
    for one in silences:
        about = ", ".join([*one["targets"], *(f"account {name}" for name in one["accounts"])]) or "all targets"
        kinds = "".join(f", {word}" for word in (*one["kinds"], *one["severities"]))
        said = f"because {one['because']} ({one['author']}, silence {one['number']})" if "because" in one else ""
        page.line((f"{about}{kinds}: until {short_instant(one['to'])} UTC {said}".rstrip(), ""))


def _budget(one: Document) -> str:
    """``cloud-api 12 min of 43 min``; what is overspent is negative."""
    budget = one["budget"]
    sign = "-" if budget["left_s"] < 0 else ""
    left, allowed = (duration_text(round(abs(budget[name]) * 1000)) for name in ("left_s", "allowed_s"))
    return f"{one['target']} {sign}{left} of {allowed}"


def _print_days(page: Page, targets: Sequence[Document], rows: Sequence[Document]) -> None:
    """A line of blocks for each target, as many days as there is room for."""
    known: dict[str, dict[date, Figures]] = {}
    for row in rows:
        known.setdefault(row["target"], {})[date.fromisoformat(row["date"])] = figures_of(row)
    last = max((day for days in known.values() for day in days), default=None)
    if last is None:
        return
    left = max(len(one["target"]) for one in targets) + 2
    count = max(7, min(SPARKS, page.width - left))
    page.heading(f"The last {count} days")
    for one in targets:
        page.line(one["target"].ljust(left), *sparks(known.get(one["target"], {}), last, count))
    page.line((LEGEND, QUIET))


def _print_troubles(page: Page, document: Document) -> None:
    """What is wrong and what to do, once for all targets of which the same has to be said."""
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for one in document["targets"]:
        verdict = one["verdict"]
        if verdict and verdict["verdict"] != "ok":
            found = [two for two in document["incidents"] if two["target"] == one["target"]]
            said = [("whose", blamed(two, ProbeKind(one["probe"]))) for two in found]
            fields = (*said, ("meaning", verdict["explanation"]), ("what to do", verdict["remedy"]))
            since = f", since {short_instant(one['since'])[5:16]} UTC" if one["since"] else ""
            alike.setdefault(fields, []).append(f"{one['target']}: {one['state']}{since}")
    for number, (fields, names) in enumerate(alike.items()):
        if number == MOST_TROUBLES:
            page.line("")
            page.line((f"{len(alike) - number} more kinds of trouble: wamon status --json", QUIET))
            break
        page.heading(named(names))
        page.fields(fields)


def blamed(one: Document, probe: ProbeKind) -> str:
    """Whose fault an incident is, and what fails: the page's own words."""
    closed = one["closed_at"]
    incident = Incident(
        one["target"],
        Kind(one["kind"]),
        parse_iso(one["opened_at"]),
        None if closed is None else parse_iso(closed),
        Verdict(one["verdict"]),
        Cause(one["cause"]),
        one["provisional"],
        tuple(one["codes"]),
    )
    return blame(incident, probe)


def _meta_line(word: Document) -> str:
    """Meta's page in one line: how old, what is not green, the month beside ours."""
    if word["read_at"] is None:
        return "Meta's page: unknown, not read yet"
    age = duration_text(round(word["age_s"] * 1000))
    if not word["fresh"]:
        return f"Meta's page: unknown, last read {age} ago"
    lit = [f"{one['service']} {one['light']}" for one in word["services"] if one["light"] != "green"]
    parts = [", ".join(lit) if lit else "all green", f"read {age} ago"]
    if word["months"]:
        month = word["months"][0]
        parts.append(f"{month['month']} down {month['down_minutes']:.1f} min")
        parts += [f"{one['target']} {one['meta_down_minutes']:.1f} min" for one in month["beside"]]
    return f"Meta's page: {' · '.join(parts)}"


def _cells(one: Document) -> list[Cell]:
    state, periods = State(one["state"]), one["periods"] or {}
    shares = [_share(figures_of(periods[name])) if name in periods else NONE for name in _PERIODS]
    return [one["target"], (f"{SIGNS[state]} {state.value}", STYLES.get(state, "")), *shares]


def _share(sums: Figures) -> str:
    share = platform_share(sums)
    return f"{share.text} {share.lost}".rstrip()


def _print_incidents(page: Page, document: Document, status: Document) -> None:
    if not document["incidents"]:
        page.line("No incidents in the days the daemon still has in memory.")
        return
    probes = {one["target"]: ProbeKind(one["probe"]) for one in status["targets"]}
    heads = ("from (UTC)", "lasted", "target", "whose, and what")
    rows = [
        [
            short_instant(one["opened_at"])[:16],
            *incident_cells(one)[1:3],
            (blamed(one, probes.get(one["target"], ProbeKind.API)), _style(one)),
        ]
        for one in document["incidents"][:MOST_INCIDENTS]
    ]
    page.table(heads, rows, right=["lasted"], prose=["whose, and what"])
    if older := len(document["incidents"]) - len(rows):
        page.line((f"{older} older ones: --json has them all, --account NAME those of one client", QUIET))


def _style(one: Document) -> str:
    return "" if one["closed_at"] else STYLES.get(one["verdict"], "")


def _fields(one: Document) -> Iterator[tuple[str, Cell]]:
    yield "from", f"{short_instant(one['opened_at'])} UTC"
    yield "to", f"{short_instant(one['closed_at'])} UTC" if one["closed_at"] else "still open"
    yield "kind", one["kind"]
    yield "verdict", (one["verdict"], STYLES.get(one["verdict"], ""))
    yield "cause", f"{one['cause']}{', provisional' if one['provisional'] else ''}"
    if one["codes"]:
        yield "codes", ", ".join(map(str, one["codes"]))
    if "phase" in one:  # a daemon of an earlier version says nothing of it
        yield from _stands(one)


def _stands(one: Document) -> Iterator[tuple[str, Cell]]:
    yield "phase", one["phase"]
    if one.get("scope", "unknown") != "unknown":
        yield "how wide", f"{one['scope']}, by its code"
    metas = one["metas_severity"]
    yield "severity", one["severity"] + (f"; in a ticket to Meta: {metas}" if metas else "")
    said = [("seen to by", one["acknowledged"]), *(("note", note) for note in one["notes"])]
    for what, remark in (each for each in said if each[1]):
        words = f": {remark['text']}" if remark["text"] else ""
        yield what, f"{remark['author']}, {short_instant(remark['at'])} UTC{words}"

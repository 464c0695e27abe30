"""The files of an evidence pack, from an incident's case: exchanges, rulings, timeline, witnesses, Meta's page."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from wamon.core.finding import Finding, Mark, Verdict
from wamon.core.graph_error import graph_error
from wamon.core.observation import ProbeKind
from wamon.core.shapes import token_facts
from wamon.core.timeline import iso
from wamon.evidence.case import Case
from wamon.evidence.redaction import Redaction
from wamon.evidence.ticket import ticket_text
from wamon.ledger.words import Appended

_encode = msgspec.json.Encoder(order="sorted").encode
SUMS = "SHA256SUMS"
_TRACED = 5


def members(case: Case, black: Redaction, ids: Mapping[str, str]) -> dict[str, bytes]:
    """Every file of the pack by its name, the checksums last. The same ledger gives the same bytes.

    ``ids`` are Meta's ids of what is watched, by what they are of.
    """
    exchanges = list(_exchanges(case, black))
    traced = traces(case, black)
    found = {
        "exchanges.jsonl": _lines(exchanges),
        "incident.json": _encode({**incident_document(case, traced), "ids": dict(ids)}) + b"\n",
        "meta-page.json": _encode(_page(case, black)) + b"\n",
        "README.txt": _readme(case).encode(),
        "rulings.jsonl": _lines(_rulings(case, black)),
        "ticket.txt": ticket_text(case, traced, ids).encode(),
        "timeline.csv": _timeline(case),
        "tokens.jsonl": _lines(_tokens(case, black)),
        "controls.csv": _looks(case.controls),
    }
    sums = "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in sorted(found.items()))
    return {**found, SUMS: sums.encode()}


def _lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(_encode(row) + b"\n" for row in rows)


def _exchanges(case: Case, black: Redaction) -> Iterator[dict[str, Any]]:
    """Bad exchanges whole, good ones beside them with what is kept of them, by instant."""
    whole = {(one.exchange.target, one.exchange.at_ms or 0): one.exchange for one in case.kept}
    rows = {key: black.exchange(exchange) for key, exchange in whole.items()}
    for mark in case.marks:
        rows.setdefault((case.incident.target, mark.at_ms), _good(case, mark, black))
    for _, row in sorted(rows.items(), key=lambda one: (one[0][1], one[0][0])):
        yield row


def _good(case: Case, mark: Mark, black: Redaction) -> dict[str, Any]:
    version = mark.context.served_version
    return {
        "target": case.incident.target,
        "probe": mark.context.probe,
        "at": iso(mark.at_ms),
        "request_fingerprint": black.named("request", mark.context.request_fingerprint),
        "token_fingerprint": black.named("token", mark.context.token_fingerprint),
        "reached": "answered",
        "headers": {"facebook-api-version": black.text(version)} if version else {},
        "durations_ms": dict(case.durations_ms.get(mark.at_ms, {})),
        "judged": mark.finding.verdict.value,
        "body_kept": False,
    }


def incident_document(case: Case, traced: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The incident in figures."""
    inside = [mark for mark in case.marks if case.span.holds(mark.at_ms)]
    bad = [mark for mark in inside if mark.finding.verdict is not Verdict.OK]
    one = case.incident
    return {
        "name": one.name,
        "target": one.target,
        "probe": case.context.probe,
        "kind": one.kind.value,
        "opened_at": iso(one.opened_ms),
        "closed_at": None if one.closed_ms is None else iso(one.closed_ms),
        "verdict": one.verdict.value,
        "cause": one.cause.value,
        "provisional": one.provisional,
        "looks": len(inside),
        "failed": len(bad),
        "first_failed_at": iso(bad[0].at_ms) if bad else None,
        "last_failed_at": iso(bad[-1].at_ms) if bad else None,
        "by_code": _by_code(case),
        "served_versions": sorted({mark.context.served_version for mark in inside} - {None}),
        "traces": list(traced),
        "looks_were_pruned": case.is_pruned,
    }


def _by_code(case: Case) -> dict[str, int]:
    """How often Meta gave which code, as first found."""
    own = [one for one in case.kept if one.exchange.target == case.incident.target]
    codes = Counter(
        "none" if one.first.code is None else str(one.first.code)
        for one in own
        if case.span.holds(one.exchange.at_ms or 0) and one.first.verdict is not Verdict.OK
    )
    return dict(sorted(codes.items()))


def traces(case: Case, black: Redaction) -> list[dict[str, str]]:
    """What Meta can find a failed call by: of the first and the last few of them, most telling first."""
    rows = []
    for one in case.kept:
        exchange = one.exchange
        if exchange.target != case.incident.target or not case.span.holds(exchange.at_ms or 0):
            continue
        shown = black.exchange(exchange)["headers"]
        error = graph_error(exchange.body)
        row = {
            "at": iso(exchange.at_ms or 0),
            **{key: shown[key] for key in sorted(shown) if key.startswith("x-fb-")},
        }
        trace = black.value({"fbtrace_id": error.trace_id})["fbtrace_id"] if error and error.trace_id else ""
        if trace:
            row["fbtrace_id"] = trace
        if len(row) > 1:
            rows.append(row)
    return rows if len(rows) <= 2 * _TRACED else [*rows[:_TRACED], *rows[-_TRACED:]]


def _rulings(case: Case, black: Redaction) -> Iterator[dict[str, Any]]:
    """The first word on each look kept whole, and every later one, withdrawn ones too."""
    for one in case.kept:
        if one.exchange.target == case.incident.target:
            yield {"at": iso(one.exchange.at_ms or 0), "origin": "live", **_said(one.first)}
    for later in case.rulings:
        yield _later(later, black)


def _later(one: Appended, black: Redaction) -> dict[str, Any]:
    ruling = one.ruling
    return {
        "at": iso(ruling.at_ms),
        "origin": ruling.origin.value,
        "ruled_at": iso(ruling.ruled_at_ms),
        "evidence": list(ruling.evidence),
        "because": None if ruling.because is None else black.text(ruling.because),
        "withdrawn": one.withdrawn,
        **_said(ruling.finding),
    }


def _said(found: Finding) -> dict[str, Any]:
    return {
        "verdict": found.verdict.value,
        "cause": found.cause.value,
        "counts_as": found.column.value,
        "provisional": found.provisional,
        "code": found.code,
        "subcode": found.subcode,
        "rule": found.rule,
    }


def _timeline(case: Case) -> bytes:
    inside = [
        (one, one.span.clip(case.around)) for one in case.timeline.segments if one.span.overlaps(case.around)
    ]
    return _csv(
        ("from", "to", "seconds", "counts_as", "verdict", "cause", "looks"),
        [
            (iso(span.start_ms), iso(span.end_ms), span.seconds, one.column, one.verdict, one.cause, one.looks)
            for one, span in inside
        ],
    )


def _looks(rows: Mapping[str, Sequence[Mark]]) -> bytes:
    return _csv(
        ("target", "at", "verdict"),
        [(name, iso(mark.at_ms), mark.finding.verdict) for name, marks in sorted(rows.items()) for mark in marks],
    )


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def _tokens(case: Case, black: Redaction) -> Iterator[dict[str, Any]]:
    """What `debug_token` said around the incident; its failed calls say nothing."""
    for one in case.kept:
        facts = token_facts(one.exchange.body) if one.exchange.probe is ProbeKind.TOKEN else None
        if facts is not None:
            yield {
                "target": one.exchange.target,
                "at": iso(one.exchange.at_ms or 0),
                "token_fingerprint": black.named("token", one.exchange.token_fingerprint),
                "is_valid": facts.is_valid,
                "expires_at": iso(facts.expires_at_s * 1000) if facts.expires_at_s else "never",
                "scopes": None if facts.scopes is None else sorted(map(black.text, facts.scopes)),
            }


def _page(case: Case, black: Redaction) -> dict[str, Any]:
    return {
        "last_version_seen_at": None if case.page_seen_ms is None else iso(case.page_seen_ms),
        "outages": [
            {
                "org": one.org,
                "service": one.service,
                "title": black.text(one.title),
                "said": black.text(one.said),
                "first_posted_at": iso(one.first_posted_ms),
                "resolved_at": None if one.resolved_ms is None else iso(one.resolved_ms),
            }
            for one in case.outages
        ],
    }


def _readme(case: Case) -> str:
    lost = (
        f"MISSING: looks before {iso(case.pruned_ms or 0)} were dropped as old; what is here is the rest.\n\n"
        if case.is_pruned
        else ""
    )
    return (
        f"Evidence on the incident {case.incident.name}\n\n{lost}"
        "ticket.txt       text for a Direct Support ticket, with the severity in Meta's words\n"
        "incident.json    the incident in figures: counts, codes, trace ids, served versions\n"
        "exchanges.jsonl  every exchange, the good ones beside the bad; `wamon classify` reads it back. Of most\n"
        "                 good answers only the times are kept (body_kept false)\n"
        "rulings.jsonl    whose fault each was found to be, by which rule, and every later word on it\n"
        "timeline.csv     the same as stretches of time\n"
        "controls.csv     sites that are not Meta's, at the same time\n"
        "tokens.jsonl     what debug_token said of our tokens\n"
        "meta-page.json   what Meta's status page told of outages then\n"
        "SHA256SUMS       `sha256sum -c SHA256SUMS` tells whether a file was changed\n\n"
        "Secrets, phone numbers, message ids and texts were blacked out; equal things have equal names in here.\n"
    )

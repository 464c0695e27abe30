"""The Atom feed (RFC 4287): an entry for every incident and every restated day, under a name that stays."""

import re
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from wamon.core.days import PLATFORM
from wamon.core.incident import Incident
from wamon.core.observation import ProbeKind
from wamon.core.report import Day, Report
from wamon.core.timeline import iso
from wamon.web import words
from wamon.web.troubles import day_href, incident_href, probes_of

ENTRIES = 100
"""The newest ones; readers keep what they have seen."""

_ATOM = "http://www.w3.org/2005/Atom"
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Entry(msgspec.Struct, frozen=True):
    """One thing that happened. ``name`` never changes; what is said of it may, and then ``updated_ms`` does."""

    name: str
    updated_ms: int
    published_ms: int
    title: str
    text: str
    href: str
    category: str


def base_of(scheme: str, host: str) -> str:
    """The address that the feed was asked under; a host that is none is left out of it."""
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else "http://localhost"


def feed(report: Report, base: str) -> bytes:
    """The whole feed; ``base`` is the scheme and host in front of every link."""
    found = sorted(entries(report), key=lambda one: (-one.updated_ms, one.name))[:ENTRIES]
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _text(root, "id", _urn(f"{base}/feed.atom"))
    _text(root, "title", "wamon: incidents and restated days")
    _text(root, "updated", iso(found[0].updated_ms if found else report.at_ms))
    SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{base}/feed.atom"})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": f"{base}/"})
    _text(SubElement(root, "author"), "name", "wamon")
    _text(root, "generator", f"wamon {report.version}")
    for one in found:
        _entry(root, one, base)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def entries(report: Report) -> list[Entry]:
    """Every incident, and every day of which something else is said than at first."""
    probes = probes_of(report)
    rows = [(one.name, one.days) for one in report.targets]
    if words.sends_and_receives(report):
        rows.append((PLATFORM, report.platform))
    return [
        *(_incident(one, probes.get(one.target, ProbeKind.API), report.at_ms) for one in report.incidents),
        *(_restated(name, day) for name, days in rows for day in days if day.restated and day.first is not None),
    ]


def _incident(one: Incident, probe: ProbeKind, now_ms: int) -> Entry:
    ended = (
        f"from {iso(one.opened_ms)} to {iso(one.closed_ms)}" if one.closed_ms else f"since {iso(one.opened_ms)}"
    )
    state = "over" if one.closed_ms is not None else "open"
    blame = words.blame(one, probe)
    return Entry(
        name=f"incident {one.name}",
        updated_ms=one.opened_ms if one.closed_ms is None else one.closed_ms,
        published_ms=one.opened_ms,
        title=f"{one.target} · {blame} · {state}",
        text=f"{one.target}, {ended} ({words.lasted(one, now_ms)}). {blame}. {words.counted_as(one)}",
        href=incident_href(one),
        category=one.kind.value,
    )


def _restated(name: str, day: Day) -> Entry:
    view, before, after = words.changed(day.first or day.figures, day.figures)
    stays = f"{words.platform_share(day.figures).text} as before, {view} " if view else ""
    change = f"{stays}{before.text} {before.lost} became {after.text} {after.lost}"
    return Entry(
        name=f"restated {name} {day.date}",
        updated_ms=day.published_ms,
        published_ms=day.published_ms,
        title=f"Restated · {name} {day.date} · {stays}{before.text} became {after.text}",
        text=f"{name}, {day.date}: {change}; revision {day.revision}. {day.reason}",
        href=day_href(name, day.date),
        category="restated",
    )


def _entry(root: Element, one: Entry, base: str) -> None:
    entry = SubElement(root, "entry")
    _text(entry, "id", _urn(one.name))
    _text(entry, "title", one.title)
    _text(entry, "updated", iso(one.updated_ms))
    _text(entry, "published", iso(one.published_ms))
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": f"{base}{one.href}"})
    SubElement(entry, "category", {"term": one.category})
    _text(entry, "summary", one.text)


def _urn(name: str) -> str:
    return uuid5(NAMESPACE_URL, f"wamon:{name.encode(errors='replace').decode()}").urn


def _text(parent: Element, tag: str, text: str) -> None:
    """Text as XML can hold it: control characters and lone surrogates are replaced."""
    SubElement(parent, tag).text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

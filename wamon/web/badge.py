"""A badge: a row's name, its state and this month's availability, in a small SVG that stands on its own."""

from xml.sax.saxutils import escape, quoteattr

from wamon.core.days import PLATFORM
from wamon.core.report import Report, State
from wamon.core.uptime import Figures
from wamon.core.vigil import EVIDENCE
from wamon.web.words import SIGNS, platform_now, platform_share

_COLOURS = {
    State.OPERATIONAL: "#2c6e4c",
    State.DEGRADED: "#7d540c",
    State.DISRUPTION: "#7d540c",
    State.OUTAGE: "#a12f24",
    State.UNOBSERVED: "#5a616b",
    State.MAINTENANCE: "#345a92",
}
"""White stands out from each of them by 4.5 to 1 at least."""

_NARROW, _LETTER, _PADDING = frozenset("iIljtf.,:;!|'() "), 7.2, 8
_MOST = 64

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label={label}>
<title>{title}</title>
<rect width="{whole}" height="20" rx="3" fill="{colour}"/>
<path d="M3 0h{inner}v20h-{inner}a3 3 0 0 1-3-3v-14a3 3 0 0 1 3-3z" fill="#3a3f46"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{padding}" y="14" textLength="{name_length}">{name}</text>
<text x="{said_x}" y="14" textLength="{said_length}">{said}</text>
</g>
</svg>
"""


def badge(report: Report, name: str) -> bytes | None:
    """The badge of a target or of the platform; None for a name that has no days."""
    now = _now(report, name)
    if now is None:
        return None
    state, month = now
    share = platform_share(month)
    said = f"{SIGNS[state]} {state.value}{f' · {share.text}' if share.said else ''}"
    shown = name if len(name) <= _MOST else f"{name[: _MOST - 1]}…"
    name_length, said_length = _length(shown), _length(said)
    left = name_length + 2 * _PADDING
    title = f"{name}: {said}"
    return _SVG.format(
        whole=left + said_length + 2 * _PADDING,
        inner=left - 3,
        padding=_PADDING,
        colour=_COLOURS[state],
        label=quoteattr(title),
        title=escape(title),
        name=escape(shown),
        said=escape(said),
        name_length=name_length,
        said_length=said_length,
        said_x=left + _PADDING,
    ).encode(errors="replace")


def _now(report: Report, name: str) -> tuple[State, Figures] | None:
    if name == PLATFORM:
        platform = platform_now(report)
        return (platform.state, report.platform_periods["month"]) if platform else None
    for one in report.targets:
        if one.name == name and one.probe not in EVIDENCE:
            return one.state, one.periods["month"]
    return None


def _length(text: str) -> int:
    return round(sum(4 if letter in _NARROW else _LETTER for letter in text))

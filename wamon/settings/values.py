"""The kinds of value a setting may have: how each is read from TOML, written back, described in JSON Schema."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Generic, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from wamon.core.incident import Kind, Severity
from wamon.core.subscription import Hours
from wamon.settings.durations import format_duration, parse_duration
from wamon.settings.secrets import SecretRef, read_reference
from wamon.settings.spelling import RefusedError, closest, did_you_mean, shown
from wamon.settings.urls import Address, read_address, read_graph_url, read_resolver, read_site_url, read_url

T = TypeVar("T")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NOTICE_KINDS = tuple(Kind)
USUAL_KINDS = tuple(kind for kind in NOTICE_KINDS if kind is not Kind.DEGRADED)
"""What a channel gets that does not say ``on``."""


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """One kind of value. ``read`` raises RefusedError with a sentence that lacks only the place."""

    read: Callable[[object], T]
    write: Callable[[T], object]
    schema: Mapping[str, object]


def _as_is(value: object) -> object:
    return value


def _text(value: object, such_as: str) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"{shown(value)} is not {such_as}")
    return value


def _matching(pattern: str, such_as: str) -> Reader[str]:
    def read(value: object) -> str:
        text = _text(value, such_as)
        if re.fullmatch(pattern, text) is None:
            raise RefusedError(f"{shown(text)} is not {such_as}")
        return text

    return Reader(read, _as_is, {"type": "string", "pattern": f"^(?:{pattern})$"})


def optional(reader: Reader[T]) -> Reader[T | None]:
    """The same, and the empty text for none."""

    def write(value: T | None) -> object:
        return "" if value is None else reader.write(value)

    return Reader(
        lambda value: None if value == "" else reader.read(value),
        write,
        {"anyOf": [{"const": ""}, dict(reader.schema)]},
    )


def _read_delay(value: object) -> int:
    such_as = "a duration such as 30s, 5m or 2h"
    length_ms = parse_duration(_text(value, such_as))
    if length_ms is None:
        raise RefusedError(f"{shown(value)} is not {such_as}")
    return length_ms


def _read_duration(value: object) -> int:
    length_ms = _read_delay(value)
    if length_ms == 0:
        raise RefusedError(f"{shown(value)} is no time at all; write a duration such as 30s, 5m or 2h")
    return length_ms


def _read_zone(value: object) -> ZoneInfo:
    such_as = "a time zone such as UTC or Europe/Berlin"
    text = _text(value, such_as)
    try:
        return ZoneInfo(text)
    except (ValueError, KeyError, OSError):
        near = _nearest_zone(text)
        hint = f"did you mean {near}?" if near else "write one such as UTC or Europe/Berlin"
        raise RefusedError(f"{shown(text)} is not a known time zone; {hint}") from None


def _nearest_zone(text: str) -> str | None:
    """By the city alone, or by spelling."""
    known = sorted(available_timezones())
    return next((zone for zone in known if zone.endswith(f"/{text}")), None) or closest(text, known, 0.8)


def _unquoted(value: object) -> None:
    """Numbers in quotes get a sentence of their own."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", value):
        raise RefusedError(f"{shown(value)} is text; write {value}, without quotes")


def _read_version(value: object) -> str:
    such_as = "a Graph version such as v25.0"
    text = value if isinstance(value, str) else ""
    if re.fullmatch(r"v[1-9][0-9]?\.[0-9]", text) is None:
        raise RefusedError(f"{shown(value)} is not {such_as}")
    return text


def _read_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise RefusedError(f'{shown(value)} is a number, and ids are text; write "{shown(value)}", in quotes')
    text = _text(value, "an id as Meta shows it, such as 106540352242922")
    if re.fullmatch(r"[A-Za-z0-9._-]{1,128}", text) is None:
        raise RefusedError(f"{shown(text)} is not an id as Meta shows it, such as 106540352242922")
    return text


def _read_recipient(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise RefusedError("is a number, and phone numbers are text; put it in quotes")
    text = _text(value, "a phone number such as 15550000000")
    if re.fullmatch(r"\+?[1-9][0-9]{6,14}", text) is None:
        raise RefusedError(
            f"a text of {len(text)} characters is not a phone number such as 15550000000: "
            "country code first, digits only"
        )
    return text.removeprefix("+")


def _read_secret(value: object) -> SecretRef:
    return read_reference(value if isinstance(value, str) else "")


def _read_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise RefusedError(f"{shown(value)} is neither true nor false, without quotes")
    return value


def _read_percent(value: object) -> float:
    _unquoted(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise RefusedError(f"{shown(value)} is not a percentage between 0 and 100, such as 99.9")
    return float(value)


def count(least: int, most: int) -> Reader[int]:
    """A whole number, both bounds included."""

    def read(value: object) -> int:
        _unquoted(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise RefusedError(f"{shown(value)} is not a whole number from {least} to {most}")
        return value

    return Reader(read, _as_is, {"type": "integer", "minimum": least, "maximum": most})


def choice(*words: str) -> Reader[str]:
    """One of a few words."""

    def read(value: object) -> str:
        text = _text(value, f"one of {', '.join(words)}")
        if text not in words:
            raise RefusedError(f"{shown(text)} is not one of {', '.join(words)}")
        return text

    return Reader(read, _as_is, {"enum": list(words)})


def _read_weekday(value: object) -> int:
    text = _text(value, "a day of the week such as monday").lower()
    if text not in WEEKDAYS:
        raise RefusedError(f"{shown(value)} is not a day of the week; {did_you_mean(text, WEEKDAYS)}")
    return WEEKDAYS.index(text)


_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"


def _read_time(value: object) -> time:
    such_as = 'a time of day such as "06:00", in quotes'
    text = _text(value, such_as)
    if re.fullmatch(_CLOCK, text) is None:
        raise RefusedError(f"{shown(text)} is not {such_as}")
    return time.fromisoformat(text)


def _read_kinds(value: object) -> tuple[Kind, ...]:
    if not isinstance(value, list):
        raise RefusedError(f'{shown(value)} is not a list of notices such as ["outage", "endpoint"]')
    if not value:
        raise RefusedError(
            "is empty, so the channel would never hear anything; leave it out for the usual notices"
        )
    for one in value:
        if one not in list(NOTICE_KINDS):
            hint = did_you_mean(one if isinstance(one, str) else "", NOTICE_KINDS)
            raise RefusedError(f"{shown(one)} is not a kind of notice; {hint}")
    return tuple(dict.fromkeys(Kind(one) for one in value))


def _write_kinds(value: tuple[Kind, ...]) -> list[str]:
    return [kind.value for kind in value]


def _read_severities(value: object) -> tuple[Severity, ...]:
    if not isinstance(value, list):
        raise RefusedError(f'{shown(value)} is not a list of severities such as ["critical", "urgent"]')
    known = tuple(Severity)
    for one in value:
        if one not in list(known):
            hint = did_you_mean(one if isinstance(one, str) else "", known)
            raise RefusedError(f"{shown(one)} is not a severity; {hint}")
    return tuple(dict.fromkeys(Severity(one) for one in value))


def _read_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise RefusedError(f'{shown(value)} is not a list of names such as ["cloud-api"]')
    return tuple(dict.fromkeys(NAME.read(one) for one in value))


def _read_hours(value: object) -> Hours:
    such_as = 'hours of the day such as "22:00-07:00", in quotes'
    start, _, end = _text(value, such_as).partition("-")
    if not re.fullmatch(_CLOCK, start) or not re.fullmatch(_CLOCK, end):
        raise RefusedError(f"{shown(value)} is not {such_as}")
    if start == end:
        raise RefusedError(f"{shown(value)} begins and ends at once; write {such_as}, or leave it empty for none")
    return Hours(time.fromisoformat(start), time.fromisoformat(end))


def _pattern(pattern: str, **more: object) -> dict[str, object]:
    return {"type": "string", "pattern": pattern, **more}


NAME = _matching(
    "[A-Za-z0-9._-]{1,64}", "a name of letters, digits, dots, dashes and underscores, such as cloud-api"
)
LINE = _matching(r"[^\x00-\x1f\x7f]{0,200}", "one line of text")
PATH = _matching(r"[^\x00-\x1f\x7f]{1,999}", "a path such as wamon.db")
ABSOLUTE_PATH = _matching(r"/[^\x00-\x1f\x7f]{1,999}", "an absolute path such as /etc/wamon/ca.pem")
TEMPLATE = _matching("[a-z0-9_]{1,512}", "a template's name such as wamon_canary")
LANGUAGE = _matching("[a-z]{2,3}(_[A-Z]{2,3})?", "a template's language such as en_US")
DURATION = Reader(_read_duration, format_duration, _pattern("^[0-9]*[1-9][0-9]*(ms|s|m|h)$"))
DELAY = Reader(_read_delay, format_duration, _pattern("^[0-9]+(ms|s|m|h)$"))
ZONE = Reader(_read_zone, lambda zone: zone.key, {"type": "string"})
VERSION = Reader(_read_version, _as_is, _pattern(r"^v[1-9][0-9]?\.[0-9]$"))
ID = Reader(_read_id, _as_is, _pattern("^[A-Za-z0-9._-]{1,128}$"))
RECIPIENT = Reader(_read_recipient, _as_is, _pattern(r"^\+?[1-9][0-9]{6,14}$"))
URL = Reader(read_url, _as_is, _pattern("^https?://", format="uri"))
GRAPH_URL = Reader(read_graph_url, _as_is, _pattern("^https?://", format="uri"))
SITE_URL = Reader(read_site_url, _as_is, _pattern("^https?://", format="uri"))
ADDRESS: Reader[Address] = Reader(read_address, str, _pattern(":[0-9]{1,5}$"))
RESOLVER: Reader[Address] = Reader(read_resolver, str, {"type": "string"})
SECRET: Reader[SecretRef] = Reader(_read_secret, str, _pattern("^(env|file|credential):.+$"))
BOOLEAN = Reader(_read_boolean, _as_is, {"type": "boolean"})
PERCENT = Reader(_read_percent, _as_is, {"type": "number", "minimum": 0, "maximum": 100})
FAMILY = choice("any", "ipv4", "ipv6")
DIRECTION = choice("send", "receive")
LOG_LEVEL = choice("debug", "info", "warning", "error")
WEEKDAY = Reader(_read_weekday, lambda day: WEEKDAYS[day], {"enum": list(WEEKDAYS)})
TIME_OF_DAY = Reader(_read_time, lambda at: f"{at:%H:%M}", _pattern(f"^{_CLOCK}$"))
KINDS = Reader(
    _read_kinds,
    _write_kinds,
    {
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "string", "enum": [kind.value for kind in Kind]},
        "minItems": 1,
    },
)
SEVERITIES = Reader(
    _read_severities,
    lambda value: [one.value for one in value],
    {"type": "array", "uniqueItems": True, "items": {"type": "string", "enum": [one.value for one in Severity]}},
)
NAMES = Reader(_read_names, list, {"type": "array", "uniqueItems": True, "items": dict(NAME.schema)})
HOURS = Reader(_read_hours, str, _pattern(f"^{_CLOCK}-{_CLOCK}$"))

Name = Annotated[str, NAME]
Line = Annotated[str, LINE]
File = Annotated[str, PATH]
MaybeFile = Annotated[str | None, optional(PATH)]
MaybeAbsolute = Annotated[str | None, optional(ABSOLUTE_PATH)]
Duration = Annotated[int, DURATION]
MaybeDuration = Annotated[int | None, optional(DURATION)]
Delay = Annotated[int, DELAY]
Zone = Annotated[ZoneInfo, ZONE]
MaybeZone = Annotated[ZoneInfo | None, optional(ZONE)]
Id = Annotated[str, ID]
MaybeId = Annotated[str | None, optional(ID)]
Version = Annotated[str, VERSION]
Recipient = Annotated[str, RECIPIENT]
Template = Annotated[str, TEMPLATE]
Language = Annotated[str, LANGUAGE]
Url = Annotated[str, URL]
MaybeUrl = Annotated[str | None, optional(URL)]
GraphUrl = Annotated[str, GRAPH_URL]
SiteUrl = Annotated[str, SITE_URL]
Listen = Annotated[Address, ADDRESS]
MaybeResolver = Annotated[Address | None, optional(RESOLVER)]
MaybeListen = Annotated[Address | None, optional(ADDRESS)]
Kept = Annotated[SecretRef, SECRET]
MaybeKept = Annotated[SecretRef | None, optional(SECRET)]
YesNo = Annotated[bool, BOOLEAN]
Percent = Annotated[float, PERCENT]
Family = Annotated[str, FAMILY]
Direction = Annotated[str, DIRECTION]
LogLevel = Annotated[str, LOG_LEVEL]
Weekday = Annotated[int, WEEKDAY]
TimeOfDay = Annotated[time, TIME_OF_DAY]
Kinds = Annotated[tuple[Kind, ...], KINDS]
Severities = Annotated[tuple[Severity, ...], SEVERITIES]
Names = Annotated[tuple[str, ...], NAMES]
MaybeHours = Annotated[Hours | None, optional(HOURS)]

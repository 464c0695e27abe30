"""What people say that changes no figure: notices held back for a while, incidents acknowledged, notes to them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.incident import Kind, Severity
from wamon.core.maintenance import Window
from wamon.core.notice import Notice
from wamon.core.silence import Remark, Silence
from wamon.core.silenced import aloud
from wamon.core.spoken import Said
from wamon.core.timeline import HOUR, iso, parse_iso
from wamon.core.vigil import Vigil
from wamon.core.watched import Watched
from wamon.ledger import Ledger
from wamon.ledger.words import Declaration
from wamon.settings.spelling import did_you_mean, shown
from wamon.settings.values import DURATION
from wamon.work.maintenance import RemovalAsked, known_names, read_instant, read_option, require_reason

SILENCE, REMARK = "silence", "remark"
"""The kinds of the declarations that hold them."""

_WHEN = "--for 2h, or --to 2026-11-01T04:00"
Word = TypeVar("Word", Kind, Severity)


class SilenceAsked(msgspec.Struct, frozen=True):
    """A silence in a person's words; nothing said of targets, kinds or severities means all of them."""

    because: str
    author: str
    to: str | None = None
    for_: str | None = None
    from_: str | None = None
    targets: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()


class RemarkAsked(msgspec.Struct, frozen=True):
    """What a person says of an incident, by its name: ``TARGET@BEGINNING``."""

    incident: str
    author: str
    text: str
    ack: bool = False


class Place(NamedTuple):
    """Where and when it is said: who is watched, the zone of times, now."""

    watched: Sequence[Watched]
    zone: ZoneInfo
    now_ms: int


class People:
    """Silences and remarks in the ledger. What is wrong with a word raises ValueError with a right one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def silences(self) -> list[Silence]:
        """Every one there was, those that were taken back as long as they held."""
        found = [cut_short(silence_of(one), one.withdrawn_at_ms) for one in await self._declared(SILENCE)]
        return [one for one in found if one.start_ms < one.end_ms]

    async def aloud(self, notices: Sequence[Notice], accounts: Mapping[str, str], now_ms: int) -> Sequence[Notice]:
        """Those that no silence holds back now."""
        return aloud(notices, await self.silences(), accounts, now_ms) if notices else notices

    async def remarks(self) -> list[Remark]:
        """Everything that was said of incidents, oldest first."""
        return [remark_of(one) for one in await self._declared(REMARK)]

    async def add(self, asked: SilenceAsked, place: Place) -> Mapping[str, Any]:
        """Hold notices back."""
        silence = read_silence(asked, place)
        content = msgspec.to_builtins(silence)
        number = await self._declare(Declaration(SILENCE, content, place.now_ms, asked.author, asked.because))
        return {"number": number, "what": silence_text(silence)}

    async def remove(self, asked: RemovalAsked, place: Place) -> Mapping[str, Any]:
        """Take a silence back."""
        found = next((one for one in await self._declared(SILENCE) if one.n == asked.number), None)
        if found is None:
            raise ValueError(f"there is no silence {asked.number}: wamon silence list shows the numbers")
        await self._ledger.write(
            lambda book: book.withdraw(asked.number, at_ms=place.now_ms, author=asked.author, because=asked.reason)
        )
        return {"number": asked.number, "what": silence_text(silence_of(found))}

    async def remark(self, asked: RemarkAsked, place: Place) -> Mapping[str, Any]:
        """Acknowledge an incident, or add a note to it."""
        target, at_ms = read_incident(asked.incident)
        if not asked.ack and not asked.text.strip():
            raise ValueError("a note needs words, such as: wamon incidents note cloud-api 'case 1234 is open'")
        content = {"target": target, "incident_ms": at_ms, "ack": asked.ack}
        await self._declare(Declaration(REMARK, content, place.now_ms, asked.author, asked.text.strip()))
        return {"incident": asked.incident, "ack": asked.ack, "text": asked.text.strip(), "author": asked.author}

    async def _declared(self, kind: str) -> Sequence[Declaration]:
        return await self._ledger.read(lambda book: book.declarations(kind))

    async def _declare(self, declaration: Declaration) -> int:
        return await self._ledger.write(lambda book: book.declare(declaration))


class Book(Protocol):
    """Everything that people said, as the ledger has it."""

    people: People

    async def windows(self) -> Sequence[Window]: ...

    async def said(self, since_ms: int) -> list[Said]: ...


async def hear_people(vigil: Vigil, book: Book, now_ms: int) -> None:
    """Let a watch know what people said: maintenance, rulings on looks that still come, silences, remarks."""
    vigil.declared(await book.windows(), await book.said(now_ms - HOUR))
    vigil.beside(await book.people.silences(), await book.people.remarks())


class Saying(NamedTuple):
    """A word that changes no figure: the shape of what is asked, and who acts on it."""

    asked: type[Any]
    act: Callable[[People, Any, Place], Awaitable[Mapping[str, Any]]]


SAYINGS: Mapping[str, Saying] = {
    "silence-add": Saying(SilenceAsked, People.add),
    "silence-remove": Saying(RemovalAsked, People.remove),
    "incident-remark": Saying(RemarkAsked, People.remark),
}
"""By the name under which the control socket takes them."""


def silence_of(declared: Declaration) -> Silence:
    """The silence a declaration holds."""
    said = {"number": declared.n, "author": declared.author, "because": declared.because}
    return msgspec.convert({**declared.content, **said}, Silence)


def cut_short(silence: Silence, withdrawn_at_ms: int | None) -> Silence:
    """The silence until it was taken back."""
    if withdrawn_at_ms is None:
        return silence
    return msgspec.structs.replace(silence, end_ms=min(silence.end_ms, withdrawn_at_ms))


def remark_of(declared: Declaration) -> Remark:
    """The remark a declaration holds."""
    said = {"at_ms": declared.declared_at_ms, "author": declared.author, "text": declared.because}
    return msgspec.convert({**declared.content, **said}, Remark)


def read_silence(asked: SilenceAsked, place: Place) -> Silence:
    """The silence that was meant."""
    require_reason(asked.because)
    if (asked.to is None) is (asked.for_ is None):
        raise ValueError(f"a silence needs one end: {_WHEN}")
    start_ms = place.now_ms if asked.from_ is None else _instant("--from", asked.from_, place)
    if asked.to is None:
        end_ms = start_ms + read_option(DURATION, "--for", asked.for_)
    else:
        end_ms = _instant("--to", asked.to, place)
    if end_ms <= max(start_ms, place.now_ms):
        raise ValueError(f"a silence until {iso(end_ms)} is over before it begins: name a later end, {_WHEN}")
    known_names("--target", asked.targets, [one.name for one in place.watched])
    known_names("--account", asked.accounts, {one.account for one in place.watched})
    return Silence(
        start_ms,
        end_ms,
        asked.targets,
        asked.accounts,
        tuple(_words("--kind", asked.kinds, Kind)),
        tuple(_words("--severity", asked.severities, Severity)),
    )


def _instant(option: str, text: str, place: Place) -> int:
    return read_instant(option, text, place.zone, place.now_ms)


def _words(option: str, words: Iterable[str], known: type[Word]) -> Iterable[Word]:
    names = [one.value for one in known]
    for word in words:
        if word not in names:
            raise ValueError(f"{option} {shown(word)} is none of {', '.join(names)}; {did_you_mean(word, names)}")
        yield known(word)


def read_incident(name: str) -> tuple[str, int]:
    """The target and the beginning in an incident's name."""
    target, _, beginning = name.rpartition("@")
    try:
        return target, parse_iso(beginning)
    except ValueError:
        raise ValueError(
            f"{shown(name)} names no incident; wamon incidents list shows them, such as "
            "cloud-api@2026-11-01T10:00:00Z"
        ) from None


def silence_text(silence: Silence) -> str:
    """``cloud-api, outage until 2026-11-01T04:00:00Z``."""
    return f"{silence.subject}, {iso(silence.start_ms)} until {iso(silence.end_ms)}"

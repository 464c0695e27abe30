"""The RSS feed of Meta's status page. XML without a document type: entities cannot be declared, nor expanded."""

from xml.parsers import expat  # a document type is refused before anything of it is read

from wamon.core.meta_page import FeedEntry, Part
from wamon.reference.soft import instant, text

MOST_ENTRIES = 200
DEEPEST = 32
LONGEST = 2_000
_READ = frozenset({"guid", "title", "description", "pubDate"})


class _RefusedError(Exception):
    """XML that no feed needs."""


class _Listener:
    """Takes in the elements of a feed; ``entries`` are those that are complete."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str]] = []
        self.root = ""
        self.path: list[str] = []
        self._open: dict[str, str] | None = None

    def begin(self, name: str, _attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self.path.append(name)
        if len(self.path) > DEEPEST:
            raise _RefusedError
        if self.path[1:] == ["channel", "item"]:
            self._open = {}

    def end(self, _name: str) -> None:
        if self.path[1:] == ["channel", "item"] and self._open is not None:
            if len(self.entries) < MOST_ENTRIES:
                self.entries.append(self._open)
            self._open = None
        self.path.pop()

    def hear(self, piece: str) -> None:
        name = self.path[-1]
        if self._open is not None and len(self.path) == 4 and name in _READ:
            so_far = self._open.get(name, "")
            self._open[name] = so_far + piece[: max(0, LONGEST - len(so_far))]

    def refuse(self, *_: object) -> None:
        raise _RefusedError


def feed(raw: bytes, _subject: str) -> list[Part] | None:
    """The entries of an RSS 2.0 document; an empty list is a feed without any. None for what is no such feed."""
    listener = _Listener()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = listener.refuse
    parser.EntityDeclHandler = listener.refuse
    parser.StartElementHandler = listener.begin
    parser.EndElementHandler = listener.end
    parser.CharacterDataHandler = listener.hear
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, _RefusedError, ValueError, LookupError):
        return None
    return [_entry(one) for one in listener.entries] if listener.root == "rss" else None


def _entry(raw: dict[str, str]) -> FeedEntry:
    return FeedEntry(
        text(raw.get("guid"), 100),
        text(raw.get("title"), 100),
        text(raw.get("description"), 600),
        instant(raw.get("pubDate")),
    )

"""Meta's outages as its page told them over time: what was known of each, and what was changed afterwards."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from wamon.core.meta_page import Change, Light, OutageWord, PageKind, Post, Sign, Version, light_of, page_of, worst
from wamon.core.timeline import HOUR, MINUTE, iso

LATE_MS = HOUR
"""An outage whose first post claims to be older than this when it is first seen was posted afterwards."""

_AHEAD_MS = 5 * MINUTE
"""So far Meta's clock may be ahead of ours; a post from further in the future has a time that is not believed."""


class KnownOutage(msgspec.Struct, frozen=True):
    """What is known of one outage. ``resolved_ms`` is None while it is open; ``service`` may be empty.

    ``said`` is the latest word, ``worst`` the worst light that any post of it meant.
    Where a post carries no time that can be believed, the instant stands at which it was first seen.
    """

    org: str
    id: str
    service: str
    title: str
    said: str
    worst: Light
    first_posted_ms: int
    resolved_ms: int | None


@dataclass(slots=True)
class _Entry:
    """An outage under way through the versions. ``over_ms``: when it was first seen to be over; ``left_ms``: when
    it was seen gone from the active ones."""

    word: OutageWord
    seen_ms: int
    over_ms: int | None = None
    left_ms: int | None = None
    active: bool = True


class _Listed(NamedTuple):
    org: str
    kind: PageKind


class OutageBook:
    """Takes in the versions of all pages, oldest first. ``changes`` are those of the past."""

    def __init__(self) -> None:
        self.signs: dict[tuple[str, str], Sign] = {}
        self.changes: list[Change] = []
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._listed: dict[_Listed, dict[str, OutageWord]] = {}

    def take(self, version: Version) -> None:
        """The next version; pages without outages or services are passed over."""
        page = page_of(version.page)
        if page is None:
            return
        if page.kind is PageKind.SERVICES:
            self.signs = {(one.org, one.id): one for one in version.parts if isinstance(one, Sign)}
        elif page.kind in (PageKind.OUTAGES, PageKind.HISTORY):
            words = {_key(one): one for one in version.parts if isinstance(one, OutageWord)}
            self._outages(_Listed(page.subject, page.kind), words, version.seen_ms)

    def _outages(self, listed: _Listed, words: dict[str, OutageWord], seen_ms: int) -> None:
        watched = listed in self._listed
        vanished = self._listed.get(listed, {}).keys() - words.keys()
        self._listed[listed] = words
        active = self._listed.get(_Listed(listed.org, PageKind.OUTAGES), {})
        for key, word in words.items():
            entry = self._entries.get((listed.org, key))
            if entry is None:
                entry = self._entries[listed.org, key] = _Entry(word, seen_ms)
                self._note_late(entry, watched)
            elif entry.word is not word:  # pieces are kept once: mostly it is the very same
                self._note_edited(entry, word, seen_ms)
                entry.word = word
            entry.active = key in active
            if entry.over_ms is None and _is_over(word, past=not entry.active):
                entry.over_ms = seen_ms
        for key in vanished:
            self._vanish(listed, self._entries[listed.org, key], seen_ms)

    def _vanish(self, listed: _Listed, entry: _Entry, seen_ms: int) -> None:
        """Gone from the active ones it is over; from the past, where older ones still stand, it was taken back."""
        if listed.kind is PageKind.OUTAGES:
            entry.left_ms, entry.active = seen_ms, False
        elif not entry.active and any(_first_ms(one) < _first_ms(entry) for one in self._told(listed)):
            self.changes.append(Change(seen_ms, self._title(entry), _summary(entry.word), "no longer told"))

    def _told(self, listed: _Listed) -> Iterator[_Entry]:
        return (self._entries[listed.org, key] for key in self._listed[listed])

    def _note_late(self, entry: _Entry, watched: bool) -> None:
        if watched and entry.seen_ms - _first_ms(entry) > LATE_MS:
            told = f"{_summary(entry.word)}, first seen at {iso(entry.seen_ms)}"
            self.changes.append(Change(entry.seen_ms, self._title(entry), "not told", told))

    def _note_edited(self, entry: _Entry, word: OutageWord, seen_ms: int) -> None:
        edited = _edited(entry.word, word)
        if edited is not None:
            self.changes.append(Change(seen_ms, self._title(entry), *edited))

    def _title(self, entry: _Entry) -> str:
        return f"outage of {self._service(entry.word) or entry.word.org} from {iso(_first_ms(entry))}"

    def _service(self, word: OutageWord) -> str:
        sign = self.signs.get((word.org, word.service_id)) if word.service_id else None
        return word.service or (sign.name if sign is not None else "")

    def outages(self) -> tuple[KnownOutage, ...]:
        """Every outage that was ever told, by its first post."""
        found = [self._known(one) for one in self._entries.values()]
        return tuple(sorted(found, key=lambda one: (one.first_posted_ms, one.org, one.id)))

    def _known(self, entry: _Entry) -> KnownOutage:
        word, first_ms = entry.word, _first_ms(entry)
        return KnownOutage(
            word.org,
            word.id,
            self._service(word),
            word.title,
            _last_said(word),
            _worst(word),
            first_ms,
            _resolved_ms(entry),
        )


def _key(word: OutageWord) -> str:
    """Meta's id; without one, the service and the time it is told to have begun."""
    if word.id:
        return word.id
    began = min((post.at_ms for post in word.posts if post.at_ms is not None), default=word.at_ms)
    return f"{word.service_id}{word.service}@{began}"


def _in_order(posts: Sequence[Post]) -> list[Post]:
    """By time; without all times as they stand."""
    times = [post.at_ms for post in posts if post.at_ms is not None]
    if len(times) < len(posts):
        return list(posts)
    return [post for _, post in sorted(zip(times, posts, strict=True), key=lambda one: one[0])]


def _last_said(word: OutageWord) -> str:
    posts = _in_order(word.posts)
    return (posts[-1].said if posts else "") or word.said


def _worst(word: OutageWord) -> Light:
    """The worst that was said of it at any time."""
    return worst([light_of(one) for one in (word.said, *(post.said for post in word.posts))])


def _is_over(word: OutageWord, *, past: bool) -> bool:
    """Resolved, or told among the past ones only."""
    return past or light_of(_last_said(word)) is Light.GREEN


def _first_ms(entry: _Entry) -> int:
    word = entry.word
    told = [post.at_ms for post in word.posts if post.at_ms is not None] or [word.at_ms or entry.seen_ms]
    return min(told) if min(told) <= entry.seen_ms + _AHEAD_MS else entry.seen_ms


def _resolved_ms(entry: _Entry) -> int | None:
    """When Meta says that it was over; where it says so nowhere, when it was seen to leave the active ones."""
    word = entry.word
    if not _is_over(word, past=not entry.active):
        return None
    if light_of(_last_said(word)) is not Light.GREEN and entry.left_ms is not None:
        return entry.left_ms
    posts = _in_order(word.posts)
    said_ms = posts[-1].at_ms if posts else word.at_ms
    return entry.over_ms if said_ms is None else said_ms


def _edited(before: OutageWord, after: OutageWord) -> tuple[str, str] | None:
    """What was told and is told otherwise; posts that were added are no change of the past."""
    missing = [post for post in before.posts if post not in after.posts]
    if missing:
        last_ms = max((post.at_ms or 0 for post in before.posts), default=0)
        instead = [post for post in after.posts if post not in before.posts and (post.at_ms or 0) <= last_ms]
        return _posts_text(missing), _posts_text(instead) or "no longer told"
    if before.service_id != after.service_id:
        return f"service {before.service_id or 'none'}", f"service {after.service_id or 'none'}"
    if not after.posts and light_of(before.said) is Light.GREEN and before.at_ms != after.at_ms:
        return _summary(before), _summary(after)
    return None


def _summary(word: OutageWord) -> str:
    return _posts_text(_in_order(word.posts)) or _post_text(Post(word.said, "", word.at_ms))


def _posts_text(posts: Iterable[Post]) -> str:
    return "; ".join(map(_post_text, posts))


def _post_text(post: Post) -> str:
    when = f"{iso(post.at_ms)} " if post.at_ms is not None else ""
    return f"{when}{post.said or 'no words'}{f': {post.text}' if post.text else ''}"

"""Reads from the book what it holds of one row's day: stretches, rulings, publications, looks."""

from datetime import date
from typing import NamedTuple

from wamon.core.chronicle import Ruled, grouped
from wamon.core.finding import Finding
from wamon.core.publication import Publication, figures_from, secondary_from
from wamon.core.segments import Segment
from wamon.core.timeline import Span
from wamon.ledger import Book, words


class Read(NamedTuple):
    """``segments`` are those behind the latest publication, empty where there is none."""

    trail: tuple[Publication, ...]
    segments: tuple[Segment, ...]
    rulings: tuple[Ruled, ...]
    looks: int


def read_day(book: Book, target: str, day: date, span: Span) -> Read:
    """All of it at one moment."""
    trail = book.publications(target=target, day=day)
    firsts = {mark.at_ms: mark.finding for mark in book.marks(target, span, standing=False)}
    return Read(
        trail=tuple(map(_to_core, trail)),
        segments=tuple(book.segments(trail[-1].n)) if trail else (),
        rulings=grouped(_rulings(book, target, span, firsts)),
        looks=len(firsts),
    )


def _rulings(book: Book, target: str, span: Span, firsts: dict[int, Finding]) -> list[Ruled]:
    stood, found = dict(firsts), []
    for one in sorted(book.rulings(span, targets=[target]), key=lambda one: one.n):
        ruling = one.ruling
        found.append(
            Ruled(
                ruling.at_ms,
                ruling.at_ms,
                1,
                ruling.origin,
                ruling.ruled_at_ms,
                stood.get(ruling.at_ms),
                ruling.finding,
                ruling.author or "",
                ruling.because or "",
                one.withdrawn,
            )
        )
        if not one.withdrawn:
            stood[ruling.at_ms] = ruling.finding
    return found


def _to_core(row: words.Publication) -> Publication:
    return Publication(
        row.target,
        row.day,
        row.zone,
        row.revision,
        row.published_at_ms,
        figures_from(row.figures),
        row.reason,
        row.author,
        secondary_from(row.figures),
    )

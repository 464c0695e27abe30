"""``wamon classify``: JSON Lines of exchanges in, one JSON verdict per line out."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from wamon.cli.answers import BAD_NEWS, FINE, readable
from wamon.core.judgement import judge, verdict_document
from wamon.core.knowledge import Knowledge, knowledge
from wamon.core.observation import Exchange
from wamon.core.reading import read_line

STDIN = "-"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def classify_command(file: str) -> int:
    """Judge every line of a file, or of stdin for ``-``; 1 when a line could not be read."""
    with _opened(file) as lines:
        return classify(lines, sys.stdout.buffer, flush=not lines.seekable())


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    with readable(Path(file)).open("rb") as lines:
        yield lines


def classify(lines: BinaryIO, out: BinaryIO, *, flush: bool) -> int:
    """A verdict, or an error, for every line that is not blank; with ``flush`` each one leaves at once."""
    known, code = knowledge(), FINE
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if not text.strip():
            continue
        exchange, wrong = read_line(text)
        if exchange is None:
            code = BAD_NEWS
            out.write(_encoded({"error": f"line {number}: {wrong}"}) + b"\n")
        else:
            out.write(_judged(exchange, known) + b"\n")
        if flush:
            out.flush()
    return code


def _judged(exchange: Exchange, known: Knowledge) -> bytes:
    return _encoded(verdict_document(exchange, judge(exchange, known), known))


def _encoded(document: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(document)
    except (UnicodeEncodeError, OverflowError):  # lone surrogates, numbers beyond 64 bits
        return json.dumps(document).encode()

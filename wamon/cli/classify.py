"""``wamon classify``: JSON Lines of exchanges in, one JSON verdict per line out."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import msgspec

from wamon.cli.answers import BAD_NEWS, FINE, readable
from wamon.core.judgement import judge, verdict_document
from wamon.core.knowledge import Knowledge, knowledge
from wamon.core.reading import read_exchange

STDIN = "-"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NAMES = {list: "an array", str: "a string", int: "a number", float: "a number", bool: "a boolean"}


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
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if not text.strip():
            continue
        document, wrong = read_object(decode, text)
        if document is None:
            code = BAD_NEWS
            out.write(_encoded({"error": f"line {number}: {wrong}"}) + b"\n")
        else:
            out.write(_judged(document, known) + b"\n")
        if flush:
            out.flush()
    return code


def read_object(decode: Callable[[bytes], Any], line: bytes) -> tuple[dict[str, Any] | None, str]:
    """The JSON object of a line, or None and the reason. A lenient reader tries what the fast one refuses."""
    try:
        found = decode(line)
    except RecursionError:
        return None, "nested too deeply to be read"
    except ValueError:
        try:
            found = json.loads(line.decode(), parse_constant=_refuse)
        except RecursionError:
            return None, "nested too deeply to be read"
        except ValueError as wrong:
            return None, f"not JSON ({_reason(wrong)})"
    if isinstance(found, dict):
        return found, ""
    return None, f"a JSON object is needed, found {_NAMES.get(type(found), 'null')}"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _reason(wrong: ValueError) -> str:
    if isinstance(wrong, json.JSONDecodeError):
        return f"{wrong.msg.lower()} at character {wrong.pos + 1}"
    if isinstance(wrong, UnicodeDecodeError):
        return f"byte {wrong.start + 1} is not UTF-8"
    return str(wrong).partition(";")[0]


def _judged(document: dict[str, Any], known: Knowledge) -> bytes:
    exchange = read_exchange(document)
    return _encoded(verdict_document(exchange, judge(exchange, known), known))


def _encoded(document: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(document)
    except (UnicodeEncodeError, OverflowError):  # lone surrogates, numbers beyond 64 bits
        return json.dumps(document).encode()

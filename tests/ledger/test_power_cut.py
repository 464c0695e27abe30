"""A power cut at any moment: a disk that keeps what it was told to flush, and of the rest whatever it likes."""

import asyncio
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.ledger.sample import EVER, NOON, look
from wamon.ledger import open_ledger

LOOKS = 60
CALLS = "pwrite64,write,fsync,fdatasync,ftruncate,unlink"
CALL = re.compile(r'(\w+)\((?:\d+<([^>]*)>)?(?:, )?(?:"([^"]*)"(?:\.\.\.)?)?(?:, )?(.*?)\)? += (\d+)')


class Call(NamedTuple):
    """One of the kernel's calls, once it was done: its name, the file, the bytes, and the numbers after them."""

    name: str
    file: str
    content: bytes
    numbers: tuple[int, ...]


def record(path: Path) -> None:
    """Looks one after another, each written to the standard output once it is acknowledged."""

    async def recorded() -> None:
        ledger = open_ledger(path)
        for number in range(LOOKS):
            assert await look(ledger, at_ms=NOON + number, keep=number % 7 == 0)
            sys.stdout.write(".")
            sys.stdout.flush()
        await ledger.close()

    asyncio.run(recorded())


def calls(trace: str) -> Iterator[Call]:
    """What strace wrote, each call where it was done: one that another thread interrupted is put together."""
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        thread, _, said = line.partition(" ")
        said = said.strip()
        if said.endswith("<unfinished ...>"):
            begun[thread] = said.removesuffix("<unfinished ...>")
            continue
        if said.startswith("<... "):
            said = begun.pop(thread) + said.partition("resumed>")[2]
        if found := CALL.match(said):
            name, file, text, more, _ = found.groups()
            numbers = tuple(int(one) for one in re.findall(r"\d+", more))
            yield Call(name, octets(file or text).decode(), octets(text), numbers)


def octets(text: str | None) -> bytes:
    """Strace writes names and contents alike: ``\\x2f\\x74``."""
    return bytes.fromhex((text or "").replace("\\x", ""))


class Disk:
    """What is on it for sure, and what was written since the last flush of each file."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.safe = {name: bytearray(content) for name, content in files.items()}
        self.loose: dict[str, list[Call]] = {}

    def take(self, call: Call) -> None:
        """One more call."""
        if call.name == "unlink":
            self.safe.pop(call.file, None)
            self.loose.pop(call.file, None)
        elif call.name in ("fsync", "fdatasync"):
            for one in self.loose.pop(call.file, []):
                put(self.safe.setdefault(call.file, bytearray()), one)
        else:
            self.loose.setdefault(call.file, []).append(call)

    def after_a_cut(self, keeps: Callable[[], bool]) -> dict[str, bytes]:
        """The files as somebody finds them who turns it on again; of what was loose each write is there or not."""
        found = {name: bytearray(content) for name, content in self.safe.items()}
        for name, written in self.loose.items():
            for one in written:
                if keeps():
                    put(found.setdefault(name, bytearray()), one)
        return {name: bytes(content) for name, content in found.items()}


def put(content: bytearray, call: Call) -> None:
    if call.name == "ftruncate":
        del content[call.numbers[0] :]
        return
    at = call.numbers[-1]
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(call.content)] = call.content


def looks_in(files: dict[str, bytes], folder: Path) -> list[int]:
    """Turn it on again: the looks of the ledger, which must be whole."""
    folder.mkdir()
    for name, content in files.items():
        (folder / Path(name).name).write_bytes(content)

    async def read() -> list[int]:
        ledger = open_ledger(folder / "wamon.db")
        found = [one.at_ms - NOON for one in await ledger.marks("graph", EVER)]
        await ledger.close()
        return found

    return asyncio.run(read())


@pytest.mark.soak
@pytest.mark.parametrize("luck", [0.0, 0.5, 0.9])
def test_p2_no_power_cut_loses_what_was_acknowledged(
    luck: float, tmp_path: Path, real: Callable[..., Path]
) -> None:
    path, chance = tmp_path / "wamon.db", random.Random(luck)
    asyncio.run(open_ledger(path).close())
    disk = Disk({str(path): path.read_bytes()})
    said = tmp_path / "said"
    files = [word for name in (path, f"{path}-wal", said) for word in ("-P", name)]
    strace = [real("strace", package="strace"), "-f", "-y", "-xx", "-s", "9999999", "-e", f"trace={CALLS}", *files]
    program = (
        "import sys, pathlib; from tests.ledger.test_power_cut import record; record(pathlib.Path(sys.argv[1]))"
    )
    ended = subprocess.run(
        [*strace, "-o", tmp_path / "trace", sys.executable, "-c", program, path],
        stdout=said.open("w"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    acknowledged = cuts = 0
    for number, call in enumerate(calls((tmp_path / "trace").read_text())):
        if call.file.endswith("said"):
            acknowledged += 1
        else:
            disk.take(call)
        if acknowledged and (call.file.endswith("said") or chance.random() < 0.3):
            found = looks_in(disk.after_a_cut(lambda: chance.random() < luck), tmp_path / str(number))
            assert found == list(range(len(found)))
            assert acknowledged <= len(found) <= acknowledged + 1
            cuts += 1
    assert acknowledged == LOOKS
    assert cuts > LOOKS

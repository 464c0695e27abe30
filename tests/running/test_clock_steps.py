"""A wall clock that is set under a running daemon: it looks on within two seconds, and its figures add up."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

import pytest

from tests.cli.platform import simulated
from tests.running.daemon import configuration, eventually, free_port, running
from wamon.core.segments import account
from wamon.core.timeline import HOUR, SECOND, Span, subtract
from wamon.core.uptime import figures
from wamon.ledger import open_book
from wamon.simulator.simulator import Simulator

YEAR = 365 * 24 * HOUR
EVER = Span(0, 1 << 62)


class Wall:
    """The wall clock of another process; its monotonic clock stays the machine's."""

    def __init__(self, library: Path, file: Path) -> None:
        self.file = file
        self.set_to(0)
        self.environ = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set_to(self, offset_ms: int) -> None:
        """So far beyond the true time; negative for behind."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{offset_ms / SECOND:+.3f}")
        draft.replace(self.file)


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory, where there is such a place: looks wait until they are on the disk, and a busy disk is slow."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="wamon-clock-", dir=memory) as place:
        yield Path(place)


@pytest.fixture
def wall(real: Callable[..., Path], folder: Path) -> Wall:
    program = real("faketime", package="faketime")
    libraries = sorted(program.parent.parent.glob("lib/**/faketime/libfaketimeMT.so.1"))
    return Wall(libraries[0], folder / "wall")


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with simulated() as simulator:
        yield simulator


def every_second(platform: Simulator, folder: Path, port: int) -> str:
    text = configuration(platform, folder, port)
    return text.replace('interval = "2s"\ntimeout = "1s"', 'interval = "1s"\ntimeout = "900ms"')


def test_p10_the_clock_may_jump_by_seconds_and_by_years_and_nothing_stops_or_bends(
    platform: Simulator, folder: Path, wall: Wall
) -> None:
    """Steps of -1 y, +1 y, -1 h, +1 h, -30 s, +30 s, +10 y and back, and one into seconds just seen."""
    port, away_s, took_s = free_port(), 0.0, list[float]()
    with running(folder, every_second(platform, folder, port), port, wall.environ) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 3, "three looks before the first step")
        for offset_ms in (-YEAR, 0, -HOUR, 0, -30 * SECOND, 0, 10 * YEAR, 0):
            answered, began_s = platform.graph_site.answered, time.monotonic()
            wall.set_to(offset_ms)
            eventually(lambda n=answered: platform.graph_site.answered >= n + 2, f"looks at {offset_ms}", 20)
            took_s.append(time.monotonic() - began_s)
            away_s += took_s[-1] if offset_ms else 0
        wall.set_to(-3 * SECOND)
        answered = platform.graph_site.answered
        eventually(
            lambda: platform.graph_site.answered >= answered + 3, "looks at seconds that were seen before", 5
        )
        today = eventually(lambda: daemon.json("/api/v1/days?target=cloud-api")["days"], "a day")[-1]
        assert daemon.stop()[0] == 0
    assert "Traceback" not in daemon.log.read_text()
    assert median(took_s) < 3.2, "the second look comes within two intervals and a second"
    assert today["coverage"] == pytest.approx(1 - today["unobserved_s"] / today["seconds"], abs=1e-12)
    with closing(open_book(folder / "wamon.db", readonly=True)) as book:
        ran, slots = book.running(EVER), [one.slots for one in book.missed(EVER) if one.target == "cloud-api"]
        first_ms, marks = book.targets()["cloud-api"], book.marks("cloud-api", EVER)
        contexts = [context for (context,) in book.db.execute("SELECT context FROM contexts")]
    lived = Span(first_ms, first_ms + round(today["seconds"] * SECOND))
    counted = figures(account(marks, lived.end_ms), lived, unobserved=subtract([lived], ran))
    summed = {name: round(today[f"{name}_s"] * SECOND) for name in ("unobserved", "down", "worst_down")}
    assert summed == {name: getattr(counted, f"{name}_ms") for name in summed}, "as the ledger has it, to the ms"
    assert today["unobserved_s"] > away_s - 4, "the time spent elsewhere is missing of today"
    assert len(ran) >= 10
    assert ran[0].start_ms < ran[1].start_ms + YEAR < ran[0].start_ms + 60 * SECOND, "set back a year, in order"
    assert max(slots) == pytest.approx(10 * YEAR / SECOND, rel=1e-3)
    assert any('"repeated":true' in one for one in contexts), "looks at what came twice are kept, and marked"


def test_a_process_that_was_stopped_names_the_slots_it_passed_and_makes_none_up(
    platform: Simulator, folder: Path
) -> None:
    port = free_port()
    with running(folder, every_second(platform, folder, port), port) as daemon:
        daemon.ready()
        eventually(lambda: daemon.attempts("cloud-api", "ok") >= 2, "two looks")
        daemon.process.send_signal(signal.SIGSTOP)
        time.sleep(4.5)  # the time that passes over it
        answered = platform.graph_site.answered
        daemon.process.send_signal(signal.SIGCONT)
        missed = eventually(lambda: missed_slots(folder, "misfire"), "the slots it passed")
        assert platform.graph_site.answered <= answered + 2, "one look late, and the next at its slot"
        assert daemon.stop()[0] == 0
    assert 3 <= missed["cloud-api"] <= 4
    assert set(missed) <= {"cloud-api"}, "no slot of the others passed"


def missed_slots(folder: Path, reason: str) -> dict[str, int]:
    with closing(open_book(folder / "wamon.db", readonly=True)) as book:
        return {one.target: one.slots for one in book.missed(EVER) if one.reason.value == reason}

"""How many recorded exchanges `wamon replay` judges in a second, and how much memory that takes.

Nine days of four targets every 30 seconds, 103,680 lines with every key that a recorder writes, few of them bad.
Each run is a process of its own, as the command's is. Bounds: 25,000 a second, 300 MiB; exits 1 beyond them.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.stories.realistic import write

HOUSE = Path(__file__).resolve().parent.parent
DAYS, RUNS = 9, 3
MUST, AIM, MEBIBYTES = 25_000, 50_000, 300

ALONE = """
import io, json, resource, sys, time
from pathlib import Path
from wamon.replay import Plan, replay
wall_s, cpu_s = time.perf_counter(), time.process_time()
replay(Path(sys.argv[1]), Plan(), io.StringIO())
wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
print(json.dumps([wall_s, cpu_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def alone(path: Path) -> tuple[float, float, float]:
    """Seconds of wall time and of CPU, and peak MiB, of one replay in a fresh process."""
    told = subprocess.run([sys.executable, "-c", ALONE, str(path)], cwd=HOUSE, check=True, capture_output=True)
    wall_s, cpu_s, peak = json.loads(told.stdout)
    return wall_s, cpu_s, peak


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "exchanges.jsonl")
        lines = write(path, DAYS)
        runs = [alone(path) for _ in range(RUNS)]
    best = lines / min(wall_s for wall_s, _, _ in runs)
    paced = lines / min(cpu_s for _, cpu_s, _ in runs)
    peak = max(mebibytes for _, _, mebibytes in runs)
    print(f"{lines} lines: {best:,.0f} a second, {paced:,.0f} a second of CPU")
    print(f"must {MUST:,} ({best / MUST:.2f} x), aim {AIM:,} ({best / AIM:.2f} x)")
    print(f"peak memory: {peak:.0f} MiB, must {MEBIBYTES} ({peak / MEBIBYTES:.2f} x)")
    sys.exit(best < MUST or peak > MEBIBYTES)


if __name__ == "__main__":
    main()

"""Run every benchmark, or those that are named, and end with one table; 1 when one failed or missed its bound."""

import subprocess
import sys
from pathlib import Path

from bench.beside.table import reached, table

HOUSE = Path(__file__).resolve().parent.parent.parent


def printed_by(bench: Path) -> tuple[str, bool]:
    """What a benchmark printed, shown as it comes, and whether it ended well."""
    print(f"== {bench.stem}", flush=True)
    said: list[str] = []
    with subprocess.Popen([sys.executable, bench], cwd=HOUSE, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    return "".join(said), running.returncode == 0


def main() -> int:
    """All of them, one after the other: they would measure each other."""
    chosen = [
        one for one in sorted((HOUSE / "bench").glob("*.py")) if not sys.argv[1:] or one.stem in sys.argv[1:]
    ]
    found = {one.stem: printed_by(one) for one in chosen}
    rows = reached({name: text for name, (text, _) in found.items()})
    print(f"\n{table([one for one in rows if one.line.bench in found])}")
    failed = [name for name, (_, well) in found.items() if not well]
    if failed:
        print(f"failed, or missed a bound: {', '.join(failed)}")
    return int(bool(failed) or any(one.missed for one in rows))


if __name__ == "__main__":
    sys.exit(main())

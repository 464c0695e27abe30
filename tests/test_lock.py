"""requirements.lock against pyproject.toml: complete, in range, hashed, and silent about where to fetch from."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text()
ENTRIES = [entry for entry in re.split(r"\n(?=\S)", LOCK.strip()) if not entry.startswith("#")]
PINNED = {canonicalize_name(one.name): one for one in (Requirement(entry.split("\\")[0]) for entry in ENTRIES)}
DIRECT = [
    Requirement(text) for text in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
]


def pinned_version(name: str) -> str:
    (pin,) = PINNED[canonicalize_name(name)].specifier
    assert pin.operator == "=="
    return pin.version


def needed_by(requirement: Requirement) -> list[Requirement]:
    """What an installed package needs on this machine, the asked extras included."""
    try:
        texts = distribution(requirement.name).requires or []
    except PackageNotFoundError:
        return []
    extras = requirement.extras or {""}
    needs = map(Requirement, texts)
    return [
        one for one in needs if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras)
    ]


@pytest.mark.parametrize("wanted", DIRECT, ids=lambda wanted: wanted.name)
def test_every_dependency_is_locked_within_its_range(wanted: Requirement) -> None:
    assert canonicalize_name(wanted.name) in PINNED, "make lock"
    assert wanted.specifier.contains(pinned_version(wanted.name)), "make lock"


def test_what_the_dependencies_need_in_turn_is_locked_too() -> None:
    seen: set[str] = set()
    waiting = list(DIRECT)
    while waiting:
        one = waiting.pop()
        assert one.specifier.contains(pinned_version(one.name)), f"{one}: make lock"
        if (key := str(one)) not in seen:
            seen.add(key)
            waiting += needed_by(one)
    assert len(seen) > len(DIRECT)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.split("=")[0])
def test_every_line_is_pinned_and_hashed(entry: str) -> None:
    pin, *hashes = [line.rstrip(" \\") for line in entry.splitlines()]
    assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*( ; .+)?", pin)
    assert hashes
    assert all(re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}", one) for one in hashes)


def test_no_address_stands_in_the_lock() -> None:
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted|file:| @ ", LOCK)


@pytest.mark.parametrize("name", sorted(PINNED))
def test_what_is_tested_here_is_what_the_service_gets(name: str) -> None:
    marker = PINNED[name].marker
    if marker is None or marker.evaluate():
        assert version(name) == pinned_version(name), "make test installs what is locked"

"""The rules of the house that a machine can see: sizes, names, floors, and what may not stand in the tree."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "wamon").rglob("*.py"))
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions_of(path: Path) -> Iterator[tuple[str, int]]:
    """Every function with its place and its lines of code: the docstring and the decorators are not counted."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, FUNCTION):
            said = node.body[0] if ast.get_docstring(node) is not None else None
            words = said.end_lineno - said.lineno + 1 if said else 0
            yield f"{name_of(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1 - words


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_stays_small_and_says_first_what_it_is(module: Path) -> None:
    text = module.read_text()
    assert text.startswith('"""'), "the first line says what this module is"
    assert len(text.splitlines()) <= 400, "split it along a seam that has a name"


def test_functions_stay_short() -> None:
    measured = [found for module in MODULES for found in functions_of(module)]
    assert not [found for found in measured if found[1] > 40]
    lengths = sorted(length for _, length in measured)
    assert statistics.median(lengths) <= 8
    assert lengths[len(lengths) * 9 // 10] <= 20


AVOIDED = re.compile(r"Manager|Handler|Helper|Service|Engine|Base(?=[A-Z]|$)|Utils?(?=[A-Z]|$)")
PUBLISHED = {"Service"}  # the configuration's table [service] keeps its name
EMPTY_NAMES = {"process", "handle", "do", "utils", "common", "helpers", "data", "info", "result", "item"}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_names_say_what_a_thing_is(module: Path) -> None:
    nodes = [node for node in ast.walk(tree_of(module)) if isinstance(node, (*FUNCTION, ast.ClassDef))]
    classes = {node.name for node in nodes if isinstance(node, ast.ClassDef)} - PUBLISHED
    assert not [name for name in classes if AVOIDED.search(name)]
    assert not [node.name for node in nodes if node.name in EMPTY_NAMES]
    assert module.stem not in EMPTY_NAMES


CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}


@pytest.mark.parametrize("module", sorted((ROOT / "wamon" / "core").rglob("*.py")), ids=name_of)
def test_time_is_an_argument_in_core(module: Path) -> None:
    """The floors forbid the clock's modules; what is left is the clock of datetime, and files by name."""
    called = [node.func for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    asked = [one for one in called if isinstance(one, ast.Attribute) and one.attr in CLOCKS]
    assert not [ast.unparse(one) for one in asked if ast.unparse(one.value) in {"datetime", "date", "time"}]
    assert not [one.id for one in called if isinstance(one, ast.Name) and one.id in {"open", "print", "input"}]


def test_imports_go_down_only_and_every_module_stands_on_a_floor() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"
    answer = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


def test_errors_are_never_swallowed_whole() -> None:
    bare = [
        f"{name_of(module)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ExceptHandler) and len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
        if node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
    ]
    assert not bare


def written_files() -> list[Path]:
    """What git has or would take in: tracked files and new ones that are not ignored."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


# Put together here, so that this file does not contain what it looks for.
UNFINISHED = [r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b", r"\bXX" + r"X\b", "NotImpl" + "emented(Error)?"]
PLACES = [
    r"(?<![\w.-])/wo" + r"rk(?=/|\b)",  # a machine's own folders
    r"\.\./sha" + "red",
    r"/ro" + "ot/",
    r"/opt/py" + "pi",
    r"/opt/whe" + "els",
    "pyp" + r"i\.org",
    "pythonhos" + r"ted\.org",
    "registry." + "npm" + "js",
    r"deb\.deb" + "ian",
    r"bash_jo" + "bs",
]
MOCKS = [r"unittest[. ]+(import )?mo" + "ck", "Magic" + "Mock"]


@pytest.mark.parametrize("words", [UNFINISHED, PLACES, MOCKS], ids=["unfinished", "places", "mocks"])
def test_nothing_unfinished_no_place_of_one_machine_and_no_mock_stands_in_the_tree(words: list[str]) -> None:
    pattern = re.compile("|".join(words))
    written = [path for path in written_files() if path.suffix != ".png"]
    texts = {path: path.read_text(errors="ignore") for path in written}
    assert len(texts) > 20
    assert not [f"{name_of(path)}: {found[0]}" for path, text in texts.items() if (found := pattern.search(text))]


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "LICENSE", "docs/decisions.md"])
def test_a_newcomer_finds_the_papers(name: str) -> None:
    assert len((ROOT / name).read_text()) > 200


def test_every_command_of_the_makefile_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    offered = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert offered
    for command in offered[1].split():
        assert re.search(rf"^{command}:.* ## \w", makefile, re.MULTILINE), command

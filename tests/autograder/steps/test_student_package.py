"""The student's package: nothing of the instructor's in it, and it works where nothing else is."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.directory import Course, set_student_package
from autograder.errors import AutograderError
from autograder.steps import student_package
from autograder.steps.release import is_current, release
from autograder.steps.student_package import build, file_name, how_to_check, modules, write
from tests.autograder import tiny
from tests.book.fresh_environment import FreshEnvironment
from tests.conftest import ROOT

# What other systems lack; a student's road must not lead there.
POSIX = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("package"))


def test_it_holds_what_students_run_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    rooms = {name.split("/")[1] for name in names if name.startswith("autograder/")}
    alone = {"__init__", "errors", "console", "commandline", "stages", "differences"}
    assert rooms == {*(f"{name}.py" for name in alone), "student", "inside", "line", "notebooks"}
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"autograder"}
    for sandbox in ("confine", "seccomp", "forkserver", "sandbox", "bubblewrap", "assemble"):
        assert not [name for name in names if sandbox in name]


def test_no_line_of_a_hidden_test_or_of_a_solution_is_in_it(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    told = {
        line.strip()
        for name in archive.namelist()
        for line in archive.read(name).decode().splitlines()
    }
    for folder in ("autograder/hidden", "solutions"):
        for path in (ROOT / folder).rglob("*.py"):
            lines = {line.strip() for line in path.read_text("utf-8").splitlines()}
            same = {line for line in lines & told if len(line) > 40}
            assert not {
                line for line in same if not line.startswith(("from ", "import ", "# -"))
            }, path


def test_what_it_imports_is_what_it_asks_for() -> None:
    foreign: set[str] = set()
    for path in modules():
        foreign |= set(imports(ast.parse(path.read_text("utf-8"))))
    # Where a notebook is read for grading it becomes nbformat's object; a student's does not.
    known = {*student_package.NEEDS, "autograder", "nbformat"}
    assert foreign - set(sys.stdlib_module_names) <= known
    assert not foreign & set(POSIX)


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the packages that code imports when it runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]
        yield from imports(node)


def test_equal_code_gives_equal_bytes_and_an_old_version_goes(tmp_path: Path) -> None:
    old = tmp_path / "sequence_models_check-0.0.1-py3-none-any.whl"
    old.touch()
    path = write(tmp_path)
    assert path.read_bytes() == build()
    assert [each.name for each in tmp_path.iterdir()] == [file_name()]
    before = path.stat().st_mtime_ns
    assert write(tmp_path).stat().st_mtime_ns == before


def test_a_module_of_the_instructor_s_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student_package, "STARTED", ("autograder.suite.examine",))
    with pytest.raises(AutograderError, match="not for students"):
        modules()


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> FreshEnvironment:
    """A Python of its own with the package; our checkout cannot be imported in it."""
    folder = tmp_path_factory.mktemp("student")
    fresh = FreshEnvironment(folder / "env", student_package.requirements())
    done = fresh.run("-m", "pip", "install", "--no-deps", str(wheel), cwd=folder)
    assert done.returncode == 0, done.stderr
    return fresh


@pytest.fixture
def mine(course: Course, tmp_path: Path) -> Path:
    answers = tiny.filled(course.notebook("release", tiny.NAME), tiny.WRONG_NORM)
    return tiny.write_notebook(tmp_path / "home" / "tiny.ipynb", answers)


def test_installed_it_says_what_the_instructor_s_command_says(
    fresh: FreshEnvironment, mine: Path
) -> None:
    home = mine.parent
    where = fresh.run("-c", "import autograder; print(autograder.__file__)", cwd=home)
    assert Path(where.stdout.strip()).is_relative_to(fresh.packages)
    missing = "import importlib.util as i; print([i.find_spec(m) for m in {}])"
    names = ["autograder.hidden", "autograder.judge", "autograder.suite", "solutions", "nbgrader"]
    found = fresh.run("-c", missing.format(names), cwd=home)
    assert found.stdout.strip() == str([None] * len(names)), found.stderr
    command = str(fresh.python.with_name("autograder"))
    shown = fresh.run(command, "--help", cwd=home).stdout
    assert [word for word in ("check", "hint", "release", "grade") if f" {word} " in shown] == [
        "check",
        "hint",
    ]
    theirs = fresh.run(command, "check", mine.name, cwd=home)
    ours = subprocess.run(
        [sys.executable, "-m", "autograder", "check", mine.name],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 of 2 parts pass" in theirs.stdout, theirs.stderr
    assert (theirs.returncode, theirs.stdout) == (ours.returncode, ours.stdout)


# Put into an environment, this takes from our code what Windows does not have, and makes the
# console that of an English Windows, which lacks arrows, boxes and Greek letters.
ELSEWHERE = """
import builtins, os, sys, warnings

MISSING = {missing!r}
found = builtins.__import__


def find(name, globals=None, *rest, **named):
    importer = (globals or {{}}).get("__name__", "")
    if importer.startswith("autograder") and name.partition(".")[0] in MISSING:
        raise ImportError(f"{{importer}} imports {{name}}, which this system lacks")
    return found(name, globals, *rest, **named)


builtins.__import__ = find
for name in ("fork", "forkpty", "getuid", "geteuid", "setsid", "killpg", "uname"):
    delattr(os, name)
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(encoding="cp1252")
warnings.filterwarnings("error", category=EncodingWarning, module="autograder")
"""


@pytest.mark.parametrize(
    "arguments", [("check", "tiny.ipynb"), ("check", "."), ("hint", "tiny.ipynb", "double")]
)
def test_it_works_without_what_only_unix_has(
    fresh: FreshEnvironment, mine: Path, arguments: tuple[str, ...]
) -> None:
    """As far as one system can play another: the notebook has a BOM and Windows line ends."""
    (fresh.packages / "sitecustomize.py").write_text(ELSEWHERE.format(missing=POSIX))
    notebook = json.loads(mine.read_text())
    told = "<details><summary>Hint: \u03c3 \u2192 0</summary>\r\n\r\nLook.\r\n</details>"
    text = {"id": "t", "cell_type": "markdown", "metadata": {}, "source": told}
    notebook["cells"].insert(-4, text)
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\r", "").replace("\n", "\r\n")
    mine.write_bytes(json.dumps(notebook, indent=1).replace("\n", "\r\n").encode("utf-8-sig"))
    done = subprocess.run(
        [str(fresh.python), "-X", "warn_default_encoding", "-m", "autograder.student", *arguments],
        cwd=mine.parent,
        env=fresh.environ() | {"APPDATA": str(mine.parent), "HOME": str(mine.parent)},
        capture_output=True,
        check=False,
    )
    shown = done.stdout.decode("cp1252") + done.stderr.decode("cp1252")
    if arguments[0] == "check":
        assert "1 of 2 parts pass" in shown
        assert done.returncode == 1
    else:
        assert "hint 1 of 1: ? ? 0" in shown
        assert done.returncode == 0, shown


def test_a_release_has_the_package_beside_it_and_says_so(course: Course) -> None:
    folder = course.notebook("release", tiny.NAME).parent
    assert {path.name for path in folder.iterdir()} == {"tiny.ipynb", file_name()}
    cells = tiny.read_notebook(folder / "tiny.ipynb").cells
    assert cells[1].source == how_to_check(tiny.NAME)
    assert f"pip install ./{file_name()}" in cells[1].source
    assert "autograder check tiny.ipynb" in cells[1].source
    assert "autograder hint" not in cells[1].source  # there are none in it


def test_a_notebook_with_hints_says_how_to_get_them() -> None:
    text = how_to_check("gates", part="2")
    assert "\nautograder hint gates.ipynb 2\n" in text
    assert "a hint for part 2" in text


@pytest.mark.parametrize(
    ("where", "says", "install"),
    [
        ("https://example.org/c.whl", "<https://example.org/c.whl>", "https://example.org/c.whl"),
        ("https://example.org/course", "<https://example.org/course>", f"./{file_name()}"),
        ("It is installed in our lab.", "It is installed in our lab.", f"./{file_name()}"),
    ],
)
def test_an_instructor_says_where_else_students_get_it(
    course: Course, where: str, says: str, install: str
) -> None:
    course = set_student_package(course, where)
    assert not is_current(course, tiny.NAME)
    (made,) = release(course)
    text = tiny.read_notebook(made.path).cells[1].source
    assert says in text
    assert f"pip install {install}" in text
    assert [path.name for path in made.path.parent.iterdir()] == ["tiny.ipynb"]

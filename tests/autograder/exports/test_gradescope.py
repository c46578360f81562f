"""The zip for Gradescope, run in a layout like Gradescope's, on a submission that looks around."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.exports.gradescope import bundle, requirements
from autograder.gradescope import harness
from autograder.gradescope.results import results
from autograder.verdict import CheckResult, PartResult, Verdict
from codehash import Code
from tests.autograder import tiny
from tests.autograder.enrolling import verdict
from tests.conftest import ROOT

VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
# What Gradescope's documentation says results.json may hold, and of which kind each is.
DOCUMENT: dict[str, Any] = {
    "score": float,
    "execution_time": float,
    "output": str,
    "output_format": FORMATS,
    "test_output_format": FORMATS,
    "test_name_format": FORMATS,
    "visibility": VISIBILITY,
    "stdout_visibility": VISIBILITY,
    "extra_data": dict,
    "tests": list,
    "leaderboard": list,
}
TEST: dict[str, Any] = {
    "score": float,
    "max_score": float,
    "status": {"passed", "failed"},
    "name": str,
    "name_format": FORMATS,
    "number": str,
    "output": str,
    "output_format": FORMATS,
    "tags": list,
    "visibility": VISIBILITY,
    "extra_data": dict,
}
PLACE: dict[str, Any] = {"name": str, "value": (float, str), "order": {"asc", "desc"}}

# Doubles rightly only if it could neither read nor write what is not the student's.
CURIOUS = """\
import os

def reached():
    found = []
    for path in ("{home}/source/job.json", "{home}/source/autograder/hidden/tiny.py"):
        try:
            found.append(open(path).read())
        except OSError:
            pass
    for path in ("{home}/results/results.json", "{home}/source/job.json", "{home}/run_autograder"):
        try:
            open(path, "a").write("{{}}")
            found.append(path)
        except OSError:
            pass
    try:
        found.append(os.listdir("{home}/source"))
    except OSError:
        pass
    return found

def double(x):
    return x + x if not reached() and os.geteuid() != 0 else x
"""


def fits(value: dict[str, Any], kinds: dict[str, Any]) -> None:
    for name, one in value.items():
        kind = kinds[name]  # nothing that Gradescope does not know
        if isinstance(kind, set):
            assert one in kind
        else:
            numbers = (int, float) if kind is float else kind
            assert isinstance(one, numbers), name


def valid(content: dict[str, Any]) -> dict[str, Any]:
    """Hold a results.json against Gradescope's specification."""
    fits(content, DOCUMENT)
    assert "score" in content or all("score" in test for test in content["tests"])
    for test in content["tests"]:
        fits(test, TEST)
    for place in content.get("leaderboard", []):
        fits(place, PLACE)
    return content


@pytest.fixture
def home(course: Course) -> Iterator[Path]:
    """What Gradescope makes of the zip; anybody may look in, as in its container."""
    with tempfile.TemporaryDirectory(prefix="autograder-gradescope-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("source", "submission", "results"):
            (root / name).mkdir()
        with zipfile.ZipFile(io.BytesIO(bundle(course, tiny.NAME))) as archive:
            for entry in archive.infolist():
                archive.extract(entry, root / "source")
                (root / "source" / entry.filename).chmod(entry.external_attr >> 16)
        shutil.copy(root / "source" / "run_autograder", root)
        yield root


@pytest.mark.sandbox
def test_it_runs_as_gradescope_runs_it(home: Path, course: Course, tmp_path: Path) -> None:
    """Without bubblewrap where this is root, as it is in most containers; else with it."""
    answers = {"double": CURIOUS.format(home=home), "norm": tiny.WRONG["norm"]}
    notebook = tiny.filled(course.notebook("release", tiny.NAME), answers)
    tiny.write_notebook(home / "submission" / "my work.ipynb", notebook)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("env", "bash"):
        (programs / name).symlink_to(str(shutil.which(name)))
    is_root = os.geteuid() == 0
    environment = {
        "PATH": str(programs) if is_root else os.environ["PATH"],
        "AUTOGRADER_HOME": str(home),
        "AUTOGRADER_PYTHON": sys.executable,
    }
    ended = subprocess.run(
        [home / "run_autograder"], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    content = valid(json.loads((home / "results" / "results.json").read_bytes()))
    assert content["score"] == 2.0, content
    assert content["extra_data"]["isolation"] == ("user" if is_root else "bwrap")
    assert {test["name"]: test["status"] for test in content["tests"]} == {
        "Double: doubles a matrix": "passed",
        "Double: leaves its argument as it was": "passed",
        "Norm: is the Euclidean norm": "failed",
    }
    text = json.dumps(content)
    assert "secret_" not in text
    assert (home / "source").stat().st_mode & 0o777 == 0o700
    assert (home / "results").stat().st_mode & 0o777 == 0o700


def test_the_zip_holds_one_assignment_s_tests_and_no_solution(course: Course) -> None:
    data = bundle(course, tiny.NAME, index="https://example.org/cpu whl")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        text = {name: archive.read(name).decode() for name in names}
    assert {"setup.sh", "run_autograder", "job.json"} <= set(names)  # at the root, not in a folder
    hidden = [name for name in names if "/hidden/" in name and "/shared/" not in name]
    assert hidden == ["autograder/hidden/__init__.py", "autograder/hidden/tiny.py"]
    for room in ("steps", "course", "cli", "exports", "cluster"):
        assert not any(name.startswith(f"autograder/{room}") for name in names)
    secrets = (course.settings.seed, "sum_of_the_squares", "twice_the_given_value")
    assert not [name for name in names for secret in secrets if secret in text[name]]
    assert "--extra-index-url 'https://example.org/cpu whl'" in text["setup.sh"]
    subprocess.run(["bash", "-n"], input=text["setup.sh"], text=True, check=True)
    assert bundle(course, tiny.NAME) == bundle(course, tiny.NAME)
    assert {line.partition("==")[0] for line in requirements()} >= {"torch", "msgspec", "nbformat"}


def test_the_modules_in_the_zip_are_all_that_judging_imports(course: Course) -> None:
    started = ("gradescope.harness", "judge.notebook", "checks", "inside.forkserver")
    wanted = Code(ROOT, ("autograder",)).files(*(f"autograder.{name}" for name in started))
    with zipfile.ZipFile(io.BytesIO(bundle(course, tiny.NAME))) as archive:
        missing = {str(name) for name in wanted} - set(archive.namelist())
    assert missing == set()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "Found here: none"),
        (["essay.pdf"], "Found here: none"),
        (["a.ipynb", "b.ipynb"], "Found here: a.ipynb, b.ipynb"),
        (["__MACOSX/tiny.ipynb", "._tiny.ipynb"], "Found here: none"),
    ],
)
def test_what_cannot_be_used_is_a_zero_that_says_why(
    home: Path, monkeypatch: pytest.MonkeyPatch, files: list[str], says: str
) -> None:
    monkeypatch.setattr(harness, "isolation", lambda: "bwrap")
    for name in files:
        path = home / "submission" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    harness.main(home)
    content = valid(json.loads((home / "results" / "results.json").read_bytes()))
    assert content["score"] == 0
    assert says in content["output"]
    assert [test["max_score"] for test in content["tests"]] == [1, 1, 3]


def test_a_fault_of_the_machine_is_no_mark(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AutograderError("no sandbox")

    monkeypatch.setattr(harness, "isolation", fail)
    with pytest.raises(AutograderError):
        harness.main(home)
    assert not list((home / "results").iterdir())


def test_without_root_and_without_bubblewrap_nothing_is_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(harness, "available", lambda: (False, "no bubblewrap"))
    monkeypatch.setattr(harness.os, "geteuid", lambda: 1000)
    with pytest.raises(AutograderError, match="cannot be kept from the hidden tests"):
        harness.isolation()


def test_results_of_what_was_graded_here_are_valid() -> None:
    part = PartResult("extra", 1.0, [CheckResult("c", "t", 1.0, 1.0)], optional=True)
    found = msgspec.structs.replace(
        verdict("ada", 3, "<b>off</b>"), measured={"score": 0.9, "seconds": 2.0}
    )
    found = msgspec.structs.replace(found, parts=[*found.parts, part], problems=["late"])
    content = valid(results(found, 2.5, 0.5))
    assert content["score"] == 2.5
    assert "Handing in late took off 0.5 points." in content["output"]
    assert content["tests"][-1]["max_score"] == 0
    assert {place["name"]: place["order"] for place in content["leaderboard"]} == {
        "score": "desc",
        "seconds": "asc",
    }
    assert "leaderboard" not in valid(results(Verdict("a", "b", "bwrap", 1, "f")))

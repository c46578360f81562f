"""The load benchmark: what is drawn, what is a fault, and a run of forty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from autograder.course.directory import Course
from benchmarks.load import BROKEN, SHARES, Load, Watch, drawn, main, ways_to_write
from samples.assignments import Assignment
from tests.autograder import conftest as shared
from tests.autograder import tiny

# The miniature course is set up as for the autograder's own tests.
project, released_course = shared.project, shared.released_course
course, submit = shared.course, shared.submit
LINE = r"load submissions=40 graded=40 per_minute=\d+ judge_mb=\d+ worker_mb=\d+"
ANSWERS: dict[str, dict[str, str]] = {
    "right": tiny.RIGHT,
    "wrong": tiny.WRONG_NORM,
    "blank": {},
    "broken": tiny.RIGHT | {"norm": "def norm(x:\n    return"},
    "hostile": tiny.RIGHT | {"norm": "import os\nos._exit(0)"},
}


@pytest.mark.sandbox
def test_a_run_of_forty(
    course: Course,
    submit: Callable[[str, dict[str, str]], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number, kind in enumerate(drawn(40, seed=1), 1):
        submit(f"{number:04d}-{kind}", ANSWERS[kind])
    assert main(["--course", str(course.root)]) == 0, capsys.readouterr().out
    shown = capsys.readouterr().out.splitlines()
    assert re.fullmatch(LINE, shown[-1])
    assert any(re.match(r" +\d+ graded", line) for line in shown)


def test_a_class_is_drawn_in_shares_and_the_same_again() -> None:
    assert drawn(1000, seed=3) == drawn(1000, seed=3) != drawn(1000, seed=4)
    assert Counter(drawn(1000, seed=3)) == {kind: 10 * share for kind, share in SHARES.items()}
    assert set(drawn(40, seed=1)) == set(SHARES)  # so that a small run has all of them


def test_every_kind_of_submission_is_written(tmp_path: Path) -> None:
    notebook = Assignment("01-rnn-limits").notebook
    ways = ways_to_write(notebook, notebook, tmp_path / "neighbour.ipynb")
    assert set(ways) == set(SHARES)
    for kind in ("right", "wrong", "blank"):
        ways[kind][0](tmp_path / f"{kind}.ipynb")
        nbformat.validate(nbformat.read(tmp_path / f"{kind}.ipynb", as_version=4))
    written = []
    for write in ways["broken"]:
        write(tmp_path / "broken.ipynb")
        written.append((tmp_path / "broken.ipynb").read_text())
    whole = (tmp_path / "right.ipynb").read_text()
    assert len({*written, whole}) == len(BROKEN) + 1


def load(**changes: object) -> Load:
    steady = [(done, 100.0) for done in range(11)]
    made = {"submissions": 10, "graded": 10, "less": [], "seconds": 2.0}
    return Load(**(made | {"watch": Watch(10, steady, steady)} | changes))  # type: ignore[arg-type]


def test_the_line_for_scripts() -> None:
    assert load().line() == (
        "load submissions=10 graded=10 per_minute=300 judge_mb=100 worker_mb=100"
    )
    assert load().faults() == []


def test_what_must_not_be_is_told() -> None:
    assert load(graded=9).faults() == ["1 have no mark in the gradebook"]
    assert load(less=["ada-right"]).faults() == ["ada-right is right and has less than full marks"]
    steady = [(done, 100.0) for done in range(11)]
    growing = [(done, 100.0 + 5 * done) for done in range(11)]
    (fault,) = load(watch=Watch(10, growing, steady)).faults()
    assert fault.startswith("the memory of the judge is not flat: 1.35")
    peak = [*steady[:9], (9, 900.0), *steady[9:]]  # one large submission near the end
    assert load(watch=Watch(10, steady, peak)).faults() == []


def test_nonsense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--submissions", "1"])
    assert ended.value.code == 2
    assert "at least 5" in capsys.readouterr().err

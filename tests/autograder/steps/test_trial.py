"""`autograder try`: what does not fit is named, with file and line of the author's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.line.limits import Limits
from autograder.line.local import LocalSpawner
from autograder.steps import trial
from autograder.steps.new import new
from tests.autograder.own import NAME

HIDDEN = f"assignments/{NAME}/hidden.py"


class Here(LocalSpawner):
    """In place of the sandbox: these submissions are ours."""

    def __init__(self, limits: Limits, *args: object, **kwargs: object) -> None:
        self.limits = limits

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


@pytest.fixture
def folder(course: Course, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new assignment without versions."""
    monkeypatch.setattr(trial, "Sandbox", Here)
    monkeypatch.setattr(trial, "isolation_level", lambda **_: "none")
    made = new(course, NAME)
    shutil.rmtree(made / "versions")
    return made


def change(path: Path, old: str, new_text: str) -> int:
    """Replace a text that is there once; return the line of it."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new_text))
    return text[: text.index(old)].count("\n") + 1


def test_without_versions_it_says_what_they_are_for(course: Course, folder: Path) -> None:
    tried = trial.try_assignment(course, NAME)
    assert tried.errors == []
    (note,) = tried.findings
    assert "no right or wrong version" in note.what
    reference, blank = tried.tried
    assert (reference.failed, len(blank.failed)) == (set(), 6)
    assert not course.notebook("release", NAME).exists()


def test_what_was_tried_can_be_handed_in(course: Course, folder: Path, tmp_path: Path) -> None:
    trial.keep(trial.try_assignment(course, NAME), tmp_path / "class")
    kept = {path.stem: path.read_text() for path in (tmp_path / "class").iterdir()}
    assert set(kept) == {"reference", "blank"}
    assert "torch.log2" in kept["reference"]
    assert "NotImplementedError" in kept["blank"]
    assert not any("run_in_kernel" in text or "HIDDEN" in text for text in kept.values())


@pytest.mark.parametrize(
    ("old", "new_text", "says"),
    [
        ("DOUBLE = torch.float64", "DOUBLE = (", "do not parse"),
        ("DOUBLE = torch.float64", "import nothing_here", "No module named 'nothing_here'"),
        ('points=1, title="one token"', 'title="one token"', "'points'"),
        ("def one_token(", "def goes_on(", "two checks are called 'goes_on'"),
        ('points=1, title="one token"', 'points=0, title="one token"', "is worth 0 points"),
        ('suite = Suite("moving-average", refuse=[])', "suite = None", "has no attribute 'check'"),
    ],
)
def test_a_suite_that_cannot_be_loaded(
    course: Course, folder: Path, old: str, new_text: str, says: str
) -> None:
    change(folder / "hidden.py", old, new_text)
    with pytest.raises(AutograderError, match=says) as told:
        trial.try_assignment(course, NAME)
    assert told.value.where.startswith(f"{HIDDEN}:")


def test_points_that_do_not_add_up(course: Course, folder: Path) -> None:
    change(folder / "hidden.py", 'points=1, title="one token"', 'points=2, title="one token"')
    with pytest.raises(AutograderError, match="offers 4 points, its hidden checks add up to 5"):
        trial.try_assignment(course, NAME)


def test_a_part_that_is_not_there(course: Course, folder: Path) -> None:
    hidden = folder / "hidden.py"
    first = '@suite.check("part-9", points=1, title="x")'
    hidden.write_text(f"{hidden.read_text()}\n\n{first}\ndef x(student, rng):\n    pass\n")
    line = hidden.read_text().splitlines().index(first)
    with pytest.raises(AutograderError, match="'x' is for the part 'part-9'") as told:
        trial.try_assignment(course, NAME)
    assert told.value.where == f"{HIDDEN}:{line + 1}"


@pytest.mark.parametrize(
    ("new_text", "says", "todo"),
    [
        ("found = student.half_life(decay) + 1 / 0", "ZeroDivisionError", "would read"),
        ("found = student.half_life(suite)", "a Suite cannot be sent", "Only None, numbers"),
        ("found = student.half_life(decay) + 1", "reference fails the check 'halves'", "wrong"),
        ("found = half_life(decay)", "the blank notebook passes the check 'halves'", "Let it ask"),
    ],
)
def test_a_check_that_is_wrong(
    course: Course, folder: Path, new_text: str, says: str, todo: str
) -> None:
    line = change(folder / "hidden.py", "found = student.half_life(decay)", new_text)
    found = trial.try_assignment(course, NAME).errors
    (error,) = [each for each in found if "half_life_gradient" not in each.what][:1]
    assert says in error.what
    assert todo in error.todo
    place, _, number = error.where.rpartition(":")
    assert place == HIDDEN
    assert abs(int(number) - line) <= 3  # the statement, the comparison below, or the check


def test_a_visible_test_that_the_reference_fails(course: Course, folder: Path) -> None:
    change(folder / f"{NAME}.md", "torch.tensor([1.0, 0.5])", "torch.tensor([1.0, 9.0])")
    (error,) = trial.try_assignment(course, NAME).errors
    assert "The test cell of “Part 1: how long it remembers” stops on reference" in error.what
    assert error.where.endswith(f"{NAME}.md, half-life-tests")


VERSION = '"""A version."""\n{head}\n# %% half-life\ndef half_life(decay):\n    return {formula}\n'
RIGHT, WRONG = "-1 / torch.log2(decay)", "-1 / torch.log(decay)"


@pytest.mark.parametrize(
    ("name", "head", "formula", "says"),
    [
        ("right_x", "", WRONG, "right_x fails the check 'halves'"),
        ("wrong_x", "", RIGHT, "wrong_x gets full marks"),
        ("wrong_x", "BREAKS = {'p': ['no_such']}", WRONG, "'no_such', and no check is called that"),
        ("wrong_x", "BREAKS = {'p': ['goes_on']}", WRONG, "passes the check 'goes_on', which"),
        ("wrong_x", "BREAKS = {'p': ['goes_on']}", WRONG, "fails the check 'halves' too"),
        ("wrong_x", "SAYS = {'halves': 'no such words'}", WRONG, "does not say 'no such words'"),
    ],
)
def test_a_version_that_is_not_what_it_says(
    course: Course, folder: Path, name: str, head: str, formula: str, says: str
) -> None:
    (folder / "versions").mkdir()
    (folder / "versions" / f"{name}.py").write_text(VERSION.format(head=head, formula=formula))
    tried = trial.try_assignment(course, NAME)
    assert any(says in error.what for error in tried.errors), tried.errors
    if name == "wrong_x":
        idle = [each.what for each in tried.findings if not each.is_error]
        assert "no wrong version fails the check 'begins_at_zero': can it fail?" in idle


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = (", "cannot be read"),
        ("x = 1", "needs a docstring"),
        ('"""A version."""\n# %% no-such-cell\nx = 1', "no solution cell 'no-such-cell'"),
    ],
)
def test_a_version_that_is_none(course: Course, folder: Path, text: str, says: str) -> None:
    (folder / "versions").mkdir()
    (folder / "versions" / "wrong_x.py").write_text(text)
    with pytest.raises(AutograderError, match=says) as told:
        trial.try_assignment(course, NAME)
    assert "versions" in told.value.where


def test_what_it_does_not_know(course: Course) -> None:
    with pytest.raises(AutograderError, match="no assignment 'nothing'"):
        trial.try_assignment(course, "nothing")

"""A watch runs what was saved, says what changed, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from autograder.errors import AutograderError
from autograder.student import watch as watching
from autograder.student.check import Outcome, Part
from autograder.student.watch import (
    PATIENCE,
    Checked,
    Event,
    Settled,
    Unchanged,
    Unusable,
    once,
    watch,
)
from tests.autograder import tiny
from tests.autograder.student.conftest import Make

Step = Callable[[], object]


class FakePython:
    """Stands for the other Python, and counts those that are alive."""

    alive = 0

    def __enter__(self) -> FakePython:
        FakePython.alive += 1
        return self

    def __exit__(self, *exc: object) -> None:
        FakePython.alive -= 1


@pytest.fixture
def without_python(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a part pass when its answer is not the stub; nothing is run."""

    def fake(path: Path, opened: tuple, python: FakePython, cell_s: float) -> Outcome:
        assert FakePython.alive >= 1
        answers = [c["source"] for c in opened[0]["cells"] if "def " in c["source"]]
        return Outcome([Part(str(n), "NotImpl" not in text) for n, text in enumerate(answers)])

    monkeypatch.setattr(watching, "Rehearsal", FakePython)
    monkeypatch.setattr(watching, "check_with", fake)
    yield
    assert FakePython.alive == 0


def events(target: Path, *steps: Step, count: int) -> list[Event]:
    """Return the first events of a watch, in which the steps happen one after the other.

    A step comes when nothing has happened for some looks, as a person waits for an answer.
    """
    waiting, quiet = list(steps), 0

    def sleep(seconds: float) -> None:
        nonlocal quiet
        quiet += 1
        if quiet % (2 * PATIENCE) == 0:
            waiting.pop(0)()

    running = watch(target, 5.0, sleep)
    found = [next(running)]
    while len(found) < count:
        event = next(running)
        if not isinstance(event, Settled):
            found.append(event)
    running.close()
    return found


def save(path: Path, answers: dict[str, str]) -> Step:
    def step() -> None:
        before = path.stat()
        tiny.write_notebook(path, tiny.filled(path, answers))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 10))

    return step


@pytest.mark.usefixtures("without_python")
def test_a_save_is_run_and_what_it_changed_is_known(notebook: Make) -> None:
    path = notebook({})
    first, second = events(path, save(path, tiny.RIGHT), count=2)
    assert isinstance(first, Checked)
    assert isinstance(second, Checked)
    assert first.before is None
    assert second.before == first.outcome
    assert [part.passed for part in second.outcome.parts] == [True, True]


@pytest.mark.usefixtures("without_python")
def test_a_save_without_other_code_is_not_run(notebook: Make) -> None:
    path = notebook({})

    def outputs_only() -> None:
        content = json.loads(path.read_text())
        content["cells"][0]["source"] = "# A title of my own"
        content["metadata"]["kernelspec"] = {"name": "other"}
        path.write_text(json.dumps(content))

    _, second = events(path, outputs_only, count=2)
    assert second == Unchanged(path)


@pytest.mark.usefixtures("without_python")
def test_half_a_notebook_is_waited_for_and_told_in_the_end(notebook: Make) -> None:
    path = notebook(tiny.RIGHT)
    whole = path.read_text()
    half = events(path, lambda: path.write_text(whole[:-9]), count=2)[1]
    assert isinstance(half, Unusable)
    assert "not JSON" in half.error.what
    path.write_text(whole)
    steps = (lambda: path.write_text(whole[:-9]), lambda: path.write_text(whole + " "))
    found = events(path, *steps, count=3)
    assert [type(event) for event in found] == [Checked, Unusable, Unchanged]


@pytest.mark.usefixtures("without_python")
def test_in_a_folder_only_what_was_saved_is_run(notebook: Make) -> None:
    one, two = notebook({}, name="one"), notebook({}, name="two")
    (one.parent / "own.ipynb").write_text('{"nbformat": 4, "cells": [{"cell_type": "raw"}]}')
    found = events(one.parent, save(two, tiny.RIGHT), count=3)
    assert [event.path for event in found] == [one, two, two]


@pytest.mark.usefixtures("without_python")
def test_a_notebook_of_no_assignment_is_told_when_it_was_named(tmp_path: Path) -> None:
    path = tmp_path / "own.ipynb"
    path.write_text('{"nbformat": 4, "cells": [{"cell_type": "raw", "source": ""}]}')
    (found,) = events(path, count=1)
    assert isinstance(found, Unusable)
    assert "not a notebook of a released assignment" in found.error.what


@pytest.mark.usefixtures("without_python")
def test_the_end_of_a_round_is_told_once(notebook: Make) -> None:
    one, two = notebook({}, name="one"), notebook({}, name="two")
    running = watch(one.parent, 5.0, lambda seconds: None)
    found = list(islice(running, 3))
    running.close()
    assert found[2] == Settled()
    assert [event.path for event in found[:2]] == [one, two]


@pytest.mark.usefixtures("without_python")
def test_a_folder_is_checked_once(notebook: Make) -> None:
    one, two = notebook({}, name="one"), notebook(tiny.RIGHT, name="two")
    assert [event.path for event in once(one.parent, 5.0)] == [one, two]
    empty = one.parent / "empty"
    empty.mkdir()
    with pytest.raises(AutograderError, match="no notebook of an assignment in this folder"):
        list(once(empty, 5.0))


def hear_ctrl_c() -> None:
    """Whoever is started in the background of a shell ignores it, and so do all it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_command_answers_a_save_and_ends_with_ctrl_c(notebook: Make) -> None:
    path = notebook({})
    command = [sys.executable, "-u", "-m", "autograder", "check", "--watch", path.name]
    with subprocess.Popen(
        command,
        cwd=path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    ) as process:
        assert process.stdout is not None

        def until(words: str) -> str:
            said = ""
            while words not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            return said

        until("0 of 2 parts pass")
        save(path, tiny.WRONG_NORM)()
        said = until("1 of 2 parts pass")
        assert "Now passes: Double" in said
        assert "Norm" in said
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (130, ""), rest

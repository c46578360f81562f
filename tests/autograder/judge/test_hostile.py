"""Every hostile submission through the real sandbox and judge: no mark, no leak, no process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import nbformat
import psutil
import pytest
from nbformat import NotebookNode

from autograder.checks import load_suite
from autograder.errors import Unreadable
from autograder.inside import wire
from autograder.judge.notebook import judge_notebook
from autograder.line.limits import Limits
from autograder.line.sandbox import Sandbox
from autograder.notebooks.assemble import assemble
from autograder.notebooks.marks import grade_id_of, is_solution
from autograder.notebooks.read import read_bytes, read_submission
from autograder.steps.autograded import graded_notebook
from autograder.verdict import Verdict
from benchmarks.leaks import hidden_lines, leaked, notebook_text
from samples.corpus import build_submission
from samples.hostile_notebooks import Attack, attacks
from samples.hostile_surgery import padded
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox

SUITE = load_suite("rnn_limits")
# Short: many attacks wait for ever, and every process that is lost costs one of these times.
LIMITS = Limits(cell_s=2.5, call_s=1.0, total_s=10.0, restarts=2)


@pytest.fixture(scope="module")
def source() -> NotebookNode:
    return assemble(ROOT / "exercises" / "01-rnn-limits.md", SUITE)


@pytest.fixture(scope="module")
def shown(source: NotebookNode) -> NotebookNode:
    """What students may see: everything but solutions and hidden regions."""
    blanks = {grade_id_of(cell): "..." for cell in source.cells if is_solution(cell)}
    return build_submission(source, blanks)


@pytest.fixture(scope="module")
def secrets(source: NotebookNode, shown: NotebookNode) -> set[str]:
    return hidden_lines(ROOT / "autograder" / "hidden", source, shown)


@pytest.fixture
def sandbox(warm_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(warm_sandbox, "limits", LIMITS)
    return warm_sandbox


@pytest.fixture(scope="module", autouse=True)
def honest_afterwards(warm_sandbox: Sandbox, source: NotebookNode) -> Iterator[None]:
    """When all attacks are over, an honest submission still gets what it deserves."""
    yield
    assert judged(source, build_submission(source, {}), warm_sandbox, Limits()).points == 20


def judged(
    source: NotebookNode, submission: NotebookNode, sandbox: Sandbox, limits: Limits
) -> Verdict:
    return judge_notebook(
        source,
        submission,
        SUITE,
        sandbox,
        student="mallory",
        assignment="01-rnn-limits",
        seed=1,
        fingerprint="",
        limits=limits,
    )


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
def test_attack(
    attack: Attack,
    source: NotebookNode,
    shown: NotebookNode,
    secrets: set[str],
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    neighbour, path = tmp_path / "neighbour.ipynb", tmp_path / "mallory.ipynb"
    (tmp_path / "source" / "a").mkdir(parents=True)
    for right in (neighbour, tmp_path / "source" / "a" / "a.ipynb"):
        nbformat.write(build_submission(source, {}), right)
    attack.write(shown, path, neighbour)
    before = _processes()
    submission = _read(path)
    if submission is None:  # refused before anything runs
        assert attack.deserves == {}
        return
    verdict = judged(source, submission, sandbox, LIMITS)
    assert {part.grade_id: part.points for part in verdict.parts if part.points} == {
        grade_id: points for grade_id, points in attack.deserves.items() if points
    }
    for part in verdict.parts:
        for check in part.checks:
            assert check.passed or check.message, f"{check.name}: a zero without a reason"
    page = notebook_text(nbformat.writes(graded_notebook(shown, submission, verdict)))
    wrote = "\n".join(cell.source for cell in submission.cells)
    assert leaked(secrets, wrote, [page, *texts(msgspec.to_builtins(verdict))]) == []
    assert _processes() == before, "the submission left a process behind"
    assert _still_works(sandbox), "the sandbox suffered"


def test_cells_of_ones_own_take_nothing_from_a_right_notebook(
    source: NotebookNode, sandbox: Sandbox
) -> None:
    submission = read_submission(nbformat.writes(padded(build_submission(source, {}))).encode())
    assert judged(source, submission, sandbox, Limits()).points == 20


def _still_works(sandbox: Sandbox) -> bool:
    process = sandbox.spawn()
    source = "import torch; print(torch.ones(2) @ torch.ones(2))"
    body, _ = process.request(wire.Exec("c", source), 20.0)
    process.kill()
    return body.stdout == "tensor(2.)\n"


def _read(path: Path) -> NotebookNode | None:
    try:
        return read_submission(read_bytes(path))
    except Unreadable:
        return None


def _processes() -> set[int]:
    """Return everything that runs below this process: the sandbox and whoever is in it."""
    return {child.pid for child in psutil.Process().children(recursive=True)}


def texts(value: object) -> Iterator[str]:
    """Every text in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)

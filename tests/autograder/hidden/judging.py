"""Judge a version of an assignment's answers in this process, and say what it lost."""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import re
import symtable
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from nbformat import NotebookNode

from autograder.checks import Suite
from autograder.inside import guard
from autograder.judge.notebook import judge_notebook
from autograder.line.base import Spawner
from autograder.line.local import LocalSpawner
from autograder.verdict import Verdict
from samples.assignments import Assignment
from samples.corpus import Version, build_submission

BLANK = "raise NotImplementedError()"
REGION = re.compile(r"### BEGIN SOLUTION.*?### END SOLUTION", re.DOTALL)
ASK_TORCH = ("rnn_limits",)  # suites that hold answers against torch's own layers
# Answers that other parts may be built on: what is wrong in them can be felt there.
STANDS_ON = {"rnn-layer-tests": "rnn-cell-tests", "lstm-layer-tests": "lstm-cell-tests"}


def told(assignment: Assignment) -> str:
    """What the released form tells: its text, and its code outside of solution regions."""
    cells = build_submission(assignment.notebook, {}).cells
    return REGION.sub("", "\n".join(cell.source for cell in cells))


def judged(
    assignment: Assignment,
    answers: dict[str, str],
    *,
    seed: int = 5,
    spawner: Spawner | None = None,
    narrow: tuple[NotebookNode, Suite] | None = None,
) -> Verdict:
    """The verdict on the reference's notebook with these answers in it."""
    notebook, suite = narrow or (assignment.notebook, assignment.suite)
    asks_torch = assignment.suite.name in ASK_TORCH
    with contextlib.nullcontext() if spawner or asks_torch else kernels_stay():
        return judge_notebook(
            notebook,
            build_submission(notebook, answers),
            suite,
            spawner or LocalSpawner(),
            student="ada",
            assignment=assignment.name,
            seed=seed,
            fingerprint="none",
        )


@contextlib.contextmanager
def kernels_stay() -> Iterator[None]:
    """Refuse torch's own kernels from the first request to the end, to the judge as well.

    To put them away and back for each request, as a process has to that judge and student share,
    takes up to a third of a judgement; tests/autograder/inside/test_guard.py sees that it is done.
    """
    replaced, libraries = guard.replaced, []

    @functools.cache
    def once(kernels: tuple[guard.Kernel, ...]) -> SimpleNamespace:
        libraries.append(replaced(kernels))
        return SimpleNamespace(reset=lambda: None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guard, "replaced", lambda kernels: once(tuple(kernels)))
        try:
            yield
        finally:
            for library in libraries:
                library.reset()


def narrowed(assignment: Assignment, version: Version) -> tuple[NotebookNode, Suite]:
    """The notebook and the suite without the checks of parts that a version cannot touch.

    Their answers are the reference's, their test cells are empty, and so is what only shows
    something: trains, prints, and makes nothing that is needed further down.
    """
    touched = {part for part, cells in assignment.answers.items() if cells & set(version.sections)}
    touched |= {part for part, below in STANDS_ON.items() if below in touched}
    small = copy.deepcopy(assignment.notebook)
    for cell in small.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade") and mark["grade_id"] not in touched:
            mark["points"], cell.source = 0, ""
    needed: set[str] = set()
    for cell in reversed(small.cells):
        if cell.cell_type != "code":
            continue
        made, found = names_in(cell.source)
        if "nbgrader" not in cell.metadata and not made & needed:
            cell.source = ""
        else:
            needed = needed - made | found
    whole = assignment.suite
    suite = Suite(whole.name, whole.refuse, whole.refuse_in)
    for check in assignment.suite.checks:
        if check.grade_id in touched:
            suite.check(check.grade_id, points=check.points, title=check.title)(check.function)
    return small, suite


@functools.cache
def names_in(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell makes, and those that it must find made."""
    made, found = set[str](), set[str]()
    for statement in ast.parse(source).body:
        top = symtable.symtable(ast.unparse(statement), "<cell>", "exec")
        found |= {each.get_name() for each in top.get_symbols() if each.is_referenced()} - made
        found |= {name for table in top.get_children() for name in globals_of(table)} - made
        made |= {each.get_name() for each in top.get_symbols() if each.is_assigned()}
        made |= {each.get_name() for each in top.get_symbols() if each.is_imported()}
    return made, found


def globals_of(table: symtable.SymbolTable) -> set[str]:
    """What a function or a class looks up outside of itself."""
    own = {each.get_name() for each in table.get_symbols() if each.is_global()}
    return own.union(*map(globals_of, table.get_children()))


def lost(verdict: Verdict) -> dict[str, dict[str, str]]:
    """The failed checks of each graded cell, with their messages."""
    found: dict[str, dict[str, str]] = {}
    for part in verdict.parts:
        for check in part.checks:
            if not check.passed:
                found.setdefault(part.grade_id, {})[check.name] = check.message
    return found

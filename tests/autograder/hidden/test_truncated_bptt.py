"""Assignment 4 in particular: what its text tells, and what is refused in which part."""

from __future__ import annotations

import pytest
import torch

from autograder.hidden.shared.refused import DIFFERENTIATION, ENGINE, RECURRENT
from autograder.hidden.truncated_bptt.suite import CELLS, KEPT, RTRL, TRACES, WINDOWS
from autograder.line.sandbox import Sandbox
from samples.assignments import Assignment
from tests.autograder.hidden.judging import judged, lost, told

ASSIGNMENT = Assignment("04-truncated-bptt")


def wrong(name: str) -> dict[str, str]:
    return next(version.sections for version in ASSIGNMENT.wrong if version.name == name)


def test_the_released_form_tells_what_the_checks_ask_for() -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = told(ASSIGNMENT)
    for name in (
        *("full_bptt", "windowed_bptt", "Learned", "named_parameters", "memory_cells", "truncated"),
        *("CellState", "trace_step", "trace_gradient", "Traces", "rtrl_step", "rtrl_gradient"),
        *("numbers_kept", '"full"', '"windows"', '"rtrl"', '"traces"', "ValueError"),
    ):
        assert name in shown


def test_there_are_five_parts_and_twenty_points() -> None:
    assert set(ASSIGNMENT.suite.grade_ids) == {WINDOWS, CELLS, TRACES, RTRL, KEPT}
    assert sum(map(ASSIGNMENT.suite.points, ASSIGNMENT.suite.grade_ids)) == 20


def test_differentiation_is_refused_where_the_part_is_about_doing_without() -> None:
    suite = ASSIGNMENT.suite
    for part in (WINDOWS, CELLS, KEPT):
        assert suite.refused(part) == RECURRENT
    for part in (TRACES, RTRL):
        assert set(DIFFERENTIATION) | set(RECURRENT) < set(suite.refused(part))


@pytest.mark.parametrize("name", ENGINE)
def test_below_differentiation_lies_what_torch_calls(name: str) -> None:
    """A private name of torch: when it goes, a kept `torch.autograd.grad` is refused no more."""
    owner, _, last = name.removeprefix("torch.").rpartition(".")
    thing = torch
    for part in owner.split("."):
        thing = getattr(thing, part)
    assert callable(getattr(thing, last))


def test_a_part_stands_without_the_answers_before_it() -> None:
    blank = dict.fromkeys(("windows", "memory-cells", "rtrl"), "raise NotImplementedError()")
    assert set(lost(judged(ASSIGNMENT, blank))) == {WINDOWS, CELLS, RTRL}


@pytest.mark.sandbox
@pytest.mark.parametrize("name", ["traces_by_a_helper_of_part_1", "windows_not_detached"])
def test_wrong_versions_get_the_same_marks_in_the_sandbox(name: str, warm_sandbox: Sandbox) -> None:
    here, there = (lost(judged(ASSIGNMENT, wrong(name), spawner=s)) for s in (None, warm_sandbox))
    assert here == there

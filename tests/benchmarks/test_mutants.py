"""Mutants: small changes inside solution regions, and what notices them."""

from __future__ import annotations

import ast

from benchmarks.mutants import Mutant, mutants
from benchmarks.survive import Reference
from samples.assignments import Assignment

CELL = """\
def area(width, height, sides=2):
    if width < 0:
        raise ValueError("no width")
    ### BEGIN SOLUTION
    total = width * height
    return total if sides == 2 else max(total, 0)
    ### END SOLUTION
"""


def test_only_solution_regions_change() -> None:
    found = list(mutants("area", CELL))
    assert found
    assert {mutant.line for mutant in found} == {5, 6}
    for mutant in found:
        assert ast.parse(mutant.source)
        assert mutant.source != ast.unparse(ast.parse(CELL))
    assert len({mutant.source for mutant in found}) == len(found)


def test_operators_numbers_comparisons_arguments_and_statements_change() -> None:
    changes = {mutant.change for mutant in mutants("area", CELL)}
    assert {
        "width * height -> width / height",
        "sides == 2 -> sides != 2",
        "2 -> 3",
        "max(total, 0) -> max(0, total)",
        "total = width * height -> nothing",
    } <= changes


def test_a_mutant_that_changes_something_is_killed_by_a_check_of_its_part() -> None:
    assignment = Assignment("01-rnn-limits")
    reference = Reference(assignment)
    found = [mutant for mutant in reference.mutants() if mutant.cell == "clip-gradients"]
    assert len(found) > 20
    scale = next(
        mutant for mutant in found if mutant.change == "max_norm / norm -> norm / max_norm"
    )
    assert reference.killed(scale) == "common_norm"
    known = assignment.equivalent
    same = next(mutant for mutant in found if f"{mutant.cell}: {mutant.change}" in known)
    assert reference.killed(same) == ""
    assert reference.killed(Mutant("clip-gradients", 1, "", "1 / 0")) == "the cell itself"

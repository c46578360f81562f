"""Copies in disguise stand above everything that independent answers share."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autograder.notebooks.marks import cells_of, is_code, source_of
from autograder.similarity.pairs import LEAST, Collection, Piece, Text
from benchmarks.disguise import copied
from samples.assignments import Assignment, assignments

# Right versions of the corpus share whole sections here and there; copies share more by far.
MARGIN = 1.3
SHORT = "def double(x):\n    return x + x"
ODD = """
def norm(x):
    total = torch.zeros((), dtype=x.dtype)
    for row in x.reshape(-1, 1).unbind(0):
        total = total + row[0] * row[0] - (row[0] if False else 0)
    return total.clamp(min=0).pow(0.5).reshape(())
"""


def text(owner: str, cells: Mapping[str, str], **more: bool) -> Text:
    return Text(owner, [Piece(name, name, source) for name, source in cells.items()], **more)


def owners(found: Collection, most: int = 50) -> list[tuple[str, str]]:
    return [(pair.texts[0].owner, pair.texts[1].owner) for pair in found.pairs(most)]


@pytest.mark.parametrize("assignment", assignments(), ids=lambda each: each.name)
def test_planted_copies_stand_above_independent_answers(assignment: Assignment) -> None:
    sources = [source_of(cell) for cell in cells_of(assignment.notebook) if is_code(cell)]
    given = text("ours", {str(place): source for place, source in enumerate(sources)})
    right = assignment.right
    planted = {f"copy of {each.name}": copied(each.sections) for each in right[:2]}
    class_ = [text(each.name, each.sections) for each in right]
    found = Collection([*class_, *(text(n, s) for n, s in planted.items())], [given])
    pairs = found.pairs(50)
    first = {tuple(sorted(text.owner for text in pair.texts)) for pair in pairs[: len(planted)]}
    assert first == {tuple(sorted((name, name.removeprefix("copy of ")))) for name in planted}
    others = max((pair.score for pair in pairs[len(planted) :]), default=0.0)
    assert pairs[len(planted) - 1].score > MARGIN * others


def test_code_that_moved_to_another_cell_is_found_where_it_was() -> None:
    ada = text("ada", {"one": SHORT, "two": ODD})
    eve = text("eve", {"one": f"{ODD}\n{SHORT}", "two": "from x import y"})
    (pair,) = Collection([ada, eve]).pairs(5)
    assert {share.part for share in pair.parts} == {"one", "two"}
    moved = next(share for share in pair.shares[0] if share.part == "two")
    assert moved.matched == moved.own
    assert pair.score > LEAST


def test_what_was_given_counts_for_nothing() -> None:
    people = [text(name, {"one": ODD}) for name in ("ada", "eve")]
    assert owners(Collection(people)) == [("ada", "eve")]
    assert owners(Collection(people, [text("given", {"any": f"import os\n{ODD}"})])) == []


def test_what_many_have_written_counts_for_nothing() -> None:
    assert len(owners(Collection([text(str(n), {"one": ODD}) for n in range(5)]))) == 10
    assert owners(Collection([text(str(n), {"one": ODD}) for n in range(6)])) == []


def test_a_short_answer_is_no_evidence() -> None:
    assert owners(Collection([text(name, {"one": SHORT}) for name in ("ada", "eve")])) == []


def test_earlier_years_are_compared_with_this_one_only() -> None:
    old = [text(f"old {n}", {"one": ODD}, is_earlier=True) for n in range(2)]
    found = Collection([text("ada", {"one": ODD}), *old])
    assert sorted(owners(found)) == [("ada", "old 0"), ("ada", "old 1")]


def test_written_answers_are_compared_word_by_word() -> None:
    words = "the error that flows back is multiplied by the same matrix at every step and so it"
    answers = [
        Text(owner, [Piece("why", "why", source, is_prose=True)])
        for owner, source in (("ada", words * 3), ("eve", f"**{(words * 3).upper()}**"))
    ]
    (pair,) = Collection(answers).pairs(5)
    assert pair.matched == pair.parts[0].own

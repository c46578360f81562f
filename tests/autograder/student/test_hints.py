"""Hints come one at a time, from the notebook's own text, for the part that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import AutograderError
from autograder.notebooks.hints import hints_in, meant, sections
from autograder.notebooks.regions import split_regions
from autograder.student.hints import hint
from samples.assignments import Assignment, assignments
from tests.autograder.student.conftest import Make

TEXT = """\
<details>
<summary>Hint 1: think   of two</summary>

Use `SCALE`.

</details>
<details><summary>Hint 2: nearly there</summary>

```python
x * SCALE
```

</details>
"""


def with_hints(cells: list[dict]) -> list[dict]:
    """Put two hints below the first answer, as an author would."""
    at = next(i for i, c in enumerate(cells) if c["metadata"].get("nbgrader", {}).get("solution"))
    told = {"id": "told", "cell_type": "markdown", "metadata": {}, "source": TEXT}
    return [*cells[: at + 1], told, *cells[at + 1 :]]


@pytest.fixture
def mine(notebook: Make) -> Path:
    return notebook({}, with_hints)


def test_each_call_shows_the_next_and_then_they_begin_anew(mine: Path, tmp_path: Path) -> None:
    memory = tmp_path / "home" / "autograder" / "hints.json"
    told = [hint(mine, "double", memory) for _ in range(3)]
    assert [(each.first, each.last) for each in told] == [(1, 1), (2, 2), (1, 1)]
    assert told[0].hints[0].title == "Hint 1: think of two"
    assert told[0].hints[0].topic == "think of two"
    assert "x * SCALE" in told[1].hints[0].text


def test_all_of_them_at_once_are_not_counted(mine: Path, tmp_path: Path) -> None:
    memory = tmp_path / "hints.json"
    assert len(hint(mine, "double", memory, everything=True).hints) == 2
    assert hint(mine, "double", memory).first == 1


@pytest.mark.parametrize("kept", ["not JSON", '{"tiny": {"double-tests": "two"}}', None])
def test_a_memory_that_is_of_no_use_is_no_error(mine: Path, tmp_path: Path, kept: object) -> None:
    memory = tmp_path / "hints.json"
    if kept is None:
        memory.mkdir()  # nothing can be written there
    else:
        memory.write_text(str(kept))
    assert hint(mine, "double", memory).first == 1


@pytest.mark.parametrize("said", ["double", "Double", "dou", "double-tests"])
def test_a_part_is_known_by_its_title_a_piece_of_it_and_its_cells(
    mine: Path, tmp_path: Path, said: str
) -> None:
    assert hint(mine, said, tmp_path / "m").part.title == "Double"


@pytest.mark.parametrize(
    ("said", "what", "todo"),
    [
        ("3", "there is no part '3'", "Parts: Double; Norm."),
        ("0", "there is no part '0'", "Parts: Double; Norm."),
        ("", "there is no part ''", "Parts: Double; Norm."),
        ("o", "several parts may be meant by 'o'", "Parts: Double; Norm."),
        ("norm", "“Norm” has no hints", "Parts with hints: Double."),
    ],
)
def test_other_words_get_the_list(
    mine: Path, tmp_path: Path, said: str, what: str, todo: str
) -> None:
    with pytest.raises(AutograderError) as caught:
        hint(mine, said, tmp_path / "m")
    assert (caught.value.what, caught.value.todo) == (what, todo)


def test_a_number_counts_parts_where_headings_do_not(mine: Path, tmp_path: Path) -> None:
    assert hint(mine, "1", tmp_path / "m").part.title == "Double"


def test_windows_line_ends_are_line_ends() -> None:
    (first, second) = hints_in(TEXT.replace("\n", "\r\n"))
    assert (first.text, second.topic) == ("Use `SCALE`.", "nearly there")


@pytest.mark.parametrize("assignment", assignments(), ids=lambda each: each.name)
def test_the_hints_of_every_assignment_are_found_and_tell_no_solution(
    assignment: Assignment,
) -> None:
    parts = sections(assignment.notebook)
    assert sum(len(part.hints) for part in parts) == assignment.path.read_text("utf-8").count(
        "<summary>Hint"
    )
    for number, part in enumerate(parts, 1):
        assert meant(parts, str(number)) == meant(parts, f"part {number}") == [part]
    secret = {
        line.strip()
        for cell in assignment.notebook.cells
        if cell.cell_type == "code"
        for line in split_regions(cell.source, "")[1]
    }
    for part in parts:
        for given in part.hints:
            told = {line.strip() for line in given.text.splitlines() if len(line.strip()) > 40}
            assert not told & secret, part.title

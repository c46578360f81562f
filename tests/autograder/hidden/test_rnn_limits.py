"""The hidden checks of assignment 1 against right and wrong versions of every part."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from nbformat import NotebookNode

import autograder.hidden
from autograder.checks import CheckFailure, Suite, load_suite
from autograder.hidden.rnn_limits.layer import LAYER
from autograder.judge.notebook import judge_notebook
from autograder.line.base import Spawner
from autograder.line.local import LocalSpawner
from autograder.line.sandbox import Sandbox
from autograder.notebooks.assemble import assemble
from autograder.suite.expect import expect
from autograder.verdict import Verdict
from samples.corpus import Version, build_submission, sections, versions
from solutions.rnn import RNNCell
from tests.conftest import ROOT

SUITE = load_suite("rnn_limits")
RIGHT = versions("rnn_limits", "right")
WRONG = versions("rnn_limits", "wrong")
BLANK = "raise NotImplementedError()"
NAMES = {check.name for check in SUITE.checks}


def named(version: Version) -> str:
    return version.name


@pytest.fixture(scope="module")
def notebook() -> NotebookNode:
    return assemble(ROOT / "exercises" / "01-rnn-limits.md", SUITE)


def judged(
    notebook: NotebookNode,
    suite: Suite,
    answers: dict[str, str],
    spawner: Spawner | None = None,
    seed: int = 5,
) -> Verdict:
    return judge_notebook(
        notebook,
        build_submission(notebook, answers),
        suite,
        spawner or LocalSpawner(),
        student="ada",
        assignment="01-rnn-limits",
        seed=seed,
        fingerprint="none",
    )


def narrowed(notebook: NotebookNode, version: Version) -> tuple[NotebookNode, Suite]:
    """The notebook and the suite without the parts that a version cannot touch.

    Of all parts only the layer stands on another one; the rest is the reference's.
    """
    touched = {f"{cell}-tests" for cell in version.sections}
    touched |= {"rnn-layer-tests"} if "rnn-cell-tests" in touched else set()
    small = copy.deepcopy(notebook)
    small.cells = [
        cell
        for cell in small.cells
        if not (mark := cell.metadata.get("nbgrader", {})).get("grade")
        or mark["grade_id"] in touched
    ]
    suite = Suite(SUITE.name, SUITE.refuse)
    for check in SUITE.checks:
        if check.grade_id in touched:
            suite.check(check.grade_id, points=check.points, title=check.title)(check.function)
    return small, suite


def lost(verdict: Verdict) -> dict[str, dict[str, str]]:
    """Return the failed checks of each graded cell, with their messages."""
    found: dict[str, dict[str, str]] = {}
    for part in verdict.parts:
        for check in part.checks:
            if not check.passed:
                found.setdefault(part.grade_id, {})[check.name] = check.message
    return found


# --- the exercise and its suite ---------------------------------------------------------------


def test_points_are_those_of_the_exercise(notebook: NotebookNode) -> None:
    marks = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    offered = {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade")}
    assert offered == {grade_id: SUITE.points(grade_id) for grade_id in SUITE.grade_ids}
    assert sum(offered.values()) == 20


def test_the_text_says_the_same_points(repository: Path) -> None:
    text = (repository / "exercises" / "01-rnn-limits.md").read_text(encoding="utf-8")
    table = [int(n) for n in re.findall(r"^\| \d \| .* \| (\d+) \| \d+ min", text, re.MULTILINE)]
    parts = [int(n) for n in re.findall(r"^\*(\d+) points, \d+ minutes", text, re.MULTILINE)]
    cells = [int(n) for n in re.findall(r"-tests, points: (\d+)}", text)]
    assert len(table) == 5
    assert table == parts == cells


def test_every_part_has_several_checks_with_a_title() -> None:
    for grade_id in SUITE.grade_ids:
        assert len(SUITE.checks_for(grade_id)) >= 3
    assert all(check.title and check.points in (0.5, 1) for check in SUITE.checks)


def test_the_released_form_tells_what_the_checks_ask_for(notebook: NotebookNode) -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = "\n".join(cell.source for cell in build_submission(notebook, {}).cells)
    shown = re.sub(r"### BEGIN SOLUTION.*?### END SOLUTION", "", shown, flags=re.DOTALL)
    for name in (
        *("weight_ih", "weight_hh", "bias", "nonlinearity", "initial_state", "RNNState"),
        *("BPTTGradients", "grad_h", "jacobian_norms", "clip_gradients", "max_norm", "ValueError"),
    ):
        assert name in shown


# --- right versions ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_reference_gets_full_marks(notebook: NotebookNode, seed: int) -> None:
    verdict = judged(notebook, SUITE, {}, seed=seed)
    assert lost(verdict) == {}
    assert verdict.points == 20
    assert [cell.status for cell in verdict.cells] == ["ok"] * len(verdict.cells)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("version", RIGHT, ids=named)
def test_right_versions_get_full_marks(notebook: NotebookNode, version: Version, seed: int) -> None:
    assert set(version.sections) == {
        *("rnn-cell", "rnn-layer", "bptt", "jacobian-norms", "clip-gradients")
    }
    verdict = judged(notebook, SUITE, version.sections, seed=seed)
    assert lost(verdict) == {}
    assert verdict.problems == []
    # Visible tests pass as well: what a student sees agrees with the mark.
    assert [(cell.cell_id, cell.error) for cell in verdict.cells if cell.status != "ok"] == []


@pytest.mark.parametrize("part", ["rnn-layer", "bptt"])
@pytest.mark.parametrize("version", RIGHT, ids=named)
def test_right_parts_mix_with_those_of_others(
    notebook: NotebookNode, version: Version, part: str
) -> None:
    answers = {part: version.sections[part]}
    # parts that use helpers and imports of the same version
    if version.name in ("functional", "hoisted", "with_the_rest_of_torch"):
        answers["rnn-cell"] = version.sections["rnn-cell"]
    assert lost(judged(notebook, SUITE, answers)) == {}


# --- wrong versions ---------------------------------------------------------------------------


def test_the_corpus_is_large_and_breaks_every_check() -> None:
    assert len(RIGHT) >= 6
    for part in ("cell", "layer", "bptt", "norms", "clip"):
        assert sum(version.name.startswith(part) for version in WRONG) >= 8
    assert all(version.says for version in WRONG)
    assert {name for version in WRONG for names in version.breaks.values() for name in names} == (
        NAMES
    )


@pytest.fixture(scope="module")
def hidden_lines() -> set[str]:
    """The lines of the hidden tests that are long enough to give something away."""
    paths = Path(autograder.hidden.__file__).parent.rglob("*.py")
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return {line.strip() for line in lines if len(line.strip()) > 12}


def check_message(message: str, hidden_lines: set[str]) -> None:
    """A message says something, gives away no value to copy and no line of the tests."""
    assert message.strip()
    assert len(message) < 500
    assert not hidden_lines & {line.strip() for line in message.splitlines()}
    for forbidden in ("tensor(", "Traceback", "could not be examined"):
        assert forbidden not in message
    # The size of the error and its place, nothing more.
    assert len(re.findall(r"\d\.\d{3,}", message)) <= 1


@pytest.mark.parametrize("version", WRONG, ids=named)
def test_wrong_versions_fail_their_checks_and_nothing_else(
    notebook: NotebookNode, version: Version, hidden_lines: set[str]
) -> None:
    failed = lost(judged(*narrowed(notebook, version), version.sections))
    assert {part: list(messages) for part, messages in failed.items()} == version.breaks
    messages = {name: text for part in failed.values() for name, text in part.items()}
    for check, words in version.says.items():
        assert words in messages[check]
    for message in messages.values():
        check_message(message, hidden_lines)


READY_MADE = {"bptt_by_backward", "clip_ready_made", "layer_ready_made"}
GRAVE = {"layer_mixes_the_batch", "layer_noise", "layer_reads_batch_as_time"}


@pytest.mark.parametrize("version", WRONG, ids=named)
def test_a_bug_costs_points_once(version: Version) -> None:
    """In one part, and there not everything: but what is refused, or wrong about every call."""
    assert len(version.breaks) == 1
    for part, checks in version.breaks.items():
        cost = sum(check.points for check in SUITE.checks if check.name in checks)
        share = cost / SUITE.points(part)
        if version.name in READY_MADE:
            assert share == 1
        elif version.name not in GRAVE:
            assert share <= 5 / 6


WRAPPINGS = {
    *("bptt_list", "bptt_plain_tuple", "bptt_fields_exchanged", "bptt_float32"),
    *("norms_list", "norms_float32", "norms_always_double"),
    *("clip_tuple", "clip_float_norm", "clip_float32"),
    *("cell_weight_of_other_shape", "cell_bias_is_a_row"),
    *("layer_time_first", "layer_plain_state"),
}


def test_a_wrong_wrapping_costs_one_check() -> None:
    found = [version for version in WRONG if version.name in WRAPPINGS]
    assert len(found) == len(WRAPPINGS)
    for version in found:
        assert [len(checks) for checks in version.breaks.values()] == [1]


# --- nothing for nothing ----------------------------------------------------------------------


def test_blank_answers_get_nothing_and_are_told_so(notebook: NotebookNode) -> None:
    released = {
        cell.metadata.nbgrader.grade_id: re.sub(
            r"### BEGIN SOLUTION.*?### END SOLUTION", BLANK, cell.source, flags=re.DOTALL
        )
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    assert all(BLANK in source for source in released.values())
    verdict = judged(notebook, SUITE, released)
    assert verdict.points == 0
    for messages in lost(verdict).values():
        assert all("not filled in yet" in message for message in messages.values())


def test_plausible_shapes_with_wrong_numbers_get_nothing(
    notebook: NotebookNode, repository: Path
) -> None:
    decoy = repository / "samples" / "decoy.py"
    verdict = judged(notebook, SUITE, sections(decoy.read_text(encoding="utf-8")))
    assert verdict.points == 0


@pytest.mark.parametrize("value", ["None", "3", "'text'", "(1, 2)", "[]", "{}", "object()"])
def test_answers_of_any_other_kind_are_failures_with_a_reason(
    notebook: NotebookNode, value: str
) -> None:
    constant = f"def NAME(*args, **kwargs):\n    return {value}"
    names = ("RNNCell", "RNN", "bptt", "jacobian_norms", "clip_gradients")
    cells = ("rnn-cell", "rnn-layer", "bptt", "jacobian-norms", "clip-gradients")
    answers = {
        cell: constant.replace("NAME", name) for cell, name in zip(cells, names, strict=True)
    }
    verdict = judged(notebook, SUITE, answers)
    assert verdict.points == 0
    assert all(check.message for part in verdict.parts for check in part.checks)


CELL_BUGS = [version for version in WRONG if version.name.startswith("cell_")]


def test_a_layer_that_is_wrong_by_itself_is_told_so_over_a_wrong_cell(
    notebook: NotebookNode,
) -> None:
    by_name = {version.name: version for version in WRONG}
    both = by_name["cell_sigmoid"].sections | by_name["layer_late"].sections
    failed = lost(judged(notebook, SUITE, both))
    assert set(failed) == {"rnn-cell-tests", "rnn-layer-tests"}
    assert "one step late" in failed["rnn-layer-tests"]["whole_sequence"]


def test_a_layer_stands_without_any_cell(notebook: NotebookNode) -> None:
    blank = "class RNNCell(nn.Module):\n    def __init__(self, *args):\n        " + BLANK
    failed = lost(judged(notebook, SUITE, {"rnn-cell": blank}))
    assert set(failed) == {"rnn-cell-tests"}
    assert len(failed["rnn-cell-tests"]) == len(SUITE.checks_for("rnn-cell-tests"))


def test_a_layer_that_needs_more_of_its_own_cell_is_told_to_begin_there(
    notebook: NotebookNode,
) -> None:
    hoisted = next(version for version in RIGHT if version.name == "hoisted").sections
    wrong = hoisted["rnn-cell"].replace("+ self.bias", "- self.bias")
    failed = lost(judged(notebook, SUITE, hoisted | {"rnn-cell": wrong}))
    assert "put part 1 right first" in failed["rnn-layer-tests"]["one_step"]


def test_the_cell_that_is_lent_does_not_say_how_to_write_the_cell() -> None:
    namespace: dict[str, Any] = {}
    exec(LAYER.lent.source, namespace)
    lent, right = namespace["RNNCell"](3, 5), RNNCell(3, 5)
    lent.load_state_dict(right.state_dict())
    x, h = torch.randn(4, 3), torch.randn(4, 5)
    assert not torch.allclose(lent(x, h), right(x, h), atol=0.1)
    assert not re.search(r"@|matmul|\.linear\(|Linear|einsum|\.T\b", LAYER.lent.source)


def test_a_failure_is_an_assertion_with_words() -> None:
    with pytest.raises(CheckFailure, match="words"):
        expect(False, "words")


# --- through the real sandbox -----------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as opened:
        yield opened


@pytest.mark.sandbox
class TestInTheSandbox:
    @pytest.mark.parametrize("version", RIGHT[:2], ids=named)
    def test_right_versions(
        self, notebook: NotebookNode, sandbox: Sandbox, version: Version
    ) -> None:
        verdict = judged(notebook, SUITE, version.sections, sandbox)
        assert verdict.isolation == "bwrap"
        assert lost(verdict) == {}

    @pytest.mark.parametrize(
        "name", ["cell_transposed_u", "layer_step_in_place", "bptt_by_backward", "clip_ready_made"]
    )
    def test_wrong_versions_get_the_same_marks_and_messages(
        self, notebook: NotebookNode, sandbox: Sandbox, name: str
    ) -> None:
        version = next(version for version in WRONG if version.name == name)
        assert lost(judged(notebook, SUITE, version.sections, sandbox)) == lost(
            judged(notebook, SUITE, version.sections)
        )

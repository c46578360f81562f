"""The hidden checks of assignment 1 against right and wrong versions of every part."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import NotebookNode

import autograder.hidden
from autograder.checks import CheckFailure, load_suite
from autograder.judge.notebook import judge_notebook
from autograder.line.base import Spawner
from autograder.line.local import LocalSpawner
from autograder.line.sandbox import Sandbox
from autograder.notebooks.assemble import assemble
from autograder.suite.expect import expect
from autograder.verdict import Verdict
from samples.corpus import Version, build_submission, sections, versions
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
    notebook: NotebookNode, answers: dict[str, str], spawner: Spawner | None = None, seed: int = 5
) -> Verdict:
    return judge_notebook(
        notebook,
        build_submission(notebook, answers),
        SUITE,
        spawner or LocalSpawner(),
        student="ada",
        assignment="01-rnn-limits",
        seed=seed,
        fingerprint="none",
    )


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
    verdict = judged(notebook, {}, seed=seed)
    assert lost(verdict) == {}
    assert verdict.points == 20
    assert [cell.status for cell in verdict.cells] == ["ok"] * len(verdict.cells)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("version", RIGHT, ids=named)
def test_right_versions_get_full_marks(notebook: NotebookNode, version: Version, seed: int) -> None:
    assert set(version.sections) == {
        *("rnn-cell", "rnn-layer", "bptt", "jacobian-norms", "clip-gradients")
    }
    verdict = judged(notebook, version.sections, seed=seed)
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
    if version.name in ("functional", "hoisted"):  # parts that use helpers of the same version
        answers["rnn-cell"] = version.sections["rnn-cell"]
    assert lost(judged(notebook, answers)) == {}


# --- wrong versions ---------------------------------------------------------------------------


def test_the_corpus_is_large_and_breaks_every_check() -> None:
    assert len(RIGHT) >= 4
    assert len(WRONG) >= 12
    assert {version.name for version in WRONG} == set(NAMED)
    assert {name for version in WRONG for names in version.breaks.values() for name in names} == (
        NAMES
    )


# The bug that a version's main message must name.
NAMED = {
    "cell_transposed_u": ("hidden_weight", "U looks transposed"),
    "cell_without_bias": ("bias", "not added"),
    "cell_bias_twice": ("bias", "added twice"),
    "cell_ignores_state": ("hidden_weight", "old state has no effect"),
    "cell_always_tanh": ("nonlinearities", "This is tanh"),
    "cell_without_nonlinearity": ("input_weight", "nonlinearity is missing"),
    "cell_data": ("cell_gradients", "weight_hh"),
    "cell_normal_start": ("starting_values", "normal instead of uniform"),
    "cell_zero_bias": ("starting_values", "starts as zeros"),
    "cell_weight_of_other_shape": ("parameters", "(3, 5)"),
    "layer_ignores_state": ("start_state", "is ignored"),
    "layer_returns_first_state": ("chunks", "the state that came in"),
    "layer_detached": ("layer_gradients", "detached"),
    "layer_time_first": ("whole_sequence", "dim=1"),
    "layer_float32_start": ("initial_state", "float64"),
    "layer_forgets": ("whole_sequence", "state is not handed on"),
    "layer_late": ("whole_sequence", "one step late"),
    "layer_step_keeps_state": ("one_step", "still the old state"),
    "layer_step_in_place": ("one_step", "changed a tensor it was given"),
    "layer_squeezed": ("layer_edges", "axis squeezed"),
    "layer_drops_nonlinearity": ("layer_edges", "nonlinearity"),
    "layer_backwards": ("whole_sequence", "read from its end"),
    "layer_ready_made": ("whole_sequence", "ready made"),
    "bptt_without_slope": ("last_step", "1 - h^2 is missing"),
    "bptt_slope_of_the_state_before": ("back_in_time", "wrong step"),
    "bptt_slope_twice": ("last_step", "already the output of tanh"),
    "bptt_transposed": ("back_in_time", "U looks transposed"),
    "bptt_without_time": ("back_in_time", "does not include what comes back from step t + 1"),
    "bptt_only_last_loss": ("loss_at_every_step", "Only the loss at the last step"),
    "bptt_carries_the_error": ("back_in_time", "the slope comes before U"),
    "bptt_state_after": ("recurrent_weight", "U was multiplied with h(t-1)"),
    "bptt_zero_start": ("recurrent_weight", "h0 is left out"),
    "bptt_batch_mean": ("sums", "averaged, not summed"),
    "bptt_last_bias": ("sums", "Only the first step counts"),
    "bptt_first_state_without_u": ("first_state", "one more U^T is missing"),
    "bptt_no_first_state": ("first_state", "It is zero"),
    "bptt_in_place": ("bptt_edges", "changed a tensor it was given"),
    "bptt_transposed_outer": ("recurrent_weight", "looks transposed"),
    "bptt_plain_tuple": ("last_step", "BPTTGradients"),
    "bptt_by_backward": ("back_in_time", "torch.autograd.backward is ready made"),
    "norms_frobenius": ("lag_zero", "Frobenius"),
    "norms_wrong_order": ("product", "wrong order"),
    "norms_columns": ("lag_one", "columns of U"),
    "norms_without_slope": ("lag_one", "1 - h^2 is missing"),
    "norms_from_the_start": ("lag_one", "taken at h(1)"),
    "norms_step_early": ("lag_one", "taken at h(T-1)"),
    "norms_no_identity": ("lag_zero", "start from the identity"),
    "norms_always_double": ("norm_edges", "dtype float64, expected float32"),
    "norms_of_two_states": ("norm_edges", "AssertionError"),
    "norms_product_of_norms": ("product", "product of the norms"),
    "norms_spectral_radius": ("lag_one", "largest eigenvalue"),
    "clip_each_tensor": ("common_norm", "by its own norm"),
    "clip_scales_up": ("short_gradients", "scaled up"),
    "clip_in_place": ("kept_arguments", "changed a tensor it was given"),
    "clip_zero_over_zero": ("no_direction", "must not be divided by"),
    "clip_accepts_anything": ("no_direction", "should raise ValueError"),
    "clip_norm_after": ("returned_norm", "norm after clipping"),
    "clip_by_value": ("common_norm", "one by one"),
    "clip_squared_norm": ("returned_norm", "squared norm"),
    "clip_ready_made": ("common_norm", "ready made"),
}


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
def test_wrong_versions_fail_their_check_and_nothing_else(
    notebook: NotebookNode, version: Version, hidden_lines: set[str]
) -> None:
    check, words = NAMED[version.name]
    failed = lost(judged(notebook, version.sections))
    # The layer is made of the student's own cell: a wrong cell makes a wrong layer.
    may_fail = {"rnn-layer-tests"} if "rnn-cell-tests" in version.breaks else set()
    assert set(failed) - may_fail == set(version.breaks) - may_fail, f"lost: {failed}"
    for grade_id, names in version.breaks.items():
        assert set(names) <= set(failed[grade_id]), failed[grade_id]
    messages = {name: text for part in failed.values() for name, text in part.items()}
    assert words in messages[check]
    for message in messages.values():
        check_message(message, hidden_lines)


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
    verdict = judged(notebook, released)
    assert verdict.points == 0
    for messages in lost(verdict).values():
        assert all("not filled in yet" in message for message in messages.values())


def test_plausible_shapes_with_wrong_numbers_get_nothing(
    notebook: NotebookNode, repository: Path
) -> None:
    decoy = repository / "samples" / "decoy.py"
    verdict = judged(notebook, sections(decoy.read_text(encoding="utf-8")))
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
    verdict = judged(notebook, answers)
    assert verdict.points == 0
    assert all(check.message for part in verdict.parts for check in part.checks)


def test_a_wrong_cell_is_named_as_the_cause_of_a_wrong_layer(notebook: NotebookNode) -> None:
    by_name = {version.name: version for version in WRONG}
    failed = lost(judged(notebook, by_name["cell_transposed_u"].sections))
    assert set(failed) == {"rnn-cell-tests", "rnn-layer-tests"}
    assert "put part 1 right first" in failed["rnn-layer-tests"]["whole_sequence"]


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
        verdict = judged(notebook, version.sections, sandbox)
        assert verdict.isolation == "bwrap"
        assert lost(verdict) == {}

    @pytest.mark.parametrize(
        "name", ["cell_transposed_u", "layer_step_in_place", "bptt_by_backward", "clip_ready_made"]
    )
    def test_wrong_versions_get_the_same_marks_and_messages(
        self, notebook: NotebookNode, sandbox: Sandbox, name: str
    ) -> None:
        version = next(version for version in WRONG if version.name == name)
        assert lost(judged(notebook, version.sections, sandbox)) == lost(
            judged(notebook, version.sections)
        )

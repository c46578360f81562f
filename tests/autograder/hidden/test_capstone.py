"""Assignment 8 in particular: who holds what, what the rungs are, and attacks that gain nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
import torch

from autograder.checks import CheckFailure, Student
from autograder.hidden.capstone.entry import (
    FULL,
    PARAMETERS,
    SHORT,
    Grading,
    entry_of,
    grading,
)
from autograder.hidden.capstone.forms import as_state
from autograder.hidden.capstone.marks import rungs
from autograder.hidden.capstone.references import SCORES
from autograder.inside import wire
from autograder.inside.runtime import Runtime
from autograder.line.limits import Limits
from autograder.line.local import LocalTransport
from autograder.line.sandbox import Sandbox
from autograder.recipes.exam import share_right, streamed, unknown_words
from autograder.recipes.training import FEATURES, Trained, train
from autograder.suite.desk import Desk
from autograder.verdict import Verdict
from benchmarks.rungs import student_of, student_of_answers
from samples.assignments import Assignment
from samples.corpus import HERE, build_submission, read_version
from tests.autograder.hidden.judging import judged, lost

ASSIGNMENT = Assignment("08-capstone")
ATTACKS = HERE / "capstone" / "attacks"


def attack(name: str) -> dict[str, str]:
    return read_version(ATTACKS / f"{name}.py").sections


def score_of(verdict: Verdict) -> float:
    return verdict.measured["score"]


# --- the rungs --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [FULL, SHORT], ids=["full", "short"])
def test_rungs_rise_and_stand_where_the_references_are(how: Grading) -> None:
    grading.set(how)
    asked = list(rungs().values())
    assert asked == sorted(asked)
    scores = SCORES[how.recipe]
    at = rungs()
    assert max(scores["weak"]) < at["more than weak"] < at["good"] <= min(scores["good"])
    assert at["good"] < at["a third"] < at["two thirds"] < at["strong"] <= min(scores["strong"])
    assert max(scores["good"]) < at["strong"]
    assert min(scores["weak"]) > at["anything"]


def test_the_rungs_between_are_thirds_in_factors_of_mistakes() -> None:
    grading.set(FULL)
    names = ("good", "a third", "two thirds", "strong")
    mistakes = [1 - rungs()[name] for name in names]
    factors = [low / high for low, high in pairwise(mistakes)]
    assert factors == pytest.approx([factors[0]] * 3)
    assert factors[0] == pytest.approx(5 / 3, rel=0.1)  # "three mistakes of five", says the text


def test_the_text_says_what_the_entries_score_and_what_the_rungs_ask() -> None:
    grading.set(FULL)
    text = ASSIGNMENT.path.read_text(encoding="utf-8")
    found = dict(re.findall(r"^\| (weak|good|strong) \|.*\| (\d.*) \|$", text, re.MULTILINE))
    scores = SCORES[FULL.recipe]
    assert found == {
        name: f"{100 * mean(values):.1f} ± {100 * stdev(values):.1f}"
        for name, values in scores.items()
    }
    asked = [float(each) for each in re.findall(r"^\|.*\| ([\d.]+) % \|$", text, re.MULTILINE)]
    assert asked == [round(100 * each, 1) for name, each in rungs().items() if name != "anything"]
    # "About 24 in a hundred", says the answer to what is right with no memory at all.
    assert f"About {100 * mean(scores['weak']):.0f} in a hundred" in text


@pytest.mark.sandbox
def test_the_real_recipe_in_the_sandbox(warm_sandbox: Sandbox) -> None:
    """The only training at full length here; the strong entry, with the assignment's own limits."""
    grading.set(FULL)
    own = ASSIGNMENT.notebook.metadata["autograder"]["limits"]
    whole = {name: type(getattr(Limits, name))(value) for name, value in own.items()}
    limits = replace(Limits(), **whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm_sandbox, "limits", limits)
        verdict = judged(ASSIGNMENT, {}, spawner=warm_sandbox)
    assert lost(verdict) == {}
    scores = SCORES[FULL.recipe]["strong"]
    assert abs(score_of(verdict) - mean(scores)) < 0.03
    assert 0 < verdict.measured["score_error"] < 0.03
    assert 1 < verdict.measured["seconds"] < FULL.seconds / 2  # a generous margin
    assert verdict.measured["parameters"] <= PARAMETERS


# --- the form of a state ---------------------------------------------------------------------


h, count = torch.arange(6.0).view(3, 2), torch.tensor(4)
FORMS = {
    "bare": h,
    "nested": (h, (h + 1, h + 2)),
    "list": [h, h + 1],
    "number": (h, 4),
    "no batch": (h, count),
}


@pytest.mark.parametrize("given", FORMS.values(), ids=FORMS)
def test_a_state_of_another_form_is_cut_and_handed_back_in_that_form(given: Any) -> None:
    state = as_state(given, 3)
    assert state is not None
    assert not state.is_flat
    assert all(len(part) == 3 for part in state.parts)
    cut, wanted = repr(state.only(slice(1, 2)).given), repr(given)
    for row in (h, h + 1, h + 2):
        wanted = wanted.replace(repr(row), repr(row[1:2]))
    assert " ".join(cut.split()) == " ".join(wanted.split())


def test_a_flat_state_is_flat_and_what_is_none_is_refused() -> None:
    state = as_state((h, h + 1), 3)
    assert state is not None
    assert state.is_flat
    assert [as_state(given, 3) for given in ({"h": h}, (h, "two"), None, (h, None))] == [None] * 4


# --- who holds what ---------------------------------------------------------------------------


class Overheard(LocalTransport):
    """A line that notes what goes to the student's side while an entry is trained and examined."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.bodies: list[wire.AnyBody] = []

    def request(self, body, timeout, **more):  # type: ignore[no-untyped-def]
        self.bodies.append(body)
        return super().request(body, timeout, **more)


@pytest.fixture
def overheard() -> Overheard:
    line = Overheard(Runtime())
    for cell in build_submission(ASSIGNMENT.notebook, {}).cells:
        if cell.cell_type == "code" and "demonstration" not in cell.metadata.get("tags", []):
            line.request(wire.Exec(cell.id, cell.source), 60.0)
    return line


def test_no_letter_and_no_label_crosses_the_line(overheard: Overheard) -> None:
    """Tensors that cross are of floats: letters and sounds are numbers of their own kind."""
    overheard.bodies.clear()
    entry_of(Student(overheard, desk=Desk(1)))
    kinds = {type(body).__name__ for body in overheard.bodies}
    assert kinds <= {
        *(
            "Seed",
            "Get",
            "Call",
            "Attr",
            "Vjp",
            "Commit",
            "StateDict",
            "LoadStateDict",
            "Grads",
            "ZeroGrad",
        )
    }
    sent = repr(overheard.bodies)
    assert set(re.findall(r"TensorV\(dtype='(\w+)'", sent)) == {"float32"}
    # Nor does the number of the step, of the tongue, or of the word.
    numbers = {
        argument
        for body in overheard.bodies
        if isinstance(body, wire.Call)
        for argument in body.args
        if isinstance(argument, int)
    }
    assert numbers <= {FEATURES, SHORT.recipe.exam, 5}


def test_the_exam_is_held_in_a_process_that_has_not_trained(overheard: Overheard) -> None:
    fresh: list[Overheard] = []

    def renew() -> LocalTransport:
        line = Overheard(Runtime())
        for body in [b for b in overheard.bodies if isinstance(b, wire.Exec)]:
            line.request(body, 60.0)
        line.bodies.clear()
        fresh.append(line)
        return line

    entry_of(Student(overheard, desk=Desk(1, renew)))
    training, exam = fresh
    assert any(isinstance(body, wire.Vjp) for body in training.bodies)
    assert not any(isinstance(body, wire.Vjp | wire.Grads) for body in exam.bodies)
    assert any(isinstance(body, wire.LoadStateDict) for body in exam.bodies)


def test_every_submission_has_tongues_of_its_own() -> None:
    first, second = (student_of("strong", Desk(seed)) for seed in (1, 2))
    assert entry_of(first).score.mean != entry_of(second).score.mean
    assert entry_of(first).score.mean == entry_of(student_of("strong", Desk(1))).score.mean


def test_training_is_done_once_for_all_checks() -> None:
    student = student_of("strong", Desk(4))
    first = entry_of(student)
    assert entry_of(student) is first
    broken = Student(LocalTransport(Runtime()), desk=Desk(4))
    for _ in range(2):
        with pytest.raises(CheckFailure, match="MyLayer"):
            entry_of(broken)


# --- attacks ----------------------------------------------------------------------------------


def made(answers: dict[str, str]) -> Any:
    """A layer of these answers, in this very process."""
    student = student_of_answers(answers)
    transport = student._session.transport
    assert isinstance(transport, LocalTransport)
    assert transport._runtime is not None
    return transport._runtime.namespace["MyLayer"](FEATURES)


def at_home(answers: dict[str, str], seed: int) -> tuple[Any, Trained]:
    """What a student can do at home: train a layer on a tongue of their own."""
    torch.manual_seed(seed)
    layer = made(answers)
    trained = train(layer, SHORT.recipe, torch.Generator().manual_seed(seed))
    layer.load_state_dict(trained.weights)
    return layer, trained


def share_at_home(layer: Any, trained: Trained, words: torch.Tensor) -> float:
    return share_right(trained, words, streamed(layer, trained, words))


def test_memorising_the_training_words_gains_nothing(warm_sandbox: Sandbox, tmp_path: Path) -> None:
    """It knows by heart what it was trained on, but the exam is elsewhere, about other words."""
    source = attack("memorises")["layer"]
    assert source.count("/tmp/table.pt") == 1  # in the sandbox; here it keeps its table apart
    home = {"layer": source.replace("/tmp/table.pt", str(tmp_path / "table.pt"))}
    layer, trained = at_home(home, 1)
    assert (tmp_path / "table.pt").exists()
    assert share_at_home(layer, trained, torch.tensor(sorted(trained.known)[:200])) > 0.8
    verdict = judged(ASSIGNMENT, attack("memorises"), spawner=warm_sandbox)
    assert score_of(verdict) < rungs()["more than weak"]


@pytest.mark.parametrize("name", ["ships_weights", "ships_constants"])
def test_weights_trained_at_home_gain_nothing(name: str) -> None:
    """At home they are worth everything; on a tongue of the judge's, what no weights are worth."""
    bare = re.sub(r"\n +self\.load_state_dict.*", "", attack("ships_weights")["layer"])
    honest = {"layer": bare}
    _, trained = at_home(honest, 1)
    weights = {key: value.half().tolist() for key, value in trained.weights.items()}
    source = attack(name)["layer"].replace("SHIPPED = {}", f"SHIPPED = {weights}")
    carried = made({"layer": source})
    words = unknown_words(trained.tongue, 100, trained.known, torch.Generator().manual_seed(2))
    assert share_at_home(carried, trained, words) > 0.7  # without any training, where it was made
    carrying, without = (
        [entry_of(student_of_answers(answers, Desk(seed))).score.mean for seed in (5, 6)]
        for answers in ({"layer": source}, honest)
    )
    assert mean(carrying) - mean(without) < 0.03  # the standard deviation of one grading is 0.02


@pytest.mark.sandbox
def test_a_clock_that_stands_still_is_not_the_clock_that_counts(warm_sandbox: Sandbox) -> None:
    verdict = judged(ASSIGNMENT, attack("watches_the_clock"), spawner=warm_sandbox)
    steps = SHORT.recipe.steps * SHORT.recipe.tongues
    assert verdict.measured["seconds"] > 0.05 * steps  # what it burnt, at least
    assert verdict.measured["within_budget"] == 0
    assert "little_time" in lost(verdict)["layer-tests"]
    assert verdict.points == lower_bound_without_score()


def lower_bound_without_score() -> float:
    """The points of a layer that streams, within its weights, and takes too long."""
    suite = ASSIGNMENT.suite
    rest = {"little_time", "more_than_weak", "as_good"}
    rest |= {"a_third_to_strong", "two_thirds_to_strong", "as_strong"}
    return sum(check.points for check in suite.checks if check.name not in rest)

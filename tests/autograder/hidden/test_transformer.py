"""Assignment 6 in particular: what its text tells, what stands on what, and what is by chance."""

from __future__ import annotations

import pytest
import torch
import torch.ao.nn.quantizable  # not there before somebody imports it
import torch.nn.attention.flex_attention

from autograder.checks import CheckFailure, Student
from autograder.hidden.shared.lending import defined, over_either
from autograder.hidden.transformer import choosing, decoding, draws, writing
from autograder.hidden.transformer.stacking import decoder_weights
from autograder.hidden.transformer.suite import (
    BLOCK,
    DECODER,
    FEED,
    HEADS,
    LOOKING,
    POSITIONS,
    READY_MADE,
    WRITING,
)
from autograder.inside.guard import resolve
from samples.assignments import Assignment
from tests.autograder.hidden.judging import BLANK, judged, lost, told

ASSIGNMENT = Assignment("06-transformer")
PARTS = {LOOKING, POSITIONS, HEADS, FEED, BLOCK, DECODER, WRITING}


def test_the_released_form_tells_what_the_checks_ask_for() -> None:
    """Names the checks rely on stand in text or in code outside of solution regions."""
    shown = told(ASSIGNMENT)
    for name in (
        *("grouped_attention", "frequencies", "sinusoidal_at", "rotate", "GroupedAttention"),
        *("RMSNorm", "SwiGLU", "Block", "positions_of", "visible", "CausalDecoder"),
        *("next_probabilities", "sample", "generate", "KeyValueCache", "DecoderCache"),
        *("query", "key", "value", "output", "gate", "up", "down", "norm1", "norm2"),
        *("last_norm", "read", "attend", "float64", "temperature", "top_k", "top_p", "generator"),
    ):
        assert name in shown


def test_there_are_seven_parts_and_twenty_eight_points() -> None:
    assert set(ASSIGNMENT.suite.grade_ids) == PARTS
    assert sum(map(ASSIGNMENT.suite.points, ASSIGNMENT.suite.grade_ids)) == 28


def test_ready_made_layers_are_refused_in_every_part() -> None:
    for part in PARTS:
        assert set(READY_MADE) <= set(ASSIGNMENT.suite.refused(part))
    assert ASSIGNMENT.notebook.metadata["autograder"]["refuse"] == READY_MADE


@pytest.mark.parametrize("name", READY_MADE)
def test_what_is_refused_is_what_torch_has(name: str) -> None:
    found = resolve(name)
    assert found is not None
    assert callable(getattr(*found))


WRONG = {
    "grouped-attention": "def grouped_attention(*args):\n    return args[0]",
    "rotate": "def rotate(x, *args):\n    return 2 * x",
    "rms-norm": "class RMSNorm(nn.LayerNorm):\n    pass",
    "next-probabilities": "def next_probabilities(logits, *args):\n    return logits.exp()",
    "sample": "def sample(logits, *args, **kwargs):\n    return logits.argmin(-1)",
}


@pytest.mark.parametrize("answer", [None, *WRONG])
def test_a_part_stands_without_the_answers_before_it(answer: str | None) -> None:
    """Blank or wrong answers cost their own part; what is made of them is tried with ours."""
    if answer is None:
        wrong = dict.fromkeys(("grouped-attention", "frequencies", "rotate", "swiglu"), BLANK)
        parts = {LOOKING, POSITIONS, FEED}
    else:
        wrong = {answer: WRONG[answer]}
        parts = {part for part, cells in ASSIGNMENT.answers.items() if answer in cells}
    found = lost(judged(ASSIGNMENT, wrong))
    assert set(found) == parts
    if answer in ("next-probabilities", "sample"):
        kept = {"written_greedily", "handed_on"} | (
            {"drawn_tokens", "seeded_tokens"} if answer == "next-probabilities" else {"by_top_k"}
        )
        assert not kept & set(found[WRITING])


# --- chance -----------------------------------------------------------------------------------


def test_frequencies_that_are_right_are_hardly_ever_called_unlikely() -> None:
    p = torch.tensor([0.5, 0.3, 0.15, 0.05, 0.0]).double()
    generator = torch.Generator().manual_seed(1)

    def draw(q: torch.Tensor) -> torch.Tensor:
        return torch.multinomial(q, draws.DRAWS // 2, replacement=True, generator=generator)

    assert not any(draws.unlikely(draw(p), p) for _ in range(300))
    near = torch.tensor([0.42, 0.36, 0.17, 0.05, 0.0]).double()
    assert all(draws.unlikely(draw(near), p) for _ in range(50))
    never = torch.tensor([0.5, 0.3, 0.15, 0.04, 0.01]).double()
    assert draws.unlikely(draw(never), p)
    assert not draws.unlikely(torch.zeros(10).long(), torch.tensor([1.0, 0.0]).double())


def test_the_lent_model_always_has_one_likeliest_token() -> None:
    """Near temperature 0 a right answer writes the likeliest text, whatever the prompt was."""
    told = defined(writing.MODEL, "Telling")(writing.VOCABULARY)
    states = torch.arange(101 + 41)  # real ones, and what it says at padding
    first, second = told.logits(states).topk(2, dim=-1).values.unbind(-1)
    assert float((first - second).min()) / writing.COLD > 100
    assert torch.equal(writing.Told.likeliest(states), told.logits(states).argmax(-1))


def test_the_likeliest_text_of_the_lent_model_is_never_one_token_alone() -> None:
    for first in range(101):
        told = writing.Told(torch.zeros(1, 1).long())
        told.states.append(torch.tensor([first]))
        assert len(told.greedy(40).unique()) > 1, first


# --- the judge's own arithmetic ---------------------------------------------------------------


def test_what_is_lent_to_the_decoder_streams_as_a_sequence_layer_must() -> None:
    """The laws compare steps with the whole, also over what is lent."""
    generator = torch.Generator().manual_seed(2)
    weights = decoder_weights(generator, 8, 2, 2, 1, 3)
    x = torch.randn(2, 7, 8, generator=generator, dtype=torch.float64)
    for rule in (decoding.RIGHT.rule, decoding.OVER_OURS.rule):
        whole, last = rule(weights, x, decoding.start(weights, 2))
        state, parts = decoding.start(weights, 2), []
        for token in x.split(1, dim=1):
            y, state = rule(weights, token, state)
            parts.append(y)
        assert torch.allclose(torch.cat(parts, 1), whole)
        assert all(
            torch.equal(a, b) or torch.allclose(a, b) for a, b in zip(state, last, strict=True)
        )


def test_mistakes_of_the_decoder_differ_from_what_is_right() -> None:
    generator = torch.Generator().manual_seed(3)
    weights = decoder_weights(generator, 8, 2, 2, 1, 3)
    x = torch.randn(2, 7, 8, generator=generator, dtype=torch.float64)
    begun = decoding.RIGHT.rule(weights, x[:, :3], decoding.start(weights, 2))[1]
    right = decoding.RIGHT.rule(weights, x, begun)
    for words, rule in decoding.WRONG.items():
        y, state = rule(weights, x, begun)
        pairs = [(y, right[0]), *zip(state, right[1], strict=True)]
        assert not all(a.shape == b.shape and torch.equal(a, b) for a, b in pairs), words


def test_every_mistake_about_choices_shows_in_some_choice() -> None:
    logits = torch.tensor([[0.0, 1.0, 0.4, 2.0], [2.0, 1.0, 1.0, 0.3]]).double()
    asked = [{}, {"temperature": 0.5}, {"temperature": 0.0}, {"top_k": 2}, {"top_p": 0.7}]
    asked += [{"top_k": 2, "top_p": 0.7}, {"temperature": 3.0, "top_p": 0.6}]
    for wrong in choosing.MISTAKES.values():
        for words, mistake in wrong.items():
            answers = [
                torch.equal(mistake(logits, **c), choosing.RIGHT(logits, **c)) for c in asked
            ]
            assert not all(answers), words


# --- over either ------------------------------------------------------------------------------


class _Lending:
    """A student who notes what is lent."""

    alive = True

    def __init__(self) -> None:
        self.names: list[str] = []

    def lent(self, name: str, source: str) -> _Lending:
        self.names.append(name)
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


def run_over(passing: set[str]) -> tuple[list[str], str]:
    student, said = _Lending(), ""

    def run(pieces: str) -> None:
        if pieces not in passing:
            raise CheckFailure(f"wrong with {pieces}")

    try:
        over_either(_as_student(student), run, "their own", "ours", {"a": "...", "b": "..."})
    except CheckFailure as failure:
        said = str(failure)
    return student.names, said


def _as_student(student: object) -> Student:
    return student  # type: ignore[return-value]


def test_pieces_are_lent_only_where_their_own_fail() -> None:
    assert run_over({"their own", "ours"}) == ([], "")
    assert run_over({"ours"}) == (["a", "b"], "")
    assert run_over(set()) == (["a", "b"], "wrong with their own")

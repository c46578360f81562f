"""Sampling: probabilities after each cut, draws by their frequencies, and generation."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from solutions.causal_decoder import CausalDecoder
from solutions.gates import LSTM
from solutions.language_model import LanguageModel
from solutions.sampling import generate, next_probabilities, sample
from solutions.selective import Mamba
from tests.layers import recipe

P = torch.tensor([[0.1, 0.4, 0.2, 0.3]], dtype=torch.float64)


def of(*numbers: float) -> Tensor:
    return torch.tensor([numbers], dtype=torch.float64)


def test_temperature_one_is_softmax_and_others_are_powers() -> None:
    recipe.assert_close("1", next_probabilities(P.log()), P)
    for temperature in (0.5, 2.0):
        wanted = P ** (1 / temperature)
        found = next_probabilities(P.log() + 3, temperature)
        recipe.assert_close(f"{temperature}", found, wanted / wanted.sum())


def test_greedy_is_the_limit() -> None:
    greedy = next_probabilities(P.log(), 0.0)
    assert torch.equal(greedy, of(0, 1, 0, 0))
    recipe.assert_close("nearly", next_probabilities(P.log(), 1e-300), greedy)
    tie = next_probabilities(of(1, 2, 2, 0), 0.0)
    assert torch.equal(tie, of(0, 1, 0, 0))


@pytest.mark.parametrize(
    ("top_k", "wanted"),
    [(1, of(0, 1, 0, 0)), (2, of(0, 4, 0, 3) / 7), (3, of(0, 4, 2, 3) / 9), (4, P), (9, P)],
)
def test_top_k(top_k: int, wanted: Tensor) -> None:
    recipe.assert_close("p", next_probabilities(P.log(), top_k=top_k), wanted)


@pytest.mark.parametrize(
    ("top_p", "wanted"),
    [
        (0.1, of(0, 1, 0, 0)),
        (0.39, of(0, 1, 0, 0)),
        (0.41, of(0, 4, 0, 3) / 7),
        (0.71, of(0, 4, 2, 3) / 9),
        (0.95, P),
        (1.0, P),
    ],
)
def test_top_p_keeps_the_token_that_gets_there(top_p: float, wanted: Tensor) -> None:
    recipe.assert_close("p", next_probabilities(P.log(), top_p=top_p), wanted)


def test_a_nucleus_that_is_just_full_takes_no_more() -> None:
    p = of(0.125, 0.25, 0.5, 0.125)  # exact in binary
    recipe.assert_close("p", next_probabilities(p.log(), top_p=0.75), of(0, 1, 2, 0) / 3)


def test_cuts_come_after_the_temperature_and_after_each_other() -> None:
    # At T = 1/2 the probabilities are 1, 16, 4, 9 thirtieths: 25/30 reach 0.8, 16 + 9 do.
    found = next_probabilities(P.log(), 0.5, top_p=0.8)
    recipe.assert_close("p after T", found, of(0, 16, 0, 9) / 25)
    # Two are left, 4/7 and 3/7, of which the first reaches 0.5; of all four it would not.
    found = next_probabilities(P.log(), top_k=2, top_p=0.5)
    recipe.assert_close("p after k", found, of(0, 1, 0, 0))


def test_rows_are_cut_on_their_own_and_ties_by_number() -> None:
    logits = torch.cat([P.log(), P.flip(1).log(), torch.zeros(1, 4)])
    rows = next_probabilities(logits, top_k=2)
    wanted = torch.cat([of(0, 4, 0, 3), of(3, 0, 4, 0), of(3.5, 3.5, 0, 0)]) / 7
    recipe.assert_close("p", rows, wanted)


def test_extremes_and_dtypes() -> None:
    p = next_probabilities(torch.tensor([[1e4, -1e4, -math.inf]]), 0.01, top_p=0.9)
    assert torch.equal(p, torch.tensor([[1.0, 0.0, 0.0]]))
    assert next_probabilities(torch.zeros(1, 3, dtype=torch.bfloat16)).dtype == torch.float32
    assert next_probabilities(torch.zeros(1, 3, dtype=torch.float64)).dtype == torch.float64
    before = P.clone()
    next_probabilities(P, 0.5, 2, 0.5)
    assert torch.equal(P, before)


def test_frequencies_are_the_probabilities() -> None:
    draws = 20_000
    generator = torch.Generator().manual_seed(1)
    for choices in ({}, {"temperature": 0.5}, {"top_k": 3}, {"top_p": 0.8, "temperature": 2.0}):
        p = next_probabilities(P.log(), **choices)[0]
        tokens = sample(P.log().expand(draws, 4), **choices, generator=generator)
        counts = torch.bincount(tokens, minlength=4)
        assert torch.all(counts[p == 0] == 0)
        allowed, seen = p[p > 0] * draws, counts[p > 0]
        # Pearson's statistic; above 27.9 once in 100,000 seeds with 3 degrees of freedom.
        assert float(((seen - allowed) ** 2 / allowed).sum()) < 27.9


def test_a_seed_repeats_itself() -> None:
    logits = torch.randn(50, 9)
    first, again, other = (
        sample(logits, generator=torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert first.dtype == torch.long
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


LAYERS: dict[str, Any] = {
    "LSTM": lambda: LSTM(8, 8),
    "transformer": lambda: CausalDecoder(8, 2, 2),
    "Mamba": lambda: Mamba(8, states=3),
}


def made(kind: str) -> LanguageModel[Any]:
    model = LanguageModel(LAYERS[kind](), 7, 8).double()
    torch.nn.init.normal_(model.embedding.weight)  # opinions, from the start
    return model


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("count", [1, 6])
def test_generation_is_reading_everything_again_for_each_token(kind: str, count: int) -> None:
    model, prompt = made(kind), torch.randint(7, (3, 4))
    for choices in ({"temperature": 0.0}, {"temperature": 1.5, "top_k": 5, "top_p": 0.9}):
        generator = torch.Generator().manual_seed(5)
        found = generate(model, prompt, count, **choices, generator=generator)
        generator.manual_seed(5)
        read = prompt
        for _ in range(count):
            token = sample(model(read)[0][:, -1], **choices, generator=generator)
            read = torch.cat([read, token.unsqueeze(1)], dim=1)
        assert torch.equal(found, read[:, 4:])
        assert not found.requires_grad


def test_the_prompt_is_read_once_and_each_new_token_but_the_last_once() -> None:
    model, reads = made("LSTM"), []
    forward, step = model.layer.forward, model.layer.step
    model.layer.forward = lambda *a: reads.append(a[0].shape[1]) or forward(*a)
    model.layer.step = lambda *a: reads.append("step") or step(*a)
    generate(model, torch.zeros(2, 5, dtype=torch.long), 4)
    assert reads == [5, "step", "step", "step"]


def test_padded_prompts_go_on_as_they_would_alone() -> None:
    model, prompt = made("transformer"), torch.randint(7, (3, 5))
    real = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1]]).bool()
    together = generate(model, prompt, 6, temperature=0.0, real=real)
    for row in range(3):
        alone = generate(model, prompt[row : row + 1, real[row]], 6, temperature=0.0)
        assert torch.equal(together[row : row + 1], alone)


def test_what_does_not_fit_is_named() -> None:
    for words, choices in {
        "temperature must be at least 0, got -1": {"temperature": -1.0},
        "temperature must": {"temperature": math.inf},
        "top_k must be at least 1, got 0": {"top_k": 0},
        "top_p must lie above 0 and at most at 1, got 0": {"top_p": 0.0},
        "top_p must": {"top_p": 1.1},
    }.items():
        with pytest.raises(ValueError, match=words):
            next_probabilities(P, **choices)
    model, prompt = made("LSTM"), torch.zeros(1, 2, dtype=torch.long)
    with pytest.raises(ValueError, match="count must be at least 1"):
        generate(model, prompt, 0)
    with pytest.raises(ValueError, match="real must be True for at least one"):
        generate(made("transformer"), prompt, 1, real=torch.zeros(1, 2).bool())

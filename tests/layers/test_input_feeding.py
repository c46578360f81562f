"""The decoder that hears what it said: one step by hand, streaming, padding, errors."""

from __future__ import annotations

import math

import pytest
import torch

from solutions.alignment import AdditiveScore, GeneralScore
from solutions.input_feeding import FeedingState, InputFeedingDecoder, Look
from solutions.packed import PackedEncoder
from tests.layers import recipe

SCORES = {"general": lambda: GeneralScore(8, 8), "additive": lambda: AdditiveScore(8, 8, 5)}


def decoder_with(kind: str) -> InputFeedingDecoder:
    return InputFeedingDecoder(3, 8, 8, Look(SCORES[kind]())).double()


def started(decoder: InputFeedingDecoder) -> FeedingState:
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    state = decoder.start(PackedEncoder(3, 4).double()(x, torch.tensor([5, 3])))
    return recipe.map_state(torch.Tensor.detach, state)


@pytest.mark.parametrize("kind", SCORES)
def test_decoder_streams_after_a_source_and_without(kind: str) -> None:
    decoder = decoder_with(kind)
    start = started(decoder)
    for time in (1, 5):
        x = torch.randn(2, time, 3, dtype=torch.float64)
        recipe.check_step_forward_chunks(decoder, x, start)
        recipe.check_step_forward_chunks(decoder, x)


@pytest.mark.parametrize("kind", SCORES)
def test_promises_of_a_sequence_layer(kind: str) -> None:
    decoder = decoder_with(kind)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    one = recipe.map_state(lambda t: t[1:], started(decoder))
    recipe.check_gradients(decoder, x[:1, :3], one, fast=True)
    recipe.check_causality(decoder, x)
    recipe.check_state_size(decoder, x)
    recipe.check_dtypes(decoder, x)
    recipe.check_bad_input(decoder, 3)


def test_two_steps_written_out() -> None:
    decoder = decoder_with("general")
    state = started(decoder)
    s, said, W = state.h, torch.zeros_like(state.h), decoder.look.score.key.weight
    for _ in range(2):
        x = torch.randn(2, 3, dtype=torch.float64)
        y, weights, state = decoder.advance(x, state)
        s = decoder.cell(torch.cat([x, said], -1), s)
        scores = torch.einsum("bq,qm,bjm->bj", s, W, state.memory)
        wanted = scores.masked_fill(~state.mask, -math.inf).softmax(-1)
        context = torch.einsum("bj,bjm->bm", wanted, state.memory)
        said = torch.tanh(torch.cat([context, s], -1) @ decoder.combine.weight.T)
        recipe.assert_close("weights", weights, wanted)
        recipe.assert_close("s", state.h, s)
        recipe.assert_close("y", y, said)


def test_a_source_that_does_not_fit_is_named() -> None:
    decoder, x = decoder_with("general").float(), torch.randn(2, 5, 3)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"^source.h must"):
            decoder.start(PackedEncoder(3, 5)(x, torch.tensor([5, 3])))
        source = PackedEncoder(3, 4)(x, torch.tensor([5, 3]))
        with pytest.raises(ValueError, match=r"^source.memory must"):
            decoder.start(source._replace(memory=source.memory[:, 1:]))
        state = decoder.start(source)
        with pytest.raises(ValueError, match=r"^state.mask must"):
            decoder(x, state._replace(mask=state.mask[:, 1:]))

"""Additive and multiplicative attention: gradients derived by hand, limits, padding, streaming."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from solutions.alignment import (
    AdditiveScore,
    AlignmentDecoder,
    BahdanauDecoder,
    DotScore,
    GeneralScore,
    LuongDecoder,
    Score,
    align,
)
from solutions.memory import Encoder
from tests.layers import recipe

SCORES = {
    "additive": lambda: AdditiveScore(4, 4, 5),
    "dot": lambda: DotScore(4),
    "general": lambda: GeneralScore(4, 4),
}
DECODERS = {
    "Bahdanau, GRU": lambda: BahdanauDecoder(3, 4, 4),
    "Bahdanau, LSTM": lambda: BahdanauDecoder(3, 4, 8, "lstm"),
    "Luong, dot": lambda: LuongDecoder(3, 4, 4, "dot"),
    "Luong, general": lambda: LuongDecoder(3, 4, 8, "general", "gru"),
}


def tokens(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def some_mask() -> Tensor:
    return torch.tensor([[True, True, True, True, True], [True, False, True, False, False]])


def encoder_for(decoder: AlignmentDecoder) -> Encoder:
    cell = "lstm" if isinstance(decoder.cell, torch.nn.LSTMCell) else "gru"
    return Encoder(3, 4, cell, bidirectional=decoder.memory_size == 8).double()


def started(decoder: AlignmentDecoder) -> tuple[Tensor, ...]:
    state = decoder.start(encoder_for(decoder)(tokens(2, 5, 3), some_mask()))
    return recipe.map_state(Tensor.detach, state)


def by_hand(score: Score, s: Tensor, h: Tensor, mask: Tensor, grad: Tensor) -> dict[str, Tensor]:
    """Context and gradients of one query, token by token, from the equations on paper.

    With g = dL/dc:  dL/dalpha(j) = g . h(j),
    dL/de(j) = alpha(j) (g . h(j) - sum_k alpha(k) g . h(k)),  and on through e(j).
    """
    with torch.no_grad():
        J = [j for j in range(len(h)) if mask[j]]
        W, U, v = (
            (score.query.weight, score.key.weight, score.v)
            if isinstance(score, AdditiveScore)
            else (None, score.key.weight if isinstance(score, GeneralScore) else None, None)
        )
        z = {}
        for j in J:
            if v is not None:
                z[j] = torch.tanh(W @ s + U @ h[j])
        e = {
            j: float(v @ z[j] if v is not None else s @ (h[j] if U is None else U @ h[j]))
            for j in J
        }
        total = sum(math.exp(e[j]) for j in J)
        alpha = {j: math.exp(e[j]) / total for j in J}
        found = {"context": sum(alpha[j] * h[j] for j in J)}
        inner = sum(alpha[k] * float(grad @ h[k]) for k in J)
        d_s, d_h = torch.zeros_like(s), torch.zeros_like(h)
        d = {name: torch.zeros_like(p) for name, p in score.named_parameters()}
        for j in J:
            d_e = alpha[j] * (float(grad @ h[j]) - inner)
            d_h[j] += alpha[j] * grad
            if v is not None:
                d_z = d_e * v * (1 - z[j] ** 2)
                d["v"] += d_e * z[j]
                d["query.weight"] += torch.outer(d_z, s)
                d["key.weight"] += torch.outer(d_z, h[j])
                d_s += W.T @ d_z
                d_h[j] += U.T @ d_z
            elif U is not None:
                d["key.weight"] += d_e * torch.outer(s, h[j])
                d_s += d_e * (U @ h[j])
                d_h[j] += d_e * (U.T @ s)
            else:
                d_s += d_e * h[j]
                d_h[j] += d_e * s
        return found | {"s": d_s, "h": d_h} | d


@pytest.mark.parametrize("kind", SCORES)
@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_gradients_are_those_derived_by_hand(kind: str, scale: float) -> None:
    score = SCORES[kind]().double()
    mask = some_mask()
    for b in range(2):
        s, h, g = tokens(1, 4), tokens(1, 5, 4), torch.randn(1, 4, dtype=torch.float64)
        with torch.no_grad():
            s.mul_(scale)
        context, weights = align(score(s, score.read(h)), h, mask[b : b + 1])
        wanted = by_hand(score, s[0], h[0], mask[b], g[0])
        recipe.assert_close("context", context[0], wanted.pop("context"))
        assert torch.all(weights[0, ~mask[b]] == 0)
        leaves = {"s": s, "h": h} | dict(score.named_parameters())
        found = torch.autograd.grad((context * g).sum(), list(leaves.values()))
        for (name, leaf), gradient in zip(leaves.items(), found, strict=True):
            recipe.assert_close(name, gradient.reshape(wanted[name].shape), wanted[name])
            assert leaf.shape == gradient.shape


@pytest.mark.parametrize("kind", SCORES)
def test_sharp_scores_look_up_one_token_and_alike_keys_give_the_mean(kind: str) -> None:
    score, s, h = SCORES[kind]().double(), tokens(2, 4), tokens(2, 5, 4)
    mask, scores = some_mask(), score(s, score.read(h))
    hard, _ = align(1e6 * scores, h, mask)
    best = scores.masked_fill(~mask, -math.inf).argmax(-1)
    recipe.assert_close("hard", hard, h[torch.arange(2), best])
    # The scores of tokens that are all alike are all alike.
    alike = h[:, :1].expand(-1, 5, -1)
    mean, weights = align(score(s, score.read(alike)), h, mask)
    recipe.assert_close("mean", mean[0], h[0].mean(0))
    recipe.assert_close("masked mean", mean[1], h[1, mask[1]].mean(0))
    recipe.assert_close("uniform", weights[0], torch.full((5,), 0.2, dtype=torch.float64))


def test_nothing_to_attend_to_gives_zeros_and_no_nan() -> None:
    scores, memory = tokens(2, 3), tokens(2, 3, 4)
    mask = torch.tensor([[False, False, False], [True, True, False]])
    context, weights = align(scores, memory, mask)
    assert torch.all(context[0] == 0)
    assert torch.all(weights[0] == 0)
    for gradient in torch.autograd.grad((context**2).sum(), (scores, memory)):
        assert gradient.isfinite().all()
        assert torch.all(gradient[0] == 0)


@pytest.mark.parametrize("kind", DECODERS)
def test_decoder_streams_after_a_source_and_without(kind: str) -> None:
    decoder = DECODERS[kind]().double()
    start = started(decoder)
    for time in (1, 5):
        x = torch.randn(2, time, 3, dtype=torch.float64)
        recipe.check_step_forward_chunks(decoder, x, start)
        recipe.check_step_forward_chunks(decoder, x)
    x = torch.randn(1, 4, 3, dtype=torch.float64)
    recipe.check_step_forward_chunks(decoder, x, recipe.map_state(lambda t: t[:1], start))


@pytest.mark.parametrize("kind", DECODERS)
def test_promises_of_a_sequence_layer(kind: str) -> None:
    decoder = DECODERS[kind]().double()
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    one = recipe.map_state(lambda t: t[1:], started(decoder))
    recipe.check_gradients(decoder, x[:1, :3], one, fast=True)
    recipe.check_causality(decoder, x)
    recipe.check_state_size(decoder, x)
    recipe.check_dtypes(decoder, x)
    recipe.check_bad_input(decoder, 3)


@pytest.mark.parametrize("kind", DECODERS)
def test_padding_of_the_source_changes_nothing(kind: str) -> None:
    decoder = DECODERS[kind]().double()
    encoder, source, x = encoder_for(decoder), tokens(2, 5, 3), tokens(2, 4, 3)
    mask = torch.arange(5) < torch.tensor([[5], [3]])
    y, weights, _ = decoder.aligned(x, decoder.start(encoder(source, mask)))
    alone, alone_weights, _ = decoder.aligned(x[1:], decoder.start(encoder(source[1:, :3])))
    recipe.assert_close("y", y[1:], alone)
    recipe.assert_close("weights", weights[1:, :, :3], alone_weights)
    assert torch.all(weights[1, :, 3:] == 0)
    recipe.assert_close("sum", weights.sum(-1), torch.ones(2, 4, dtype=torch.float64))
    (gradient,) = torch.autograd.grad((y**2).sum(), source)
    assert torch.all(gradient[1, 3:] == 0)
    assert torch.all(gradient[0].abs().sum(-1) > 0)


def test_bahdanau_looks_with_the_last_state_and_luong_with_the_new_one() -> None:
    for kind, moves in (("Bahdanau, GRU", False), ("Luong, dot", True)):
        decoder = DECODERS[kind]().double()
        state = started(decoder)
        x = torch.randn(2, 1, 3, dtype=torch.float64)
        _, before, _ = decoder.aligned(x, state)
        _, after, _ = decoder.aligned(x + 1, state)  # the first weights cannot know x yet
        assert torch.equal(before, after) is not moves


def test_one_step_of_each_decoder_written_out() -> None:
    x = torch.randn(2, 3, dtype=torch.float64)
    bahdanau = DECODERS["Bahdanau, GRU"]().double()
    state = started(bahdanau)
    y, new = bahdanau.step(x, state)
    context, _ = align(bahdanau.score(state.h, state.keys), state.memory, state.mask)
    s = bahdanau.cell(torch.cat([x, context], -1), state.h)
    recipe.assert_close("s", new.h, s)
    recipe.assert_close("y", y, torch.cat([s, context], -1))
    luong = DECODERS["Luong, general"]().double()
    state = started(luong)
    y, new = luong.step(x, state)
    s = luong.cell(x, state.h)
    scores = torch.einsum("bq,qm,bjm->bj", s, luong.score.key.weight, state.memory)
    weights = scores.masked_fill(~state.mask, -math.inf).softmax(-1)
    context = torch.einsum("bj,bjm->bm", weights, state.memory)
    recipe.assert_close("s", new.h, s)
    recipe.assert_close("y", y, torch.tanh(torch.cat([context, s], -1) @ luong.combine.weight.T))


def test_state_is_as_long_as_the_source_whatever_the_target() -> None:
    decoder = BahdanauDecoder(3, 4, 8)
    encoder = Encoder(3, 4, bidirectional=True)
    sizes = []
    for source in (5, 10):
        state = decoder.start(encoder(torch.randn(2, source, 3)))
        _, after = decoder(torch.randn(2, 7, 3), state)
        assert recipe.state_bytes(after) == recipe.state_bytes(state)
        sizes.append(recipe.state_bytes(after))
    assert sizes[1] - sizes[0] == 2 * 5 * ((8 + 4) * 4 + 1)  # memory, keys, mask


def test_graph_is_traced_whole() -> None:
    decoder = DECODERS["Bahdanau, GRU"]().double()
    recipe.check_compiles(decoder, torch.randn(2, 3, 3).double())


def test_bad_input_is_named() -> None:
    decoder = BahdanauDecoder(3, 4, 4)
    x = torch.randn(2, 5, 3)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"^encoded.memory must"):
            decoder.start(Encoder(3, 4, bidirectional=True)(x))
        with pytest.raises(ValueError, match=r"^encoded.h must"):
            BahdanauDecoder(3, 5, 4).start(Encoder(3, 4)(x))
        state = decoder.start(Encoder(3, 4)(x))
        with pytest.raises(ValueError, match=r"^state.mask must"):
            decoder(x, state._replace(mask=state.mask[:, :2]))
        with pytest.raises(ValueError, match=r"^score must"):
            LuongDecoder(3, 4, 4, "concat")
        with pytest.raises(ValueError, match=r"^memory_size must"):
            LuongDecoder(3, 4, 8, "dot")
        with pytest.raises(ValueError, match=r"^sizes must"):
            AdditiveScore(4, 4, 0)
        with pytest.raises(ValueError, match=r"^size must"):
            DotScore(0)
        with pytest.raises(ValueError, match=r"^memory_size must"):
            GeneralScore(4, 0)

"""Today's decoder: against its equations with torch's parts, as a sequence layer, with padding."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from solutions.causal_decoder import CausalDecoder
from solutions.positions import Rotary
from tests.layers import recipe

SIZES: dict[str, dict[str, Any]] = {
    "plain": {"d_model": 8, "num_heads": 2, "num_layers": 2},
    "grouped": {"d_model": 16, "num_heads": 4, "num_layers": 2, "num_kv_heads": 2, "feed_size": 5},
    "one head": {"d_model": 2, "num_heads": 1, "num_layers": 1, "feed_size": 3, "base": 50.0},
}


def made(kind: str) -> CausalDecoder:
    decoder = CausalDecoder(**SIZES[kind]).double()
    with torch.no_grad():
        for parameter in decoder.parameters():  # no norm hides by standing at 1
            parameter.add_(0.3 * torch.randn_like(parameter))
    return decoder


def tokens(decoder: CausalDecoder, batch: int, time: int) -> Tensor:
    return torch.randn(batch, time, decoder.d_model, dtype=torch.float64)


def by_torch(decoder: CausalDecoder, x: Tensor) -> Tensor:
    """The whole decoder over a whole sequence, from torch's own parts."""

    def norm(x: Tensor, ours: nn.Module) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], ours.weight, 1e-5)

    for block in decoder.blocks:
        attention, feed = block.attention, block.feed_forward
        turn = Rotary(attention.head_dim, attention.base)
        a = norm(x, block.norm1)
        q, k, v = (
            F.linear(a, part.weight).unflatten(-1, (-1, attention.head_dim)).transpose(1, 2)
            for part in (attention.query, attention.key, attention.value)
        )
        y = F.scaled_dot_product_attention(
            turn(q, 0), turn(k, 0), v, is_causal=True, enable_gqa=True
        )
        x = x + F.linear(y.transpose(1, 2).flatten(-2), attention.output.weight)
        a = norm(x, block.norm2)
        inner = F.silu(F.linear(a, feed.gate.weight)) * F.linear(a, feed.up.weight)
        x = x + F.linear(inner, feed.down.weight)
    return norm(x, decoder.last_norm)


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize(("batch", "time"), [(2, 5), (1, 1)])
def test_it_is_its_equations_in_torch_s_parts(kind: str, batch: int, time: int) -> None:
    decoder = made(kind)
    x = tokens(decoder, batch, time).requires_grad_()
    y, wanted = decoder(x)[0], by_torch(decoder, x)
    recipe.assert_close("y", y, wanted)
    weight = torch.randn_like(wanted)
    leaves = (x, *decoder.parameters())
    found = [torch.autograd.grad((one * weight).sum(), leaves) for one in (y, wanted)]
    for a, b in zip(*found, strict=True):
        recipe.assert_close("gradient", a, b)


@pytest.mark.parametrize("kind", SIZES)
def test_promises_of_a_sequence_layer(kind: str) -> None:
    decoder = made(kind)
    x = tokens(decoder, 2, 5)
    recipe.check_step_forward_chunks(decoder, x)
    recipe.check_step_forward_chunks(decoder, x[:1, :1])
    warm = recipe.map_state(Tensor.detach, decoder(x)[1])
    recipe.check_step_forward_chunks(decoder, x, warm)
    recipe.check_gradients(decoder, x[:1, :3], decoder(x[:1, :2])[1], fast=True)
    recipe.check_causality(decoder, x)
    recipe.check_state_size(decoder, x, grows=True)
    recipe.check_dtypes(decoder, x)
    recipe.check_bad_input(decoder, decoder.d_model)


def test_it_compiles_and_lives_on_one_device() -> None:
    decoder = made("grouped")
    recipe.check_compiles(decoder, tokens(decoder, 2, 4))
    decoder = decoder.to("meta")
    x = torch.empty(2, 3, 16, dtype=torch.float64, device="meta")
    y, state = decoder(x)
    y, state = decoder.step(x[:, 0], state)
    assert {part.device.type for part in (y, *state)} == {"meta"}


# Rows of 6 places: padding on the left, on the right, on both sides, between, and nowhere.
REAL = torch.tensor(
    [
        [0, 0, 0, 1, 1, 1],
        [1, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 1, 0],
        [1, 0, 1, 1, 0, 1],
        [1, 1, 1, 1, 1, 1],
    ]
).bool()


@pytest.mark.parametrize("kind", SIZES)
def test_padding_changes_nothing_at_real_tokens(kind: str) -> None:
    decoder = made(kind)
    x = tokens(decoder, 5, 6).requires_grad_()
    y, state = decoder(x, None, REAL)
    assert y.isfinite().all()
    for row, real in enumerate(REAL):
        alone, cache = decoder(x[row : row + 1, real])
        recipe.assert_close(f"row {row}", y[row : row + 1, real], alone)
        recipe.assert_close(f"keys of row {row}", state.keys[row, :, :, real], cache.keys[0])
    (gradient,) = torch.autograd.grad(y[REAL].square().sum(), x)
    assert torch.all(gradient[~REAL] == 0)
    assert torch.all(gradient[REAL].abs().sum(-1) > 0)


def test_padded_rows_stream_and_go_on() -> None:
    decoder, more = made("grouped"), 3
    x, rest = tokens(decoder, 5, 6), tokens(decoder, 5, more)
    whole, state = decoder(x, None, REAL)
    after, _ = decoder(rest, state)
    for row, real in enumerate(REAL):
        alone, _ = decoder(torch.cat([x[row : row + 1, real], rest[row : row + 1]], dim=1))
        recipe.assert_close(f"row {row} goes on", after[row : row + 1], alone[:, -more:])
    state = decoder.initial_state(5)
    for t in range(6):
        y, state = decoder.step(x[:, t], state, REAL[:, t])
        recipe.assert_close(f"token {t}", y[REAL[:, t]], whole[REAL[:, t], t])
    first, state = decoder(x[:, :2], None, REAL[:, :2])
    second, state = decoder(x[:, 2:], state, REAL[:, 2:])
    recipe.assert_close("chunks", torch.cat([first, second], dim=1), whole)
    assert torch.equal(state.real, REAL)


def test_state_weighs_two_vectors_per_token_block_and_shared_head_and_a_byte() -> None:
    decoder = CausalDecoder(16, 4, 3, num_kv_heads=2)
    for time in (1, 6):
        _, state = decoder(torch.randn(5, time, 16))
        assert recipe.state_bytes(state) == 5 * time * (3 * 2 * 2 * 4 * 4 + 1)


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="num_layers must be at least 1"):
        CausalDecoder(8, 2, 0)
    decoder, x = CausalDecoder(8, 2, 1), torch.zeros(2, 3, 8)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"real must have shape \(2, 3\)"):
            decoder(x, None, torch.ones(3).bool())
        with pytest.raises(TypeError, match=r"real must be torch\.bool"):
            decoder(x, None, torch.ones(2, 3))
        state = decoder(x)[1]
        with pytest.raises(ValueError, match=r"state\.keys must have shape"):
            decoder(x, state._replace(keys=state.keys[:, :, :, 1:]))
        with pytest.raises(ValueError, match=r"state\.values must have shape"):
            decoder(x, state._replace(values=state.values[..., 1:]))
        with pytest.raises(ValueError, match=r"state\.real must have shape"):
            decoder(x, state._replace(real=state.real[0]))

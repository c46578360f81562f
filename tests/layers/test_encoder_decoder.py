"""The whole transformer against torch's decoder layer, and as a sequence layer."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from solutions.attention import causal_mask
from solutions.encoder_decoder import CrossDecoderBlock, EncoderDecoder
from solutions.transformer import TransformerConfig
from tests.layers import recipe
from tests.layers.test_transformer import (
    ARRANGEMENTS,
    CONFIG,
    POSITIONS,
    assert_same_training,
    config_for,
    copy_attention,
    perturb,
    tokens,
)


def oracle_of(block: CrossDecoderBlock, config: TransformerConfig) -> nn.Module:
    """Torch's decoder layer with our weights."""
    theirs = nn.TransformerDecoderLayer(
        config.d_model,
        config.num_heads,
        config.feed_size,
        0.0,
        config.activation,
        batch_first=True,
        norm_first=config.norm == "pre",
    ).double()
    copy_attention(block.attention, theirs.self_attn)
    copy_attention(block.cross, theirs.multihead_attn)
    for ours, name in (
        (block.feed_forward[0], "linear1"),
        (block.feed_forward[2], "linear2"),
        (block.norm1, "norm1"),
        (block.norm2, "norm2"),
        (block.norm3, "norm3"),
    ):
        getattr(theirs, name).load_state_dict(ours.state_dict())
    return theirs


def source_and_mask() -> tuple[Tensor, Tensor]:
    mask = torch.ones(2, 4, dtype=torch.bool)
    mask[1, 2:] = False
    return tokens(2, 4, 8), mask


@pytest.mark.parametrize(("norm", "activation"), ARRANGEMENTS)
@pytest.mark.parametrize("time", [1, 5])
def test_block_is_torch_s(norm: str, activation: str, time: int) -> None:
    config = replace(CONFIG, norm=norm, activation=activation)
    block, x = CrossDecoderBlock(config).double(), tokens(2, time, 8)
    perturb(block)
    theirs, (memory, mask) = oracle_of(block, config), source_and_mask()
    wanted = theirs(x, memory, tgt_mask=~causal_mask(time, time), memory_key_padding_mask=~mask)
    ours, _ = block(x, None, block.cross.read(memory), mask)
    by_source = [
        torch.autograd.grad((y**2).sum(), memory, retain_graph=True)[0] for y in (ours, wanted)
    ]
    recipe.assert_close("gradient of the source", *by_source)
    assert_same_training(ours, wanted, x, block, theirs)


@pytest.mark.parametrize("positions", POSITIONS)
def test_target_streams(positions: str) -> None:
    model = EncoderDecoder(config_for(positions)).double()
    perturb(model)
    source, mask = source_and_mask()
    started = recipe.map_state(Tensor.detach, model.start(source, mask))
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    recipe.check_step_forward_chunks(model, x, started)
    warm = recipe.map_state(Tensor.detach, model(x, started)[1])
    recipe.check_step_forward_chunks(model, x, warm)
    one = recipe.map_state(lambda part: part[:1], started)
    recipe.check_step_forward_chunks(model, x[:1, :1], one)


def test_promises_of_a_sequence_layer_before_any_source() -> None:
    model = EncoderDecoder(CONFIG).double()
    perturb(model)
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    recipe.check_step_forward_chunks(model, x)
    recipe.check_causality(model, x)
    recipe.check_state_size(model, x, grows=True)
    recipe.check_dtypes(model, x)
    recipe.check_bad_input(model, 8)


def test_gradients_reach_source_encoder_and_decoder() -> None:
    model = EncoderDecoder(replace(CONFIG, num_layers=1)).double()
    source, mask = source_and_mask()
    names = [name for name, _ in model.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in model.parameters()]

    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, source: Tensor, x: Tensor) -> Tensor:
            return self.model(x, self.model.start(source, mask))[0]

    def run(source: Tensor, x: Tensor, *parameters: Tensor) -> Tensor:
        named = {f"model.{n}": p for n, p in zip(names, parameters, strict=True)}
        return torch.func.functional_call(Whole(), named, (source, x))

    assert torch.autograd.gradcheck(run, (source, tokens(2, 3, 8), *values), fast_mode=True)


def test_padding_of_the_source_changes_nothing() -> None:
    model = EncoderDecoder(CONFIG).double()
    source, mask = source_and_mask()
    x = tokens(2, 3, 8)
    y, _ = model(x, model.start(source, mask))
    alone, _ = model(x[1:], model.start(source[1:, :2]))
    recipe.assert_close("short source", y[1:], alone)
    (gradient,) = torch.autograd.grad((y**2).sum(), source)
    assert torch.all(gradient[1, 2:] == 0)
    assert torch.all(gradient[0].abs().sum(-1) > 0)


def test_source_is_kept_once_and_the_target_grows() -> None:
    model = EncoderDecoder(CONFIG)
    state = model.start(torch.randn(3, 4, 8))
    assert state.source_keys.shape == (3, 2, 2, 4, 4)
    assert state.keys.shape == (3, 2, 2, 0, 4)
    _, after = model(torch.randn(3, 5, 8), state)
    assert after.keys.shape == (3, 2, 2, 5, 4)
    assert after.source_keys is state.source_keys
    assert state.source_mask.all()


def test_it_learns_to_reverse_a_sequence() -> None:
    # The source's last token must come first: only attention to the source can tell it.
    config = TransformerConfig(16, 2, num_layers=1, feed_size=32, positions="learned", max_length=5)
    model, embed, readout = EncoderDecoder(config), nn.Embedding(7, 16), nn.Linear(16, 6)
    parameters = [*model.parameters(), *embed.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-2)

    def batch() -> tuple[Tensor, Tensor, Tensor]:
        source = torch.randint(6, (64, 5))
        target = source.flip(1)
        begun = torch.cat([torch.full((64, 1), 6), target[:, :-1]], dim=1)
        return source, begun, target

    for _ in range(150):
        source, begun, target = batch()
        y, _ = model(embed(begun), model.start(embed(source)))
        loss = nn.functional.cross_entropy(readout(y).flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    source, _, target = batch()
    # Write the answer token by token, each fed back.
    state, token, written = model.start(embed(source)), torch.full((64,), 6), []
    for _ in range(5):
        y, state = model.step(embed(token), state)
        token = readout(y).argmax(-1)
        written.append(token)
    assert (torch.stack(written, dim=1) == target).float().mean() > 0.95


def test_bad_input_is_named() -> None:
    model, source = EncoderDecoder(CONFIG), torch.randn(2, 4, 8)
    with recipe.without_shape_checks():
        with pytest.raises(ValueError, match=r"^source must"):
            model.start(source[..., :4])
        with pytest.raises(ValueError, match=r"^source_mask must"):
            model.start(source, torch.ones(2, 3, dtype=torch.bool))
        with pytest.raises(TypeError, match=r"^source_mask must"):
            model.start(source, torch.ones(2, 4))
        state = model.start(source)
        with pytest.raises(ValueError, match=r"^state.source_mask must"):
            model(source, state._replace(source_mask=state.source_mask[:, :2]))
        with pytest.raises(ValueError, match=r"^state.source.keys must"):
            model(source, state._replace(source_keys=state.source_keys[:, :1]))

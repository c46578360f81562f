"""The transformer's blocks against torch's, its decoder as a sequence layer."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from solutions.attention import MultiHeadAttention, causal_mask
from solutions.transformer import Decoder, DecoderBlock, Encoder, EncoderBlock, TransformerConfig
from tests.layers import recipe

CONFIG = TransformerConfig(d_model=8, num_heads=2, num_layers=2, feed_size=6)
ARRANGEMENTS = [("pre", "relu"), ("post", "relu"), ("pre", "gelu"), ("post", "gelu")]
POSITIONS: dict[str, dict[str, object]] = {
    "none": {},
    "sinusoidal": {},
    "learned": {"max_length": 16},
    "rotary": {"num_kv_heads": 1, "chunk_size": 3},
    "alibi": {"norm": "post", "activation": "gelu"},
}


def config_for(positions: str) -> TransformerConfig:
    return replace(CONFIG, positions=positions, **POSITIONS[positions])


def tokens(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def perturb(module: nn.Module) -> None:
    """Move every weight, so that no norm or bias hides by standing at 1 or 0."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))


def copy_attention(ours: MultiHeadAttention, theirs: nn.MultiheadAttention) -> None:
    parts = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
    theirs.out_proj.load_state_dict(ours.output.state_dict())


def oracle_of(block: EncoderBlock | DecoderBlock, config: TransformerConfig) -> nn.Module:
    """Torch's encoder layer with our weights."""
    theirs = nn.TransformerEncoderLayer(
        config.d_model,
        config.num_heads,
        config.feed_size,
        0.0,
        config.activation,
        batch_first=True,
        norm_first=config.norm == "pre",
    ).double()
    copy_attention(block.attention, theirs.self_attn)
    for ours, name in (
        (block.feed_forward[0], "linear1"),
        (block.feed_forward[2], "linear2"),
        (block.norm1, "norm1"),
        (block.norm2, "norm2"),
    ):
        getattr(theirs, name).load_state_dict(ours.state_dict())
    return theirs


def assert_same_training(
    ours: Tensor, wanted: Tensor, x: Tensor, block: nn.Module, theirs: nn.Module
) -> None:
    """Compare outputs, the gradient of the input, and that of every parameter."""
    recipe.assert_close("y", ours, wanted)
    weight = torch.randn_like(wanted)
    found = []
    for y, module in ((ours, block), (wanted, theirs)):
        x.grad = None
        (y * weight).sum().backward()
        found.append((x.grad, {name: p.grad for name, p in module.named_parameters()}))
    (x_ours, by_name), (x_theirs, their_name) = found
    recipe.assert_close("gradient of x", x_ours, x_theirs)
    for part in ("weight", "bias"):
        for our_attention, their_attention in (("attention", "self_attn"), ("cross", "multihead")):
            if f"{our_attention}.query.{part}" not in by_name:
                continue
            stem = "multihead_attn" if their_attention == "multihead" else "self_attn"
            joined = [by_name[f"{our_attention}.{n}.{part}"] for n in ("query", "key", "value")]
            recipe.assert_close("q, k, v", torch.cat(joined), their_name[f"{stem}.in_proj_{part}"])
            recipe.assert_close(
                "output",
                by_name[f"{our_attention}.output.{part}"],
                their_name[f"{stem}.out_proj.{part}"],
            )
        pairs = {"feed_forward.0": "linear1", "feed_forward.2": "linear2"}
        pairs |= {f"norm{i}": f"norm{i}" for i in (1, 2, 3) if f"norm{i}.weight" in by_name}
        for a, b in pairs.items():
            recipe.assert_close(a, by_name[f"{a}.{part}"], their_name[f"{b}.{part}"])


@pytest.mark.parametrize(("norm", "activation"), ARRANGEMENTS)
@pytest.mark.parametrize("time", [1, 5])
def test_encoder_block_is_torch_s(norm: str, activation: str, time: int) -> None:
    config = replace(CONFIG, norm=norm, activation=activation)
    block, x = EncoderBlock(config).double(), tokens(3, time, 8)
    perturb(block)
    theirs = oracle_of(block, config)
    mask = torch.rand(3, time) < 0.6
    mask[:, 0] = True
    wanted = theirs(x, src_key_padding_mask=~mask)
    assert_same_training(block(x, mask), wanted, x, block, theirs)
    recipe.assert_close("without a mask", block(x), theirs(x))


@pytest.mark.parametrize(("norm", "activation"), ARRANGEMENTS)
def test_decoder_block_is_torch_s_with_a_causal_mask(norm: str, activation: str) -> None:
    config = replace(CONFIG, norm=norm, activation=activation)
    block, x = DecoderBlock(config).double(), tokens(3, 5, 8)
    perturb(block)
    theirs = oracle_of(block, config)
    wanted = theirs(x, src_mask=~causal_mask(5, 5))
    assert_same_training(block(x)[0], wanted, x, block, theirs)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_stacks_are_torch_s(norm: str) -> None:
    config = replace(CONFIG, norm=norm, positions="none", num_layers=3)
    for stack in (Encoder(config).double(), Decoder(config).double()):
        perturb(stack)
        x = tokens(2, 5, 8)
        wanted, mask = x, ~causal_mask(5, 5) if isinstance(stack, Decoder) else None
        for block in stack.blocks:
            wanted = oracle_of(block, config)(wanted, src_mask=mask)
        if norm == "pre":
            last = stack.last_norm
            wanted = nn.functional.layer_norm(wanted, (8,), last.weight, last.bias)
        got = stack(x)[0] if isinstance(stack, Decoder) else stack(x)
        recipe.assert_close("y", got, wanted)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_block_streams(norm: str) -> None:
    block = DecoderBlock(replace(CONFIG, norm=norm)).double()
    perturb(block)
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    recipe.check_step_forward_chunks(block, x)
    recipe.check_gradients(block, x[:1, :2], fast=True)
    recipe.check_bad_input(block, 8)


@pytest.mark.parametrize("positions", POSITIONS)
def test_decoder_streams_with_every_kind_of_position(positions: str) -> None:
    decoder = Decoder(config_for(positions)).double()
    perturb(decoder)
    for batch, time in ((2, 7), (1, 1)):
        x = torch.randn(batch, time, 8, dtype=torch.float64)
        recipe.check_step_forward_chunks(decoder, x)
        warm = recipe.map_state(Tensor.detach, decoder(x)[1])
        recipe.check_step_forward_chunks(decoder, x, warm)


@pytest.mark.parametrize("positions", POSITIONS)
def test_promises_of_a_sequence_layer(positions: str) -> None:
    decoder = Decoder(config_for(positions)).double()
    perturb(decoder)
    x = torch.randn(2, 5, 8, dtype=torch.float64)
    recipe.check_gradients(decoder, x[:1, :3], decoder(x[:1, :2])[1], fast=True)
    recipe.check_causality(decoder, x)
    recipe.check_state_size(decoder, x, grows=True)
    recipe.check_dtypes(decoder, x)
    recipe.check_bad_input(decoder, 8)


@pytest.mark.parametrize("positions", POSITIONS)
def test_everything_is_made_on_the_layers_device(positions: str) -> None:
    # The meta device computes shapes only, and refuses to mix with tensors of any other.
    decoder = Decoder(config_for(positions)).to("meta")
    x = torch.randn(2, 5, 8, device="meta")
    _, state = decoder(x)
    y, state = decoder.step(x[:, 0], state)
    assert {part.device.type for part in (y, *state)} == {"meta"}


@pytest.mark.parametrize("positions", POSITIONS)
def test_order_of_the_past_matters_only_with_positions(positions: str) -> None:
    # One block: in a deeper causal stack even the masks tell an order.
    decoder = Decoder(replace(config_for(positions), num_layers=1)).double()
    x = torch.randn(1, 5, 8, dtype=torch.float64)
    y, swapped = decoder(x)[0][:, -1], decoder(x[:, [2, 1, 0, 3, 4]])[0][:, -1]
    assert torch.allclose(y, swapped, rtol=0, atol=1e-10) is (positions == "none")


def test_state_weighs_two_vectors_per_token_block_and_shared_head() -> None:
    decoder = Decoder(replace(CONFIG, num_kv_heads=1, num_layers=3))
    for time in (1, 6):
        _, state = decoder(torch.randn(4, time, 8))
        assert state.keys.shape == state.values.shape == (4, 3, 1, time, 4)
        assert recipe.state_bytes(state) == 4 * 3 * time * 2 * 4 * 4  # float32


def test_learned_positions_end_and_the_error_says_where() -> None:
    decoder = Decoder(replace(CONFIG, positions="learned", max_length=4))
    _, state = decoder(torch.randn(1, 3, 8))
    _, state = decoder.step(torch.randn(1, 8), state)
    with pytest.raises(ValueError, match="position 4"):
        decoder.step(torch.randn(1, 8), state)


@pytest.mark.parametrize("positions", POSITIONS)
def test_padding_does_not_reach_real_tokens(positions: str) -> None:
    encoder = Encoder(config_for(positions)).double()
    x = tokens(2, 6, 8)
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[0, 4:] = False
    y = encoder(x, mask)
    recipe.assert_close("short alone", y[:1, :4], encoder(x[:1, :4]))
    recipe.assert_close("long alone", y[1:], encoder(x[1:]))
    (gradient,) = torch.autograd.grad((y[0, :4] ** 2).sum(), x)
    assert torch.all(gradient[0, 4:] == 0)
    assert encoder(x, torch.zeros_like(mask)).isfinite().all()


def test_encoder_looks_both_ways() -> None:
    encoder, x = Encoder(CONFIG).double(), tokens(1, 4, 8)
    (gradient,) = torch.autograd.grad((encoder(x)[:, 1] ** 2).sum(), x)
    assert torch.all(gradient.abs().sum(-1) > 0)


def test_without_position_an_encoder_carries_permutations_through() -> None:
    encoder, x = Encoder(replace(CONFIG, positions="none")).double(), tokens(2, 5, 8)
    order = torch.randperm(5)
    recipe.assert_close("permuted", encoder(x[:, order]), encoder(x)[:, order])


def test_pre_norm_leaves_a_path_that_post_norm_does_not() -> None:
    # With all sublayers silent a pre-norm stack, before its last norm, passes x on untouched.
    x = tokens(1, 3, 8)
    for norm in ("pre", "post"):
        config = replace(CONFIG, norm=norm, positions="none", num_layers=4)
        decoder = Decoder(config).double()
        with torch.no_grad():
            for block in decoder.blocks:
                for last in (block.attention.output, block.feed_forward[2]):
                    last.weight.zero_()
                    last.bias.zero_()
        decoder.last_norm = nn.Identity()
        assert torch.equal(decoder(x)[0], x) is (norm == "pre")


def test_dropout_works_in_training_only() -> None:
    decoder = Decoder(replace(CONFIG, dropout=0.5)).double()
    x = tokens(2, 5, 8)
    assert not torch.allclose(decoder(x)[0], decoder(x)[0])
    decoder.eval()
    recipe.check_step_forward_chunks(decoder, x.detach())


def test_graph_is_traced_whole() -> None:
    config = replace(CONFIG, num_layers=1, positions="rotary")
    recipe.check_compiles(Decoder(config).double(), torch.randn(2, 4, 8).double())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("num_layers", {"num_layers": 0}),
        ("feed_size", {"feed_size": 0}),
        ("positions", {"positions": "relative"}),
        ("norm", {"norm": "both"}),
        ("activation", {"activation": "tanh"}),
        ("max_length", {"positions": "learned"}),
        ("max_length", {"max_length": 5}),
    ],
)
def test_options_that_do_not_go_together_are_named(name: str, options: dict[str, object]) -> None:
    with recipe.without_shape_checks(), pytest.raises(ValueError, match=rf"^{name} must"):
        replace(CONFIG, **options)


def test_bad_masks_and_states_are_named() -> None:
    encoder, decoder, x = Encoder(CONFIG), Decoder(CONFIG), torch.randn(2, 3, 8)
    with recipe.without_shape_checks():
        with pytest.raises(TypeError, match=r"^mask must"):
            encoder(x, torch.ones(2, 3))
        with pytest.raises(ValueError, match=r"^mask must"):
            encoder(x, torch.ones(2, 4, dtype=torch.bool))
        with pytest.raises(ValueError, match=r"^x must"):
            encoder(x[:, :0])
        other = Decoder(replace(CONFIG, num_layers=3)).initial_state(2)
        with pytest.raises(ValueError, match=r"^state.keys must"):
            decoder(x, other)

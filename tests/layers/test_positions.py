"""Positions against their closed forms, the identities that make them useful, and streaming."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from solutions.attention import MultiHeadAttention, causal_mask
from solutions.positions import (
    ALiBi,
    Learned,
    Rotary,
    Sinusoidal,
    alibi_slopes,
    frequencies,
    shift_matrix,
    sinusoidal,
)
from tests.layers import recipe

FAR = 1_000_000


def test_frequencies_run_from_one_to_nearly_one_over_base() -> None:
    w = frequencies(8, base=10_000.0)
    recipe.assert_close("w", w, torch.tensor([1, 0.1, 0.01, 0.001], dtype=torch.float64))
    assert frequencies(2).tolist() == [1.0]


@pytest.mark.parametrize("offset", [0, 5, FAR])
def test_sinusoidal_code_entry_by_entry(offset: int) -> None:
    code = sinusoidal(4, 6, offset, base=50.0)
    for row in range(4):
        for i in range(3):
            angle = (offset + row) / 50.0 ** (2 * i / 6)
            assert code[row, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-9)
            assert code[row, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-9)


@pytest.mark.parametrize("shift", [0, 1, 7, -3])
def test_one_matrix_shifts_every_position(shift: int) -> None:
    code = sinusoidal(40, 8)
    matrix = shift_matrix(shift, 8)
    start = max(0, -shift)
    here = code[start : 30 + start]
    there = code[start + shift : start + shift + 30]
    recipe.assert_close("shifted", here @ matrix.T, there)
    recipe.assert_close("inverse", shift_matrix(-shift, 8), matrix.T)
    recipe.assert_close("orthogonal", matrix @ matrix.T, torch.eye(8, dtype=torch.float64))


def test_likeness_of_two_codes_depends_on_their_distance_only() -> None:
    code = sinusoidal(30, 16)
    gram = code @ code.T
    for distance in range(30):
        diagonal = gram.diagonal(distance)
        recipe.assert_close(f"{distance}", diagonal, diagonal[:1].expand_as(diagonal))
    assert torch.all(gram.diagonal(1) < gram.diagonal(0)[:29])


def test_rotary_entry_by_entry() -> None:
    x = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    y = Rotary(6, base=100.0)(x, offset=3)
    for p in range(4):
        for i in range(3):
            a = (3 + p) / 100.0 ** (2 * i / 6)
            even, odd = x[..., p, 2 * i], x[..., p, 2 * i + 1]
            recipe.assert_close("even", y[..., p, 2 * i], even * math.cos(a) - odd * math.sin(a))
            recipe.assert_close("odd", y[..., p, 2 * i + 1], even * math.sin(a) + odd * math.cos(a))


def test_rotary_scores_depend_on_distance_only_and_lengths_stay() -> None:
    rotary = Rotary(8)
    q, k = torch.randn(1, 8, dtype=torch.float64), torch.randn(1, 8, dtype=torch.float64)

    def score(p: int, r: int) -> Tensor:
        return (rotary(q, p) * rotary(k, r)).sum()

    for p, r, shift in ((0, 0, 9), (7, 2, 31), (2, 7, FAR)):
        recipe.assert_close("score", score(p + shift, r + shift), score(p, r), 1e-8)
    assert not torch.allclose(score(7, 2), score(7, 3))
    recipe.assert_close("length", rotary(q, 12345).norm(), q.norm())
    recipe.assert_close("position 0", rotary(q, 0), q)
    # The same turn as the matrix that shifts a sinusoidal code, transposed.
    recipe.assert_close("matrix", rotary(q, 5), q @ shift_matrix(5, 8))


@pytest.mark.parametrize(
    ("heads", "exponents"),
    [
        (1, [8]),
        (8, [1, 2, 3, 4, 5, 6, 7, 8]),
        (6, [2, 4, 6, 8, 1, 3]),
        (12, [1, 2, 3, 4, 5, 6, 7, 8, 0.5, 1.5, 2.5, 3.5]),
    ],
)
def test_alibi_slopes_are_the_papers(heads: int, exponents: list[float]) -> None:
    wanted = torch.tensor([2.0**-e for e in exponents], dtype=torch.float64)
    recipe.assert_close("slopes", alibi_slopes(heads), wanted)


def test_alibi_takes_the_slope_times_the_distance_off() -> None:
    query = torch.zeros(2, 4, 5, 3, dtype=torch.float64)
    bias = ALiBi(4)(query, 7)
    assert bias.shape == (4, 5, 7)
    for h in range(4):
        for row in range(5):
            for j in range(7):
                distance = abs(row + 2 - j)  # the queries are tokens 2 .. 6
                assert bias[h, row, j].item() == -(2.0 ** (-2 * (h + 1))) * distance
    whole = ALiBi(4)(torch.zeros(2, 4, 7, 3, dtype=torch.float64), 7)
    assert torch.equal(bias, whole[:, 2:])


def test_alibi_alone_forgets_exponentially_with_the_distance() -> None:
    # With all scores equal the weights of the past fall by exp(-m) per token.
    layer = MultiHeadAttention(4, 1, position_bias=ALiBi(1)).double()
    with torch.no_grad():
        for part in (layer.query, layer.key):
            part.weight.zero_()
        for part in (layer.value, layer.output):
            part.weight.copy_(torch.eye(4))
            part.bias.zero_()
    x = torch.zeros(1, 4, 4, dtype=torch.float64)
    x[0] = torch.eye(4)
    weights = layer(x)[0][0, 3]
    wanted = torch.exp(torch.tensor([-3.0, -2.0, -1.0, 0.0], dtype=torch.float64) / 256)
    recipe.assert_close("weights", weights, wanted / wanted.sum())


MODULES: dict[str, Callable[[], nn.Module]] = {
    "sinusoidal": lambda: Sinusoidal(6),
    "learned": lambda: Learned(20, 6),
    "rotary": lambda: Rotary(6),
}


@pytest.mark.parametrize("kind", MODULES)
def test_a_chunk_with_its_offset_is_a_part_of_the_whole(kind: str) -> None:
    module = MODULES[kind]().double()
    x = torch.randn(2, 11, 6, dtype=torch.float64, requires_grad=True)
    whole = module(x)
    parts = torch.cat([module(x[:, :1]), module(x[:, 1:6], 1), module(x[:, 6:], 6)], dim=1)
    recipe.assert_close("values", parts, whole)
    weight = torch.randn_like(whole)
    for a, b in zip(
        torch.autograd.grad((parts * weight).sum(), [x, *module.parameters()]),
        torch.autograd.grad((whole * weight).sum(), [x, *module.parameters()]),
        strict=True,
    ):
        recipe.assert_close("gradient", a, b)
    assert torch.autograd.gradcheck(lambda x: module(x, 4), (x[:1, :3],))
    assert not torch.allclose(module(x, 1), whole)


def test_only_learned_positions_have_parameters_and_an_end() -> None:
    for module in (Sinusoidal(6), Rotary(6), ALiBi(4)):
        assert list(module.parameters()) == []
        assert module.state_dict() == {}
    learned = Learned(4, 6)
    assert sum(p.numel() for p in learned.parameters()) == 24
    x = torch.zeros(1, 3, 6)
    assert torch.equal(learned(x, 1)[0], learned.weight[1:4])
    with pytest.raises(ValueError, match="position 3"):
        learned(x, 2)
    for module in (Sinusoidal(6), Rotary(6)):
        assert module(torch.ones(1, 3, 6), FAR).isfinite().all()


@pytest.mark.parametrize("kind", ["sinusoidal", "rotary"])
def test_float32_is_right_far_out(kind: str) -> None:
    module = MODULES[kind]()
    x = torch.randn(1, 5, 6)
    near = module(x, FAR)
    assert near.dtype == torch.float32
    recipe.assert_close("far", near.double(), module(x.double(), FAR), 1e-6)


@pytest.mark.parametrize(
    ("positions", "chunk_size"), [("rotary", None), ("rotary", 3), ("alibi", None)]
)
def test_streaming_attention_with_positions(positions: str, chunk_size: int | None) -> None:
    if positions == "rotary":
        layer = MultiHeadAttention(8, 2, 1, rotate=Rotary(4), chunk_size=chunk_size)
    else:
        layer = MultiHeadAttention(8, 2, 1, position_bias=ALiBi(2))
    x = torch.randn(2, 7, 8, dtype=torch.float64)
    recipe.check_step_forward_chunks(layer.double(), x)
    recipe.check_causality(layer, x)
    # The positions matter: without them the last output ignores the order of the past.
    swapped = x[:, [1, 0, 2, 3, 4, 5, 6]]
    assert not torch.allclose(layer(swapped)[0][:, -1], layer(x)[0][:, -1])
    layer.rotate = layer.position_bias = None
    recipe.assert_close("no positions", layer(swapped)[0][:, -1], layer(x)[0][:, -1])


@pytest.mark.parametrize("kind", ["rotary", "alibi"])
def test_relative_positions_do_not_change_when_everything_moves(kind: str) -> None:
    layer = MultiHeadAttention(
        8,
        2,
        rotate=Rotary(4) if kind == "rotary" else None,
        position_bias=ALiBi(2) if kind == "alibi" else None,
    ).double()
    x, before = torch.randn(1, 4, 8).double(), torch.randn(1, 3, 8).double()
    moved = torch.cat([before, x], dim=1)
    mask = causal_mask(4, 7)
    mask[:, :3] = False  # hide what stands before
    cache = layer.read(moved)
    from_three = layer.attend(moved, cache, torch.cat([causal_mask(3, 7), mask]))[:, 3:]
    recipe.assert_close("moved", from_three, layer(x)[0])


def test_bad_input_is_named() -> None:
    x = torch.zeros(1, 3, 6)
    with recipe.without_shape_checks():
        for build in MODULES.values():
            module = build()
            with pytest.raises(ValueError, match=r"^x must"):
                module(x[..., :4])
            with pytest.raises(ValueError, match=r"^offset must"):
                module(x, -1)
            if not isinstance(module, Learned):
                with pytest.raises(TypeError, match=r"^x must"):
                    module(x.long())
        for odd in (Sinusoidal, Rotary):
            with pytest.raises(ValueError, match=r"^dim must"):
                odd(5)
        with pytest.raises(ValueError, match="max_length"):
            Learned(0, 4)
        with pytest.raises(ValueError, match=r"^num_heads must"):
            ALiBi(0)
        with pytest.raises(ValueError, match=r"^query must"):
            ALiBi(2)(torch.zeros(1, 3, 4, 5), 4)
        with pytest.raises(ValueError, match=r"^key_length must"):
            ALiBi(2)(torch.zeros(1, 2, 4, 5), 3)

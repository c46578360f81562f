"""Models by name: causal, of the wanted size, and honest about it."""

from __future__ import annotations

import pytest
import torch

from experiments.nets import sized


@pytest.mark.parametrize("kind", sized.KINDS)
def test_no_output_depends_on_a_later_token(kind: str) -> None:
    torch.manual_seed(0)
    model = sized.SequenceModel(kind, 5, 3, 8).double()
    tokens = torch.randint(0, 5, (2, 12))
    changed = tokens.clone()
    changed[:, 8:] = (changed[:, 8:] + 1) % 5
    with torch.no_grad():
        before, after = model(tokens), model(changed)
    assert before.shape == (2, 12, 3)
    assert torch.allclose(before[:, :8], after[:, :8], atol=1e-10)
    assert (before[:, 8:] - after[:, 8:]).abs().amax((0, 2)).min() > 1e-6


@pytest.mark.parametrize("kind", sized.KINDS)
def test_the_width_is_the_one_nearest_to_the_size(kind: str) -> None:
    width = sized.width_for(kind, 7, 5, 20_000)
    assert width % 4 == 0
    off = [
        abs(sized.parameters(sized.SequenceModel(kind, 7, 5, w)) - 20_000)
        for w in (width - 4, width, width + 4)
    ]
    assert off[1] == min(off)
    assert off[1] < 4_000


def test_vectors_are_read_by_a_linear_map() -> None:
    model = sized.SequenceModel("lstm", 3, 1, 4, symbols=False)
    assert model(torch.randn(2, 6, 3)).shape == (2, 6, 1)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="'tree'"):
        sized.SequenceModel("tree", 2, 2, 4)


@pytest.mark.parametrize("positions", ["none", "sinusoidal", "rotary", "alibi"])
def test_positions_reach_the_transformer(positions: sized.Positions) -> None:
    torch.manual_seed(0)
    model = sized.SequenceModel("transformer", 4, 4, 8, positions)
    tokens = torch.tensor([[1, 2, 3, 0], [2, 1, 3, 0]])
    with torch.no_grad():
        first, second = model(tokens)[:, -1]
    # Two layers without positions tell orders apart only by what a causal mask hides.
    assert not torch.equal(first, second)

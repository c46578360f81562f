"""The small minGRU against the large one; the parts of the delta rule under a rule of its own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from solutions.delta import gated_delta_rule
from solutions.min_rnn import MinGRU
from solutions.two_recurrences import DeltaParts, MatrixState, MinGRUParts, Recurrent, VectorState
from tests.layers import recipe


def test_the_recurrent_layer_is_a_min_gru() -> None:
    layer, wanted = Recurrent(3, 5).double(), MinGRU(3, 5).double()
    wanted.load_state_dict(layer.state_dict())
    x, h = torch.randn(2, 7, 3).double(), torch.randn(2, 5).double()
    y, state = layer(x, VectorState(h))
    right, last = wanted(x, wanted.initial_state(2)._replace(h=h))
    recipe.assert_close("y", y, right)
    recipe.assert_close("h", state.h, last.h)


def test_promises() -> None:
    layer, x = Recurrent(3, 5).double(), torch.randn(2, 6, 3).double()
    state = VectorState(torch.randn(2, 5).double())
    recipe.check_step_forward_chunks(layer, x, state)
    recipe.check_gradients(layer, x, state, fast=True)
    recipe.check_causality(layer, x)
    recipe.check_state_size(layer, x)
    recipe.check_dtypes(layer, x)
    recipe.check_bad_input(layer, 3)


def test_both_say_what_they_are_and_begin_with_nothing() -> None:
    assert {MinGRUParts.kind, DeltaParts.kind} == {"minGRU", "gated delta rule"}
    assert Recurrent.kind in {MinGRUParts.kind, DeltaParts.kind}
    memory = DeltaParts(4, 6).double().initial_state(3)
    assert memory.S.shape == (3, 6, 4)
    assert memory.S.dtype == torch.float64
    assert not memory.S.any()


def test_the_equations_of_the_delta_parts_are_the_gated_delta_rule() -> None:
    parts = DeltaParts(4, 6).double()
    x, S = torch.randn(2, 5, 4).double(), torch.randn(2, 6, 4).double()
    parts.check(MatrixState(S), 2)

    def unit(x: Tensor) -> Tensor:
        return x / x.norm(dim=-1, keepdim=True)

    q, k, v = unit(parts.query(x)), unit(parts.key(x)), parts.value(x)
    beta, alpha = (torch.sigmoid(net(x)).squeeze(-1) for net in (parts.write, parts.keep))
    heads = (part.unsqueeze(1) for part in (q, k, v, alpha.log(), beta))
    wanted, last = gated_delta_rule(*heads, S.unsqueeze(1), "recurrent")
    rows = []
    for t in range(5):  # as the docstring of DeltaParts has it
        faded = alpha[:, t, None, None] * S
        missing = v[:, t] - torch.einsum("bkv,bk->bv", faded, k[:, t])
        S = faded + beta[:, t, None, None] * k[:, t].unsqueeze(-1) * missing.unsqueeze(-2)
        rows.append(torch.einsum("bkv,bk->bv", S, q[:, t]))
    recipe.assert_close("y", torch.stack(rows, dim=1), wanted.squeeze(1))
    recipe.assert_close("S", S, last.squeeze(1))


def test_sizes_and_states_that_do_not_fit_are_refused() -> None:
    for parts in (MinGRUParts, DeltaParts):
        with pytest.raises(ValueError, match="sizes must be at least 1, got 0 and 3"):
            parts(0, 3)
    with pytest.raises(ValueError, match=r"state.S must have shape \(2, 6, 4\)"):
        DeltaParts(4, 6).check(MatrixState(torch.zeros(2, 4, 6)), 2)

"""Stacked, bidirectional and padded layers against torch.nn, with weights copied over."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from solutions.gates import GRU, LSTM
from solutions.stacking import (
    Bidirectional,
    SequenceClassifier,
    Stacked,
    StackedState,
    check_lengths,
    forward_padded,
    last_valid,
    reverse,
)
from tests.layers import machine, recipe

LENGTHS = torch.tensor([5, 1, 3])


def copy_lstm(oracle: nn.LSTM, suffix: str, input_size: int) -> LSTM:
    """Return one of our layers with the weights of one layer and direction of torch's."""
    layer = LSTM(input_size, oracle.hidden_size).double()
    with torch.no_grad():
        layer.cell.weight_ih.copy_(getattr(oracle, f"weight_ih_{suffix}"))
        layer.cell.weight_hh.copy_(getattr(oracle, f"weight_hh_{suffix}"))
        biases = [getattr(oracle, f"bias_{part}_{suffix}") for part in ("ih", "hh")]
        layer.cell.bias.copy_(biases[0] + biases[1])
    return layer


def packed(oracle: nn.LSTM, x: Tensor, lengths: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    sequences = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    y, state = oracle(sequences)
    return pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0], state


def test_stacked_layers_agree_with_torch() -> None:
    oracle = nn.LSTM(3, 4, num_layers=2, batch_first=True).double()
    stack = Stacked([copy_lstm(oracle, "l0", 3), copy_lstm(oracle, "l1", 4)])
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    (y, state), (wanted, (h, c)) = stack(x), oracle(x)
    recipe.assert_close("y", y, wanted)
    for k, layer_state in enumerate(state.layers):
        recipe.assert_close("h", layer_state.h, h[k])
        recipe.assert_close("c", layer_state.c, c[k])
    y.pow(2).sum().backward()
    wanted.pow(2).sum().backward()
    for k in range(2):
        grads = stack.layers[k].cell
        recipe.assert_close("W", grads.weight_ih.grad, getattr(oracle, f"weight_ih_l{k}").grad)
        recipe.assert_close("U", grads.weight_hh.grad, getattr(oracle, f"weight_hh_l{k}").grad)


@pytest.mark.parametrize(("batch", "time"), [(2, 7), (1, 1)])
def test_a_stack_is_a_sequence_layer(batch: int, time: int) -> None:
    stack = Stacked([LSTM(3, 4), GRU(4, 2), LSTM(2, 2)]).double()
    x = torch.randn(batch, time, 3, dtype=torch.float64)
    recipe.check_step_forward_chunks(stack, x)
    recipe.check_causality(stack, x)
    recipe.check_state_size(stack, x)
    recipe.check_dtypes(stack, x)
    recipe.check_bad_input(stack, 3)


def test_layers_of_one_direction_each_become_one_graph() -> None:
    layer = Bidirectional(GRU(3, 4), LSTM(3, 2)).double()
    recipe.check_compiles(layer, torch.randn(2, 3, 3, dtype=torch.float64))


def test_lengths_that_are_given_can_be_exported() -> None:
    x, lengths = torch.randn(3, 5, 3), LENGTHS
    machine.check_exports(Bidirectional(GRU(3, 4), LSTM(3, 2)), x, None, lengths)


def test_bad_stacks_are_named() -> None:
    with pytest.raises(ValueError, match="layers must hold at least one layer"):
        Stacked([])
    stack = Stacked([LSTM(3, 4), GRU(4, 2)])
    short = StackedState(stack.initial_state(2).layers[:1])
    with pytest.raises(ValueError, match=r"state\.layers must hold 2 states, got 1"):
        stack(torch.randn(2, 3, 3), short)


def bidirectional() -> tuple[nn.LSTM, Bidirectional]:
    oracle = nn.LSTM(3, 4, batch_first=True, bidirectional=True).double()
    ours = Bidirectional(copy_lstm(oracle, "l0", 3), copy_lstm(oracle, "l0_reverse", 3))
    return oracle, ours


def test_bidirectional_agrees_with_torch() -> None:
    oracle, ours = bidirectional()
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    (y, state), (wanted, (h, c)) = ours(x), oracle(x)
    recipe.assert_close("y", y, wanted)
    recipe.assert_close("h ahead", state.ahead.h, h[0])
    recipe.assert_close("c back", state.back.c, c[1])
    weight = torch.randn_like(y)
    (got,) = torch.autograd.grad((y * weight).sum(), x)
    (grad,) = torch.autograd.grad((wanted * weight).sum(), x)
    recipe.assert_close("gradient of x", got, grad)


def test_bidirectional_ignores_padding_as_torchs_packed_sequences_do() -> None:
    oracle, ours = bidirectional()
    x = torch.randn(3, 5, 3, dtype=torch.float64)
    wanted, (h, _) = packed(oracle, x, LENGTHS)
    y, _ = ours(x, lengths=LENGTHS)
    for b, n in enumerate(LENGTHS):
        recipe.assert_close("y", y[b, :n], wanted[b, :n])
    recipe.assert_close("summary", ours.summary(x, LENGTHS), torch.cat([h[0], h[1]], dim=-1))


def test_bidirectional_cannot_stream_and_says_so() -> None:
    layer = Bidirectional(LSTM(3, 4), GRU(3, 2))
    x = torch.randn(2, 5, 3)
    assert layer(x)[0].shape == (2, 5, 6)
    with pytest.raises(NotImplementedError, match="a bidirectional layer cannot step"):
        layer.step(x[:, 0], layer.initial_state(2))
    with pytest.raises(ValueError, match="state must be None"):
        layer(x, layer.initial_state(2))


def test_padding_changes_neither_outputs_nor_states_nor_gradients() -> None:
    oracle = nn.LSTM(3, 4, batch_first=True).double()
    layer = copy_lstm(oracle, "l0", 3)
    x = torch.randn(3, 5, 3, dtype=torch.float64, requires_grad=True)
    y, state = forward_padded(layer, x, LENGTHS)
    wanted, (h, c) = packed(oracle, x, LENGTHS)
    recipe.assert_close("y", y, wanted)
    recipe.assert_close("h", state.h, h[0])
    recipe.assert_close("c", state.c, c[0])
    recipe.assert_close("last valid", last_valid(layer(x)[0], LENGTHS), h[0])
    (got,) = torch.autograd.grad((y.pow(2).sum() + state.c.sum()), x)
    (grad,) = torch.autograd.grad((wanted.pow(2).sum() + c.sum()), x)
    recipe.assert_close("gradient of x", got, grad)
    assert not got[1, 1:].any()


def test_padded_stacks_keep_every_layers_state() -> None:
    stack = Stacked([LSTM(3, 4), GRU(4, 2)]).double()
    x = torch.randn(3, 5, 3, dtype=torch.float64)
    _, state = forward_padded(stack, x, LENGTHS)
    for b, n in enumerate(LENGTHS):
        _, alone = stack(x[b : b + 1, :n])
        for got, wanted in zip(recipe.tensors(state), recipe.tensors(alone), strict=True):
            recipe.assert_close("state", got[b], wanted[0])


def test_reverse_turns_round_what_is_valid_only() -> None:
    x = torch.arange(15.0).view(3, 5, 1)
    rows = reverse(x, LENGTHS).squeeze(-1).tolist()
    assert rows == [[4, 3, 2, 1, 0], [5, 6, 7, 8, 9], [12, 11, 10, 13, 14]]


def test_lengths_are_checked() -> None:
    with pytest.raises(TypeError, match=r"lengths must hold integers, got torch\.float32"):
        check_lengths(torch.tensor([1.0]), 1, 3)
    with pytest.raises(ValueError, match=r"lengths must have shape \(2,\), got \(1,\)"):
        check_lengths(torch.tensor([1]), 2, 3)
    for bad in (0, 4):
        with pytest.raises(ValueError, match=r"lengths must lie in 1 \.\. 3"):
            check_lengths(torch.tensor([bad]), 1, 3)


def test_classifier_reads_the_last_valid_output() -> None:
    oracle, both = bidirectional()
    x = torch.randn(3, 5, 3, dtype=torch.float64)
    _, (h, _) = packed(oracle, x, LENGTHS)
    one_way = SequenceClassifier(both.ahead, 4, 6).double()
    recipe.assert_close("logits", one_way(x, LENGTHS), one_way.readout(h[0]))
    two_way = SequenceClassifier(both, 8, 6).double()
    summary = torch.cat([h[0], h[1]], dim=-1)
    recipe.assert_close("logits", two_way(x, LENGTHS), two_way.readout(summary))
    full = torch.full((3,), 5)
    recipe.assert_close("without padding", two_way(x), two_way(x, full))
    with pytest.raises(ValueError, match="sizes must be at least 1"):
        SequenceClassifier(both, 8, 0)


def test_classifier_learns_which_token_came_first() -> None:
    x = nn.functional.one_hot(torch.randint(2, (32, 6)), 2).float()
    label = x[:, 0].argmax(dim=-1)
    lengths = torch.randint(1, 7, (32,))
    model = SequenceClassifier(LSTM(2, 8, forget_bias=1.0), 8, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        loss = nn.functional.cross_entropy(model(x, lengths), label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.equal(model(x, lengths).argmax(dim=-1), label)

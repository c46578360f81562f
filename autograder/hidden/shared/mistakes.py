"""Mistakes that can be made with any sequence layer, each as the answer it leads to.

Given a layer, its weights, tokens and the state that was passed in, a mistake gives outputs and
state, as the right rule does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from autograder.hidden.shared.layers import Layer, Rule, State, Weights

Mistake = Callable[[Layer, Weights, Tensor, State], tuple[Tensor, State]]


def ignores_the_state(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    return layer.rule(w, x, layer.start(w, len(x)))


def keeps_the_state(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    y, _ = layer.rule(w, x, s)
    return (s[0].unsqueeze(1) if s[0].shape == y[:, 0].shape else y), s


def returns_the_old_state(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    return layer.rule(w, x, s)[0], s


def backwards(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    y, s = layer.rule(w, x.flip(1), s)
    return y.flip(1), s


def backwards_in_that_order(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    return layer.rule(w, x.flip(1), s)


def reversed_outputs(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    y, s = layer.rule(w, x, s)
    return y.flip(1), s


def without_the_first(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    if x.shape[1] == 1:
        return layer.rule(w, x, s)
    y, after = layer.rule(w, x[:, 1:], s)
    first = s[0] if s[0].shape == y[:, 0].shape else torch.zeros_like(y[:, 0])
    return torch.cat([first.unsqueeze(1), y], dim=1), after


def one_late(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    y, after = layer.rule(w, x, s)
    first = s[0] if s[0].shape == y[:, 0].shape else torch.zeros_like(y[:, 0])
    return torch.cat([first.unsqueeze(1), y[:, :-1]], dim=1), after


def forgets(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    outputs = [layer.rule(w, x_t.unsqueeze(1), s) for x_t in x.unbind(1)]
    return torch.cat([y for y, _ in outputs], dim=1), outputs[-1][1]


def forgets_all(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    return forgets(layer, w, x, layer.start(w, len(x)))


def reshaped(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    y, s = layer.rule(w, x, s)
    return y.transpose(0, 1).reshape(y.shape), s


def batch_as_time(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    y, _ = layer.rule(w, x.transpose(0, 1), layer.start(w, x.shape[1]))
    return y.transpose(0, 1), s


def twice(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    doubled = x.repeat_interleave(2, dim=1)
    y, s = layer.rule(w, doubled, s)
    return y[:, 1::2], s


def last_everywhere(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    y, s = layer.rule(w, x, s)
    return y[:, -1:].expand_as(y), s


def after_first(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    return layer.rule(w, x, s)[0], layer.rule(w, x[:, :1], s)[1]


def after_last_but_one(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    return layer.rule(w, x, s)[0], layer.rule(w, x[:, :-1], s)[1] if x.shape[1] > 1 else s


def from_ones(layer: Layer, w: Weights, x: Tensor, s: State) -> tuple[Tensor, State]:
    return layer.rule(w, x, tuple(torch.ones_like(part) for part in s))


MISTAKES: Mapping[str, Mistake] = {
    "The state that was passed in is ignored": ignores_the_state,
    "This is the state that came in": returns_the_old_state,
    "This is still the old state": keeps_the_state,
    "The sequence is read from its end": backwards,
    "The sequence is read from its end, and the outputs come in that order": (
        backwards_in_that_order
    ),
    "The outputs are in reverse order": reversed_outputs,
    "The outputs are one step late: output t should be the one after token t": one_late,
    "The first token is left out": without_the_first,
    "Every token starts from the first state: the state is not handed on": forgets,
    "Every token starts from initial_state: the state is not handed on": forgets_all,
    "The outputs are in the wrong places: a reshape cannot exchange batch and time, "
    "torch.stack(..., dim=1) puts time on axis 1": reshaped,
    "The batch is taken for time: x is (batch, time, features)": batch_as_time,
    "Every token is read twice": twice,
    "Every output is the last one: is one tensor overwritten again and again?": last_everywhere,
    "This is the state after the first token": after_first,
    "This is the state after the last token but one": after_last_but_one,
    "It begins with ones, not with zeros": from_ones,
}


def rules(layer: Layer) -> Iterator[tuple[str, Rule]]:
    """The layer's own mistakes and those of any layer, as rules."""
    yield from layer.wrong.items()
    for words, mistake in MISTAKES.items():
        yield words, partial(mistake, layer)


def named(
    layer: Layer,
    weights: Weights,
    x: Tensor,
    state: State,
    matches: Callable[[dict[str, Tensor]], bool],
    likely: str = "",
) -> tuple[str, Rule] | None:
    """The first mistake whose answer matches; the likely one is tried before the others."""
    known = dict(rules(layer))
    for words in sorted(known, key=lambda words: words != likely):
        with torch.no_grad():
            answer = layer.answer(*known[words](weights, x, state))
        if matches(answer):
            return words, known[words]
    return None

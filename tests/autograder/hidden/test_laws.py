"""The laws hold for layers of every kind, and notice what can be wrong with each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autograder.checks import CheckFailure, Student
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer, State, Weights
from autograder.hidden.shared.tools import DOUBLE, normal
from autograder.inside.runtime import Runtime
from autograder.line.local import LocalTransport
from solutions import alignment, attention, carousel, causal_decoder, gates, ssm


def described(kind: type[Any], record: type[Any], sizes: tuple[tuple[int, ...], ...]) -> Layer:
    """A layer that is its own oracle: enough to ask whether the laws fit it."""

    def weights(rng: torch.Generator, *size: int) -> Weights:
        parameters = kind(*size).double().named_parameters()
        return {name: 0.5 * normal(rng, *value.shape) for name, value in parameters}

    def module(weights: Weights) -> nn.Module:
        shapes = {name: value.shape for name, value in weights.items()}
        for size in sizes:
            made = kind(*size).double()
            if {name: value.shape for name, value in made.named_parameters()} == shapes:
                return made
        raise AssertionError("no size of the layer has these weights")

    def rule(weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        given = (x, record(*state))
        y, after = torch.func.functional_call(module(weights), dict(weights), given)
        return y, tuple(after)

    def start(weights: Weights, batch: int) -> State:
        return tuple(part.detach() for part in module(weights).initial_state(batch))

    return Layer(kind.__name__, record.__name__, record._fields, sizes, weights, rule, start)


def has_read(rng: torch.Generator, weights: Weights, batch: int) -> State:
    """Where a decoder of 5 units begins: at 4 source tokens of 3 numbers, some of them padding."""
    h, memory, keys = (normal(rng, batch, *shape) for shape in ((5,), (4, 3), (4, 5)))
    mask = torch.rand(batch, 4, generator=rng) < 0.7
    return h, torch.zeros(batch, 0, dtype=DOUBLE), memory, keys, mask


RECURRENT = ((3, 5), (1, 1), (2, 4), (4, 1))
LSTM = described(gates.LSTM, gates.LSTMState, RECURRENT)
ATTENTION = described(attention.MultiHeadAttention, attention.KeyValueCache, ((8, 2), (1, 1)))
DECODER = described(
    causal_decoder.CausalDecoder, causal_decoder.DecoderCache, ((8, 2, 2, 1, 3), (2, 1, 1, 1, 2))
)
TRANSLATOR = replace(
    described(alignment.BahdanauDecoder, alignment.AlignmentState, ((3, 5, 3),)), begins=has_read
)
LAYERS = {
    "LSTM": (LSTM, gates.LSTM, gates.LSTMState),
    "GRU": (described(gates.GRU, gates.GRUState, RECURRENT), gates.GRU, gates.GRUState),
    "carousel": (
        described(carousel.NaiveCarousel, carousel.CarouselState, RECURRENT),
        *(carousel.NaiveCarousel, carousel.CarouselState),
    ),
    "attention": (ATTENTION, attention.MultiHeadAttention, attention.KeyValueCache),
    "decoder, with truths in its state": (
        *(DECODER, causal_decoder.CausalDecoder, causal_decoder.DecoderCache),
    ),
    "decoder that has read a source": (
        *(TRANSLATOR, alignment.BahdanauDecoder, alignment.AlignmentState),
    ),
    "state space": (
        described(ssm.DiagonalSSM, ssm.SSMState, ((4, 6), (1, 2))),
        *(ssm.DiagonalSSM, ssm.SSMState),
    ),
}


def student(kind: type[Any], record: type[Any], name: str) -> Student:
    """Somebody whose layer of that name is this class."""
    namespace = {name: kind, record.__name__: record}
    return Student(LocalTransport(Runtime(namespace)))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize("law", laws.ALL, ids=lambda law: law.__name__)
@pytest.mark.parametrize("name", LAYERS)
def test_right_layers_of_every_kind_keep_the_law(name: str, law: laws.Law) -> None:
    layer, kind, record = LAYERS[name]
    law(student(kind, record, layer.name), rng(), layer)


def test_the_oracle_of_the_lstm_is_that_of_torch() -> None:
    """The description above compares a layer with itself; torch's own says the same."""
    weights = LSTM.weights(rng(), 3, 5)
    x, (h, c) = normal(rng(), 2, 4, 3), (normal(rng(), 2, 5), normal(rng(), 2, 5))
    other = nn.LSTM(3, 5, batch_first=True).double()
    named = dict(zip(("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), weights.values(), strict=True))
    other.load_state_dict(named | {"bias_hh_l0": torch.zeros(20, dtype=DOUBLE)})
    wanted, _ = other(x, (h.unsqueeze(0), c.unsqueeze(0)))
    torch.testing.assert_close(LSTM.rule(weights, x, (h, c))[0], wanted, rtol=1e-10, atol=1e-10)


# --- bugs -------------------------------------------------------------------------------------


class ForgetsTheCells(gates.LSTM):
    def forward(self, x: Tensor, state: Any = None) -> Any:
        y, state = super().forward(x, state)
        return y, gates.LSTMState(state.h, torch.zeros_like(state.c))


class DetachesTheCells(gates.LSTM):
    def step(self, x: Tensor, state: Any) -> Any:
        return super().step(x, gates.LSTMState(state.h, state.c.detach()))


class ExchangesTheState(gates.LSTM):
    def step(self, x: Tensor, state: Any) -> Any:
        return super().step(x, gates.LSTMState(state.c, state.h))


class StartsWithAToken(attention.MultiHeadAttention):
    def initial_state(self, batch: int) -> Any:
        empty = self.key.weight.new_zeros(batch, self.num_kv_heads, 1, self.head_dim)
        return attention.KeyValueCache(empty, empty)


class DropsTheCache(attention.MultiHeadAttention):
    def forward(self, x: Tensor, state: Any = None) -> Any:
        return super().forward(x)


class KeepsOnlyNewKeys(attention.MultiHeadAttention):
    def forward(self, x: Tensor, state: Any = None) -> Any:
        y, cache = super().forward(x, state)
        time = x.shape[1]
        return y, attention.KeyValueCache(cache.keys[:, :, -time:], cache.values[:, :, -time:])


class SeesTheFuture(attention.MultiHeadAttention):
    def attend(self, x: Tensor, cache: Any, mask: Any = None, causal: bool = False) -> Tensor:
        return super().attend(x, cache, mask)


class TakesTokensForPadding(causal_decoder.CausalDecoder):
    def forward(self, x: Tensor, state: Any = None, real: Any = None) -> Any:
        y, state = super().forward(x, state, real)
        return y, state._replace(real=torch.zeros_like(state.real))


class BeginsInFloat(causal_decoder.CausalDecoder):
    def initial_state(self, batch: int) -> Any:
        state = super().initial_state(batch)
        return state._replace(real=state.real.float())


BUGS: list[tuple[type[Any], Layer, type[Any], laws.Law, str]] = [
    (ForgetsTheCells, LSTM, gates.LSTMState, laws.chunks, r"state\.c"),
    (DetachesTheCells, LSTM, gates.LSTMState, laws.layer_gradients, "Is it detached"),
    (ExchangesTheState, LSTM, gates.LSTMState, laws.one_step, "of step differs"),
    (StartsWithAToken, ATTENTION, attention.KeyValueCache, laws.initial_state, "state.keys"),
    (DropsTheCache, ATTENTION, attention.KeyValueCache, laws.start_state, "is ignored"),
    (KeepsOnlyNewKeys, ATTENTION, attention.KeyValueCache, laws.chunks, "state.keys"),
    (TakesTokensForPadding, DECODER, causal_decoder.DecoderCache, laws.one_step, r"state\.real"),
    (BeginsInFloat, DECODER, causal_decoder.DecoderCache, laws.initial_state, "dtype of the"),
    (SeesTheFuture, ATTENTION, attention.KeyValueCache, laws.whole_sequence, "differs"),
]


@pytest.mark.parametrize(
    ("kind", "layer", "record", "law", "words"), BUGS, ids=[bug[0].__name__ for bug in BUGS]
)
def test_bugs_of_other_kinds_break_their_law(
    kind: type[Any], layer: Layer, record: type[Any], law: laws.Law, words: str
) -> None:
    with pytest.raises(CheckFailure, match=words):
        law(student(kind, record, layer.name), rng(), layer)


def test_a_title_for_every_law() -> None:
    titles: dict[str, Callable[..., Any]] = {law.__name__: law for law in laws.ALL}
    assert titles.keys() == laws.TITLES.keys()

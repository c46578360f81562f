"""Part 1, the naive carousel: its parameters, then the laws of sequence layers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_shape
from autograder.hidden.carousel.suite import suite
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Layer, Rule, State, Weights, zeros
from autograder.hidden.shared.tools import normal

LAYER_CELL = "naive-carousel-tests"


# --- what is right ----------------------------------------------------------------------------


def random_weights(rng: torch.Generator, inputs: int, hidden: int) -> Weights:
    """W, and self-loops of both signs, none of them 1."""
    signs = torch.where(torch.arange(hidden) % 3 == 1, -1.0, 1.0)
    sizes = 0.7 + 0.25 * torch.rand(hidden, generator=rng, dtype=torch.float64)
    return {"weight_ih": 0.6 * normal(rng, hidden, inputs), "self_loop": signs * sizes}


def unrolled(new_state: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Rule:
    """The layer whose next state is made from w, s(t-1) and W x(t)."""

    def rule(weights: Weights, x: Tensor, state: State) -> tuple[Tensor, State]:
        (s,), outputs = state, []
        for x_t in x.unbind(1):
            s = new_state(weights["self_loop"], s, x_t @ weights["weight_ih"].T)
            outputs.append(s)
        return torch.stack(outputs, dim=1), (s,)

    return rule


right = unrolled(lambda w, s, u: w * s + u)


WRONG: dict[str, Rule] = {
    "self_loop is not used: this is s(t-1) + W x(t), which is right for w = 1 only": (
        unrolled(lambda w, s, u: s + u)
    ),
    "The old state is left out": unrolled(lambda w, s, u: u),
    "w also multiplies W x(t); it belongs to the old state alone": (
        unrolled(lambda w, s, u: w * (s + u))
    ),
    "w multiplies W x(t); it belongs to the old state": unrolled(lambda w, s, u: s + w * u),
    "The input is weighted with 1 - w, as in a moving average; the carousel adds all of W x(t)": (
        unrolled(lambda w, s, u: w * s + (1 - w) * u)
    ),
    "There is a tanh; the units of a carousel are linear": (
        unrolled(lambda w, s, u: torch.tanh(w * s + u))
    ),
    "There is a tanh around W x(t); the units of a carousel are linear": (
        unrolled(lambda w, s, u: w * s + torch.tanh(u))
    ),
    "There is a logistic function; the units of a carousel are linear": (
        unrolled(lambda w, s, u: torch.sigmoid(w * s + u))
    ),
    "The old state is subtracted": unrolled(lambda w, s, u: u - w * s),
    "W x(t) is subtracted": unrolled(lambda w, s, u: w * s - u),
    "The size of w is used; its sign counts, too": unrolled(lambda w, s, u: w.abs() * s + u),
    "One weight is used for all units; each has its own self-loop": (
        unrolled(lambda w, s, u: w[0] * s + u)
    ),
    "The mean of the weights is used; each unit has its own self-loop": (
        unrolled(lambda w, s, u: w.mean() * s + u)
    ),
    "The units hear each other; self_loop multiplies each unit's own state": (
        unrolled(lambda w, s, u: (s @ w).unsqueeze(-1) + u)
    ),
    "The old state is added twice": unrolled(lambda w, s, u: w * s + s + u),
    "W x(t) is added twice": unrolled(lambda w, s, u: w * s + 2 * u),
}

LAYER = Layer(
    name="NaiveCarousel",
    record="CarouselState",
    fields=("s",),
    sizes=((3, 5), (1, 1), (2, 4), (4, 1), (1, 3)),
    weights=random_weights,
    rule=right,
    start=zeros("weight_ih"),
    wrong=WRONG,
)


# --- the checks -------------------------------------------------------------------------------


@suite.check(LAYER_CELL, points=0.5, title="the parameters: names, shapes, and how they start")
def carousel_parameters(student: Student, rng: torch.Generator) -> None:
    shapes = {"weight_ih": (30, 20), "self_loop": (30,)}
    for options, start in (((), 1.0), ((0.9,), 0.9)):
        state, other = (student.NaiveCarousel(20, 30, *options).state_dict() for _ in range(2))
        expect(
            set(state) == set(shapes),
            f"NaiveCarousel should have the parameters {', '.join(shapes)} and no others; "
            f"it has {', '.join(state) or 'none'}. A plain tensor is no nn.Parameter",
        )
        for name, shape in shapes.items():
            expect_shape(state[name], shape, what=f"{name} of NaiveCarousel(20, 30)")
        w, W = state["self_loop"].double(), state["weight_ih"].double()
        what = f"with self_loop={options[0]}" if options else "without the argument self_loop"
        expect(
            bool((w - start).abs().max() < 1e-6),
            f"{what} every entry of self_loop should start as {start}",
        )
        expect(bool(W.abs().max() <= 0.1 + 1e-6), "weight_ih should start within ±0.1")
        # 600 numbers, uniform: by chance the range stays less than 0.9 filled once in 1e13 draws.
        expect(
            bool(W.max() > 0.09) and bool(W.min() < -0.09) and W.unique().numel() > 300,
            "weight_ih does not fill the range ±0.1: is each entry drawn by itself, uniform?",
        )
        expect(
            not torch.equal(W, other["weight_ih"].double()),
            "two layers start with the same weight_ih: does the constructor set the seed?",
        )


laws.hold(suite, LAYER_CELL, LAYER, {laws.initial_state: 0.5, laws.one_step: 0.5}, "carousel_")


@suite.check(LAYER_CELL, points=0.5, title="a whole sequence, from any state, in chunks as at once")
def carousel_sequence(student: Student, rng: torch.Generator) -> None:
    for law in (laws.whole_sequence, laws.start_state, laws.chunks):
        law(student, rng, LAYER)


laws.hold(suite, LAYER_CELL, LAYER, {laws.layer_gradients: 0.5}, "carousel_")


@suite.check(LAYER_CELL, points=0.5, title="edges: sizes of one, odd lengths, float32, calls apart")
def carousel_edges(student: Student, rng: torch.Generator) -> None:
    for law in (laws.apart, laws.layer_edges):
        law(student, rng, LAYER)

"""Part 5, memory blocks: one step, one mechanism at a time, then the laws of sequence layers.

Each check of a mechanism is asked in a case where the others can hardly be heard: gates held open
or shut by their bias, no feedback. A mistake that is known to belong to another mechanism passes;
it has a check of its own.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from autograder.checks import Student, expect_shape
from autograder.hidden.carousel.equation import MISTAKES, RIGHT, WRONG, random_weights
from autograder.hidden.carousel.suite import suite
from autograder.hidden.shared import laws
from autograder.hidden.shared.layers import Answer, Layer, State, Trial, Weights
from autograder.hidden.shared.owned import expect_mechanism, outcomes
from autograder.hidden.shared.tools import DOUBLE, normal

BLOCKS = "memory-blocks-tests"
OPEN, SHUT = 60.0, -60.0  # biases: f is 1 and 0 to all digits
SIZE = INPUTS, COUNT, EACH = 3, 2, 3  # tokens, blocks, cells of a block
SIZES = (SIZE, (1, 1, 1), (2, 3, 1), (4, 1, 2))
CELLS_OF = {blocks * (each + 2): blocks * each for _, blocks, each in SIZES}  # by units
CELLS = slice(0, COUNT * EACH)
INPUT_GATES = slice(CELLS.stop, CELLS.stop + COUNT)
OUTPUT_GATES = slice(INPUT_GATES.stop, INPUT_GATES.stop + COUNT)
UNITS = OUTPUT_GATES.stop


def start(weights: Weights, batch: int) -> State:
    """Zeros for s and y."""
    units = len(weights["bias"])
    s, y = (torch.zeros(batch, width, dtype=DOUBLE) for width in (CELLS_OF[units], units))
    return s, y


LAYER = Layer(
    name="MemoryBlocks",
    record="MemoryState",
    fields=("s", "y"),
    sizes=SIZES,
    weights=random_weights,
    rule=RIGHT.rule,
    start=start,
    wrong=WRONG,
)


# --- one mechanism at a time ------------------------------------------------------------------


def weights_with(
    rng: torch.Generator, held: tuple[tuple[slice, float], ...] = (), fed: bool = False
) -> Weights:
    """Random weights, but some units hear nothing except their bias; no feedback unless `fed`."""
    weights = dict(random_weights(rng, *SIZE))
    if not fed:
        weights["weight_hh"] = torch.zeros_like(weights["weight_hh"])
    for units, bias in held:
        weights["weight_ih"][units] = 0
        weights["bias"][units] = bias
    return weights


def expect_in_step(
    student: Student,
    rng: torch.Generator,
    mechanisms: tuple[str, ...],
    weights: Weights,
    parts: tuple[str, ...],
    hint: str,
    s: Tensor | None = None,
) -> None:
    """Fail unless these parts of one step's answer are right; name the mistake.

    Mistakes of other mechanisms pass: each costs once.
    """
    trial = Trial(student, rng, replace(LAYER, weights=lambda rng, *size: weights))
    x, before = normal(rng, 4, INPUTS), normal(rng, 4, CELLS.stop) if s is None else s
    state = before, torch.rand(4, UNITS, generator=rng, dtype=DOUBLE)

    def joined(answer: Answer) -> Tensor:
        return torch.cat([answer[part] for part in parts], dim=1)

    mistakes = outcomes(
        MISTAKES, lambda equation: joined(LAYER.answer(*equation.step(weights, x, state)))
    )
    answer, right = trial.step(x, state), LAYER.answer(*RIGHT.step(weights, x, state))
    for part in parts:
        expect_shape(answer[part], right[part].shape, what=f"{part} of step", hint=hint)
    what = " and ".join(parts) + " of step"
    expect_mechanism(joined(answer), joined(right), mistakes, mechanisms, hint, what)


@suite.check(BLOCKS, points=0.5, title="what enters a cell passes g = 4f - 2")
def enters_through_g(student: Student, rng: torch.Generator) -> None:
    weights = weights_with(rng, ((INPUT_GATES, OPEN), (OUTPUT_GATES, OPEN)))
    hint = "All gates are open and s(t-1) is 0, so state.s should be g(net) of the cells"
    empty = torch.zeros(4, CELLS.stop, dtype=DOUBLE)
    expect_in_step(student, rng, ("g",), weights, ("state.s",), hint, empty)


@suite.check(BLOCKS, points=0.5, title="what leaves a cell passes h = 2f - 1")
def leaves_through_h(student: Student, rng: torch.Generator) -> None:
    weights = weights_with(rng, ((CELLS, 0.0), (INPUT_GATES, SHUT), (OUTPUT_GATES, OPEN)))
    hint = "Nothing is written and output gates are open, so the output should be h(s(t-1))"
    expect_in_step(student, rng, ("h",), weights, ("the output",), hint)


@suite.check(BLOCKS, points=0.5, title="the state is kept whole: added to, nothing forgotten")
def kept_whole(student: Student, rng: torch.Generator) -> None:
    hint = "s(t) = s(t-1) + in g(net): the old state comes through as it is"
    expect_in_step(student, rng, ("kept",), weights_with(rng), ("state.s",), hint)


@suite.check(BLOCKS, points=0.5, title="the input gate decides how much is written")
def written(student: Student, rng: torch.Generator) -> None:
    hint = "s(t-1) is 0, so state.s should be in g(net), with in = f(net_in)"
    empty = torch.zeros(4, CELLS.stop, dtype=DOUBLE)
    mechanisms = ("written", "gates")
    expect_in_step(student, rng, mechanisms, weights_with(rng), ("state.s",), hint, empty)


@suite.check(BLOCKS, points=0.5, title="the output gate decides how much of the new state is read")
def read(student: Student, rng: torch.Generator) -> None:
    hint = "The output should be out h(s(t)), with out = f(net_out)"
    mechanisms = ("read", "gates")
    expect_in_step(student, rng, mechanisms, weights_with(rng), ("the output",), hint)


@suite.check(BLOCKS, points=0.5, title="rows in their order; the cells of a block share two gates")
def places(student: Student, rng: torch.Generator) -> None:
    hint = "Units stand in the order cells, input gates, output gates, and cells block after block"
    mechanisms, parts = ("shared", "rows"), ("state.s", "the output")
    expect_in_step(student, rng, mechanisms, weights_with(rng), parts, hint)


@suite.check(BLOCKS, points=0.5, title="every unit hears all activations of the step before")
def fed_back(student: Student, rng: torch.Generator) -> None:
    hint = "net = W x(t) + U y(t-1) + b of all units, and y(t) = [yc; in; out]"
    parts = ("state.s", "the output", "state.y")
    expect_in_step(student, rng, ("fed",), weights_with(rng, fed=True), parts, hint)


# --- the laws ---------------------------------------------------------------------------------

laws.hold(suite, BLOCKS, LAYER, {laws.initial_state: 0.5, laws.one_step: 0.5}, "blocks_")


@suite.check(BLOCKS, points=0.5, title="sequences, from any state, in chunks as at once")
def blocks_sequence(student: Student, rng: torch.Generator) -> None:
    for law in (laws.whole_sequence, laws.start_state, laws.chunks):
        law(student, rng, LAYER)


laws.hold(suite, BLOCKS, LAYER, {laws.layer_gradients: 0.5}, "blocks_")


@suite.check(BLOCKS, points=0.5, title="edges: block sizes, sizes of one, float32, calls apart")
def blocks_edges(student: Student, rng: torch.Generator) -> None:
    for law in (laws.apart, laws.layer_edges):
        law(student, rng, LAYER)

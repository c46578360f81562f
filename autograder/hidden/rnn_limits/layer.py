"""Part 2, the layer: step, forward and initial state agree with the textbook and each other."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.checks import (
    Student,
    expect,
    expect_close,
    expect_shape,
)
from autograder.hidden.rnn_limits.suite import suite
from autograder.hidden.rnn_limits.textbook import (
    CELL_FIRST,
    cell_is_wrong,
    expect_leaf_gradients,
    expect_parameter_gradients,
    expect_states,
    layer_with,
    random_weights,
    states,
    textbook,
)
from autograder.hidden.shared.tools import (
    ATOL,
    DOUBLE,
    as_differentiable,
    normal,
    pair,
    untouched,
)

LAYER = "rnn-layer-tests"


@suite.check(LAYER, points=0.5, title="the initial state is zeros of the layer's own dtype")
def initial_state(student: Student, rng: torch.Generator) -> None:
    for dtype in (torch.float32, DOUBLE):
        state = student.RNN(3, 5).to(dtype).initial_state(4)
        expect(
            getattr(state, "_fields", None) == ("h",),
            "initial_state should return an RNNState; RNNState(h) makes one",
        )
        name = str(dtype).removeprefix("torch.")
        hint = f"In a layer of {name} the zeros should be {name} too; new_zeros does that"
        expect_shape(state.h, (4, 5), what="the initial state", hint="(batch, hidden) is wanted")
        expect_close(
            state.h, torch.zeros(4, 5, dtype=dtype), atol=0, what="the initial state", hint=hint
        )


@suite.check(LAYER, points=1, title="step reads one token, from any state")
def one_step(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, 3, 5)
    x, h0 = normal(rng, 4, 3), normal(rng, 4, 5)
    layer = layer_with(student, weights)
    y, state = pair(layer.step(x, student.RNNState(h0)), "RNN.step")
    untouched(student, "RNN.step")

    def suspects(h: Tensor) -> dict[str, Tensor]:
        fresh = states(weights, x.unsqueeze(1), torch.zeros_like(h0)).detach()[:, 0]
        return {"The state that was passed in is ignored": fresh, "This is still the old state": h0}

    for what, value in (("the output of step", y), ("the state after step", state.h)):
        expect_states(
            student,
            value,
            weights,
            x.unsqueeze(1),
            h0,
            pick=lambda h: h[:, 0],
            suspects=suspects,
            what=what,
            hint="One step is the cell applied to x and state.h",
        )


@suite.check(LAYER, points=1, title="forward reads a whole sequence, in order")
def whole_sequence(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, 3, 5)
    x, h0 = normal(rng, 4, 7, 3), torch.zeros(4, 5, dtype=DOUBLE)
    y, _ = pair(layer_with(student, weights)(x), "RNN.forward")
    untouched(student, "RNN.forward")
    expect_shape(
        y,
        (4, 7, 5),
        what="the outputs of forward",
        hint="(batch, time, hidden) is wanted; torch.stack(..., dim=1) puts time on axis 1",
    )

    def suspects(h: Tensor) -> dict[str, Tensor]:
        backwards = states(weights, x.flip(1), h0).detach()
        return {
            "The sequence is read from its end": backwards.flip(1),
            "The sequence is read from its end, and the outputs come in that order": backwards,
            "The outputs are in reverse order": h.flip(1),
            "The outputs are one step late: output t should be the state after token t": torch.cat(
                [h0.unsqueeze(1), h[:, :-1]], dim=1
            ),
            "Every token starts from zeros: the state is not handed on": torch.stack(
                [states(weights, x_t.unsqueeze(1), h0).detach()[:, 0] for x_t in x.unbind(1)], dim=1
            ),
        }

    expect_states(
        student,
        y,
        weights,
        x,
        h0,
        suspects=suspects,
        what="the outputs of forward",
        hint="Feed the tokens to the cell one after the other and keep every state",
    )


@suite.check(LAYER, points=0.5, title="forward goes on from the state it is given")
def start_state(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, 3, 5)
    x, h0 = normal(rng, 4, 6, 3), normal(rng, 4, 5)
    y, _ = pair(layer_with(student, weights)(x, student.RNNState(h0)), "RNN.forward")
    untouched(student, "RNN.forward")
    expect_states(
        student,
        y,
        weights,
        x,
        h0,
        what="the outputs of forward",
        suspects=lambda h: {
            "The state that was passed in is ignored": states(weights, x, 0 * h0).detach()
        },
        hint="Begin with state.h when a state comes in",
    )


@suite.check(LAYER, points=1, title="chunks with the state carried over give the whole sequence")
def chunks(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, 3, 5)
    x, h0 = normal(rng, 2, 9, 3), torch.zeros(2, 5, dtype=DOUBLE)
    layer = layer_with(student, weights)
    outputs, state, seen = [], None, 0
    for size in (1, 5, 3):
        part = x[:, seen : seen + size]
        seen += size
        arguments = (part,) if state is None else (part, state)
        y, state = pair(layer(*arguments), "RNN.forward")

        def suspects(h: Tensor, first: int = seen - size) -> dict[str, Tensor]:
            return {
                "This is the state that came in": h[:, first - 1] if first else h0,
                "This is the state after the first token": h[:, first],
            }

        expect_states(
            student,
            state.h,
            weights,
            x[:, :seen],
            h0,
            pick=lambda h: h[:, -1],
            what=f"the state after a chunk of {size}",
            suspects=suspects,
            hint="forward should return the state after the last token",
        )
        expect_shape(y, (*part.shape[:2], 5), what=f"the output for a chunk of {size}")
        outputs.append(y)
    expect_states(
        student,
        torch.cat(outputs, dim=1),
        weights,
        x,
        h0,
        what="the joined outputs of chunks",
        hint="The second chunk should begin where the first one ended",
    )


@suite.check(LAYER, points=0.5, title="gradients flow through time, into the first state and back")
def layer_gradients(student: Student, rng: torch.Generator) -> None:
    weights = random_weights(rng, 3, 5)
    x, h0, pull = normal(rng, 2, 6, 3), normal(rng, 2, 5), normal(rng, 2, 5)
    ours = [x.clone().requires_grad_(), h0.clone().requires_grad_()]
    layer = layer_with(student, weights)
    y, state = pair(layer(ours[0], student.RNNState(ours[1])), "RNN.forward")
    expect_shape(y, (2, 6, 5), what="the outputs of forward")
    expect_shape(state.h, (2, 5), what="the state after forward")
    last = as_differentiable(y, "RNN.forward")[:, -1]
    (last * pull + as_differentiable(state.h, "RNN.forward, the state,") * pull).sum().backward()
    expect(
        ours[0].grad is not None and bool(ours[0].grad[:, 0].any()),
        "an error at the last token does not reach the first one: "
        "the state is detached, or not handed on",
    )
    oracle = textbook(weights)
    theirs = [x.clone().requires_grad_(), h0.clone().requires_grad_()]
    (oracle(theirs[0], theirs[1].unsqueeze(0))[0][:, -1] * 2 * pull).sum().backward()
    wrong_cell = cell_is_wrong(student, weights, x, "tanh")
    hint = CELL_FIRST if wrong_cell else "Is a state detached?"
    expect_leaf_gradients(ours, theirs, ["x", "the first state"], hint)
    expect_parameter_gradients(layer, oracle)


@suite.check(LAYER, points=0.5, title="edges: one sequence, one token, odd lengths, ReLU, float32")
def layer_edges(student: Student, rng: torch.Generator) -> None:
    for batch, time, inputs, hidden in ((1, 1, 1, 1), (1, 5, 2, 4), (3, 1, 4, 2), (2, 33, 1, 3)):
        weights = random_weights(rng, inputs, hidden)
        x, h0 = normal(rng, batch, time, inputs), normal(rng, batch, hidden)
        y, state = pair(layer_with(student, weights)(x, student.RNNState(h0)), "RNN.forward")
        what = f"with a batch of {batch} and {time} tokens the output"
        hint = "Is an axis squeezed away?"
        expect_shape(y, (batch, time, hidden), what=what, hint=hint)
        expect_shape(state.h, (batch, hidden), what="the state", hint=hint)
        expect_states(student, y, weights, x, h0, what=what, hint=hint)
    weights = random_weights(rng, 3, 5, scale=0.3)
    x, order = normal(rng, 4, 6, 3), torch.tensor([2, 0, 3, 1])
    layer = layer_with(student, weights, "relu")
    y, again = pair(layer(x), "RNN.forward")[0], pair(layer(x[order]), "RNN.forward")[0]
    expect_close(again, y[order], atol=ATOL, hint="The sequences of a batch influence each other")
    expect_states(
        student,
        y,
        weights,
        x,
        torch.zeros(4, 5).double(),
        "relu",
        what="the output with ReLU",
        hint="Does the layer hand nonlinearity on to its cell?",
    )
    y, _ = pair(layer_with(student, weights).float()(x.float()), "RNN.forward")
    expect_shape(y, (4, 6, 5), what="the output in float32")
    expect(y.dtype == torch.float32, "a float32 layer should answer in float32")

"""Part 4, real-time recurrent learning: what a step adds, what it carries, what an error says."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.checks import Student, expect, expect_close, expect_shape
from autograder.hidden.shared.asking import expect_form, in_either, numbers, tolerance
from autograder.hidden.shared.owned import Mistake, expect_own
from autograder.hidden.shared.tools import DOUBLE, SINGLE, close, normal, pair, untouched
from autograder.hidden.truncated_bptt.suite import RTRL, suite


class Layer(NamedTuple):
    """Weights, a token of each sequence, a state and sensitivities to begin with."""

    W: Tensor
    x: Tensor
    h: Tensor
    P: Tensor

    @property
    def U(self) -> Tensor:
        inputs, hidden = self.x.shape[1], self.h.shape[1]
        return self.W[:, inputs : inputs + hidden]

    @property
    def z(self) -> Tensor:
        return torch.cat([self.x, self.h, torch.ones_like(self.x[:, :1])], dim=1)


def drawn(rng: torch.Generator, batch: int, inputs: int = 2, hidden: int = 3) -> Layer:
    """No W is square, and no two axes of P but k and i have one length."""
    W = normal(rng, hidden, inputs + hidden + 1)
    P = normal(rng, batch, hidden, *W.shape)
    return Layer(W, normal(rng, batch, inputs), torch.tanh(normal(rng, batch, hidden)), P)


def stepped(layer: Layer) -> Tensor:
    return torch.tanh(layer.z @ layer.W.T)


def differentiated(layer: Layer) -> tuple[Tensor, Tensor]:
    """The direct part of the new P, and what comes through the state, by PyTorch."""
    W = layer.W.expand(len(layer.x), *layer.W.shape).clone().requires_grad_()
    h = layer.h.clone().requires_grad_()
    z = torch.cat([layer.x, h, torch.ones_like(layer.x[:, :1])], dim=1)
    new = torch.tanh(torch.einsum("bm,bim->bi", z, W))
    direct, through = [], []
    for k in range(new.shape[1]):
        by_W, by_h = torch.autograd.grad(new[:, k].sum(), (W, h), retain_graph=True)
        direct.append(by_W)
        through.append(torch.einsum("bl,blim->bim", by_h, layer.P))
    return torch.stack(direct, 1), torch.stack(through, 1)


# --- typical mistakes -------------------------------------------------------------------------


def step_mistakes(layer: Layer) -> list[Mistake]:
    """What typical mistakes make of P: wrong in the direct part, or in what is carried."""
    direct, through = differentiated(layer)
    new, eye = stepped(layer), torch.eye(layer.h.shape[1], dtype=DOUBLE)
    slope = (1 - new**2)[:, :, None, None]
    bare = torch.einsum("ki,bm->bkim", eye, layer.z)
    carried = torch.einsum("kl,blim->bkim", layer.U, layer.P)
    z_new = torch.cat([layer.x, new, torch.ones_like(layer.x[:, :1])], dim=1)
    by_old = (1 - layer.h**2)[:, :, None, None]
    turned = torch.einsum("lk,blim->bkim", layer.U, layer.P)
    late = layer.W[:, -len(layer.W) :]
    by_row = torch.einsum("il,bklm->bkim", layer.U, layer.P)
    return [
        Mistake("direct", "The direct part stands at every unit; a weight acts directly on its own "
                "unit only, so k = i", slope * layer.z[:, None, None] + through),
        Mistake("direct", "The direct part is missing: a weight acts on its own unit now",
                through),
        Mistake("direct", "z(t) has the new h in it; it was made with h(t-1)",
                slope * torch.einsum("ki,bm->bkim", eye, z_new) + through),
        Mistake("direct", "The slope belongs to the direct part, too", bare + through),
        Mistake("direct", "The constant 1 in z, and with it the bias, is missing in the direct "
                "part", direct * _without_bias(layer) + through),
        Mistake("slope", "The slope is taken at h(t-1); it is 1 - h(t)^2, the new one",
                by_old * (bare + carried)),
        Mistake("slope", "The slope is missing: 1 - h(t)^2", bare + carried),
        Mistake("slope", "The slope is 1 - h^2, not 1 - h",
                (1 - new)[:, :, None, None] * (bare + carried)),
        Mistake("slope", "The slope is taken at tanh(h); h is the output of tanh already",
                (1 - torch.tanh(new) ** 2)[:, :, None, None] * (bare + carried)),
        Mistake("slope", "The slope belongs to the unit k; here it goes with i",
                (1 - new**2)[:, None, :, None] * (bare + carried)),
        Mistake("through_state", "The slope belongs to what comes through the state, too",
                direct + carried),
        Mistake("through_state", "What came before is lost: the old P comes in through U", direct),
        Mistake("through_state", "The old P is added without U",
                slope * (bare + layer.P)),
        Mistake("through_state", "U looks transposed: unit k hears unit l through U[k, l]",
                slope * (bare + turned)),
        Mistake("through_state", "U meets the axis i of P; the sum goes over the unit, the first "
                "of the two", slope * (bare + by_row)),
        Mistake("through_state", "U is taken from the wrong columns of W, one too far",
                slope * (bare + torch.einsum("kl,blim->bkim", late, layer.P))),
        Mistake("through_state", "Each unit hears only itself: the sum goes over all units l",
                slope * (bare + torch.einsum("kk,bkim->bkim", layer.U, layer.P))),
    ]  # fmt: skip


def _without_bias(layer: Layer) -> Tensor:
    keep = torch.ones_like(layer.W[0])
    keep[-1] = 0
    return keep


# --- asking -----------------------------------------------------------------------------------


def step(student: Student, layer: Layer) -> tuple[Any, Any, float]:
    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.rtrl_step(*(value.to(dtype) for value in layer))

    found = in_either(ask)
    expect(
        isinstance(found, tuple | list) and len(found) == 2,
        "rtrl_step should return a pair: the new h, and the new P",
    )
    h, P = found
    return numbers(h), numbers(P), tolerance([h, P])


def gradient(student: Student, P: Tensor, error: Tensor) -> tuple[Any, float]:
    def ask(dtype: torch.dtype) -> Any:
        with torch.no_grad():
            return student.rtrl_gradient(P.to(dtype), error.to(dtype))

    found = in_either(ask)
    return numbers(found), tolerance(found)


def expect_P(check: str, student: Student, layer: Layer, hint: str) -> None:
    _, P, atol = step(student, layer)
    wanted = sum(differentiated(layer))
    assert isinstance(wanted, Tensor)
    what = "the new P"
    expect_own(check, P, wanted, step_mistakes(layer), hint, what=what, atol=atol)


# --- the checks -------------------------------------------------------------------------------


@suite.check(RTRL, points=0.5, title="h, P and the gradient in the text's shapes; nothing changed")
def rtrl_form(student: Student, rng: torch.Generator) -> None:
    layer = drawn(rng, 2)
    error = normal(rng, 2, 3)
    for dtype in (torch.float64, torch.float32):
        with torch.no_grad():
            given = [value.to(dtype) for value in layer]
            h, P = pair(student.rtrl_step(*given), "rtrl_step")
            untouched(student, "rtrl_step")
            expect_form(h, layer.h.to(dtype), "the new h")
            expect_form(P, layer.P.to(dtype), "the new P", "Axes: sequence, k, i, m")
            by_W = student.rtrl_gradient(layer.P.to(dtype), error.to(dtype))
            untouched(student, "rtrl_gradient")
            hint = "It has the shape of W, summed over the sequences"
            expect_form(by_W, layer.W.to(dtype), "what rtrl_gradient returns", hint)
        wanted = torch.einsum("bk,bkim->im", error, layer.P)
        expect(
            close(h.double(), stepped(layer), SINGLE) or close(by_W.double(), wanted, SINGLE),
            "the form is right, but neither h nor the gradient is",
        )


@suite.check(RTRL, points=0.5, title="the layer itself: h(t) = tanh(W z(t))")
def new_state(student: Student, rng: torch.Generator) -> None:
    for batch, inputs, hidden in ((3, 2, 3), (1, 1, 1)):
        layer = drawn(rng, batch, inputs, hidden)
        found, _, atol = step(student, layer)
        ones = torch.ones_like(layer.x[:, :1])
        turned = torch.tanh(torch.cat([layer.h, layer.x, ones], dim=1) @ layer.W.T)
        suspects = [
            Mistake("new_state", "tanh is missing", layer.z @ layer.W.T),
            Mistake("new_state", "This is the old h", layer.h),
            Mistake("new_state", "z is [x; h; 1]: here h comes first", turned),
            Mistake("new_state", "The bias is missing: z ends with 1",
                    torch.tanh(layer.z[:, :-1] @ layer.W[:, :-1].T)),
        ]  # fmt: skip
        hint = "It is tanh(W z) with z = [x; h; 1]"
        expect_own("new_state", found, stepped(layer), suspects, hint, what="the new h", atol=atol)


@suite.check(RTRL, points=0.5, title="a weight acts directly on its own unit")
def direct(student: Student, rng: torch.Generator) -> None:
    hint = "The direct part is delta_ki z_m, with z(t) = [x(t); h(t-1); 1]"
    expect_P("direct", student, drawn(rng, 3), hint)


@suite.check(RTRL, points=0.5, title="the slope is that of the new h, for the unit k")
def slope(student: Student, rng: torch.Generator) -> None:
    expect_P("slope", student, drawn(rng, 3), "The slope 1 - h_k(t)^2 multiplies all of it")


@suite.check(RTRL, points=0.5, title="what a weight did before comes in through U")
def through_state(student: Student, rng: torch.Generator) -> None:
    hint = "The old P comes in as sum_l U[k, l] P[l]"
    expect_P("through_state", student, drawn(rng, 3), hint)


@suite.check(RTRL, points=1, title="the error of a step meets P, summed over units and sequences")
def error_meets(student: Student, rng: torch.Generator) -> None:
    layer, error = drawn(rng, 3), normal(rng, 3, 3)
    found, atol = gradient(student, layer.P, error)
    wanted = torch.einsum("bk,bkim->im", error, layer.P)
    wrong = {
        "It is averaged over the sequences, not summed": wanted / 3,
        "It is averaged over the units, not summed": wanted / 3,
        "The error goes with the axis k of P, the unit; here it goes with i": (
            torch.einsum("bi,bkim->im", error, layer.P)
        ),
        "Only k = i counts here; the error of every unit meets every weight": (
            torch.einsum("bk,bkkm->km", error, layer.P)
        ),
        "Only the first sequence counts": torch.einsum("k,kim->im", error[0], layer.P[0]),
        "The sign is turned round: this is the step downhill": -wanted,
        "The sum of errors meets the sum of P; each sequence has its own": (
            torch.einsum("k,kim->im", error.sum(0), layer.P.sum(0))
        ),
    }
    suspects = [Mistake("error_meets", words, value) for words, value in wrong.items()]
    hint = "It is the sum of error[b, k] P[b, k] over b and k"
    what = "what rtrl_gradient returns"
    expect_own("error_meets", found, wanted, suspects, hint, what=what, atol=atol)


@suite.check(RTRL, points=0.5, title="step by step over a sequence: the gradient of full BPTT")
def full_run(student: Student, rng: torch.Generator) -> None:
    for batch, time, inputs, hidden in ((3, 9, 2, 3), (1, 30, 3, 2), (2, 1, 1, 1)):
        layer = drawn(rng, batch, inputs, hidden)
        layer = layer._replace(P=0 * layer.P)
        x, pull = normal(rng, batch, time, inputs), normal(rng, batch, time, hidden)
        W = layer.W.clone().requires_grad_()
        h, states = layer.h, []
        for x_t in x.unbind(1):
            h = stepped(layer._replace(W=W, x=x_t, h=h))
            states.append(h)
        (wanted,) = torch.autograd.grad((torch.stack(states, 1) * pull).sum(), W)
        total, atol = torch.zeros_like(wanted), 0.0
        for t in range(time):
            new, P, atol = step(student, layer._replace(x=x[:, t]))
            expect_shape(new, layer.h.shape, what="the new h")
            expect_shape(P, layer.P.shape, what="the new P")
            layer = layer._replace(h=new, P=P)
            part, _ = gradient(student, P, pull[:, t])
            expect_shape(part, layer.W.shape, what="what rtrl_gradient returns")
            total = total + part
        what = f"the sum of the gradients of {time} steps"
        # Sums of many numbers, in another order than PyTorch's.
        expect_close(total, wanted, atol=10 * atol, rtol=10 * atol, what=what)

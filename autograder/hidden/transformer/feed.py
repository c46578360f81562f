"""Part 4, RMSNorm and SwiGLU: the size of a token, eps, half precision; the gate and its ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks import Remote, Student, expect, expect_close
from autograder.hidden.shared.asking import expect_form, numbers
from autograder.hidden.shared.gradients import expect_gradients
from autograder.hidden.shared.layers import gradients_of, loaded
from autograder.hidden.shared.owned import every, expect_mechanism
from autograder.hidden.shared.tools import ATOL, DOUBLE, SINGLE, Suspects, close, normal, untouched
from autograder.hidden.transformer.suite import FEED, suite

DIM, FEED_SIZE = 5, 7
silu = torch.nn.functional.silu

Norm = Callable[[Tensor, Tensor, float], Tensor]
Net = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def mean_square(x: Tensor) -> Tensor:
    return x.square().mean(-1, keepdim=True)


def rms_norm(x: Tensor, g: Tensor, eps: float) -> Tensor:
    return g * x / (mean_square(x) + eps).sqrt()


def layer_norm(x: Tensor, g: Tensor, eps: float) -> Tensor:
    return rms_norm(x - x.mean(-1, keepdim=True), g, eps)


NORMS: dict[str, dict[str, Norm]] = {
    "rms_size": {
        "The mean is taken off: that is LayerNorm": layer_norm,
        "The squares are summed; it is their mean": (
            lambda x, g, eps: g * x / (x.square().sum(-1, keepdim=True) + eps).sqrt()
        ),
        "The root is missing: it divides by the mean of the squares": (
            lambda x, g, eps: g * x / (mean_square(x) + eps)
        ),
        "It multiplies by the root; divide": lambda x, g, eps: (
            g * x * (mean_square(x) + eps).sqrt()
        ),
        "The mean of the sizes is not the root of the mean of the squares": (
            lambda x, g, eps: g * x / (x.abs().mean(-1, keepdim=True) + eps)
        ),
        "The mean runs over all tokens; each token has its own size": (
            lambda x, g, eps: g * x / (x.square().mean() + eps).sqrt()
        ),
        "The mean runs over time; it belongs to the last axis": (
            lambda x, g, eps: g * x / (x.square().mean(1, keepdim=True) + eps).sqrt()
        ),
        "It divides by the standard deviation, from which the mean is taken off": (
            lambda x, g, eps: g * x / (x.var(-1, keepdim=True, unbiased=False) + eps).sqrt()
        ),
        "The weight g is left out": lambda x, g, eps: rms_norm(x, torch.ones_like(g), eps),
        "The weight is 1 + g; it is g": lambda x, g, eps: rms_norm(x, 1 + g, eps),
    },
    "rms_eps": {
        "eps stands outside of the root": lambda x, g, eps: g * x / (mean_square(x).sqrt() + eps),
        "eps is left out": lambda x, g, eps: rms_norm(x, g, 0.0),
        "eps is always 1e-5; take self.eps": lambda x, g, eps: rms_norm(x, g, 1e-5),
        "eps is squared": lambda x, g, eps: rms_norm(x, g, eps**2),
        "The size is kept above eps; eps is added under the root": (
            lambda x, g, eps: g * x / mean_square(x).sqrt().clamp(min=eps)
        ),
    },
}


def swiglu(x: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    return (silu(x @ gate.T) * (x @ up.T)) @ down.T


def gated(f: Callable[[Tensor], Tensor]) -> Net:
    return lambda x, gate, up, down: (f(x @ gate.T) * (x @ up.T)) @ down.T


NETS: dict[str, dict[str, Net]] = {
    "swiglu_gate": {
        "The gate is on the wrong branch: silu belongs to W1 x, which is self.gate": (
            lambda x, gate, up, down: swiglu(x, up, gate, down)
        ),
        "The gate is a sigmoid; silu(a) is a sigmoid(a)": gated(torch.sigmoid),
        "The gate is a relu; it is silu": gated(torch.relu),
        "The gate is a gelu; it is silu": gated(torch.nn.functional.gelu),
        "There is no silu": gated(lambda a: a),
        "Both branches go through silu": (
            lambda x, gate, up, down: (silu(x @ gate.T) * silu(x @ up.T)) @ down.T
        ),
        "silu comes after the product; it belongs to the gate alone": (
            lambda x, gate, up, down: silu((x @ gate.T) * (x @ up.T)) @ down.T
        ),
        "silu(a) is a sigmoid(a), not a tanh(a)": gated(lambda a: a * torch.tanh(a)),
    },
    "swiglu_paths": {
        "The branches are added; the gate multiplies": (
            lambda x, gate, up, down: (silu(x @ gate.T) + x @ up.T) @ down.T
        ),
        "W3 x is left out: the gate has nothing to gate": (
            lambda x, gate, up, down: silu(x @ gate.T) @ down.T
        ),
        "W1 x is on both branches": lambda x, gate, up, down: swiglu(x, gate, gate, down),
        "x itself is added; the way past the net belongs to the block": (
            lambda x, gate, up, down: x + swiglu(x, gate, up, down)
        ),
    },
}


# --- asking -----------------------------------------------------------------------------------


def a_norm(student: Student, rng: torch.Generator, eps: float) -> tuple[Remote, Tensor]:
    module = student.RMSNorm(DIM, eps)
    g = 0.5 + torch.rand(DIM, generator=rng, dtype=DOUBLE)
    loaded(module, {"weight": g})
    return module, g


def a_net(student: Student, rng: torch.Generator) -> tuple[Remote, dict[str, Tensor]]:
    module = student.SwiGLU(DIM, FEED_SIZE)
    shapes = {"gate": (FEED_SIZE, DIM), "up": (FEED_SIZE, DIM), "down": (DIM, FEED_SIZE)}
    weights = {f"{name}.weight": normal(rng, *shape) for name, shape in shapes.items()}
    loaded(module, weights)
    return module, weights


def expect_norm(
    student: Student, rng: torch.Generator, mechanism: str, size: float, eps: float, hint: str
) -> None:
    module, g = a_norm(student, rng, eps)
    x = size * normal(rng, 3, 4, DIM) + 0.3 * size
    with torch.no_grad():
        found = numbers(module(x))
    wrong: dict[str, Suspects] = {
        name: {words: norm(x, g, eps) for words, norm in each.items()}
        for name, each in NORMS.items()
    }
    wanted = rms_norm(x, g, eps)
    if not close(found, wanted, SINGLE):
        expect_mechanism(found, wanted, wrong, (mechanism,), hint, "what RMSNorm returns")


def expect_net(student: Student, rng: torch.Generator, mechanism: str, hint: str) -> None:
    module, weights = a_net(student, rng)
    x = normal(rng, 3, 4, DIM)
    with torch.no_grad():
        found = numbers(module(x))
    wrong: dict[str, Suspects] = {
        name: {words: net(x, *weights.values()) for words, net in each.items()}
        for name, each in NETS.items()
    }
    wanted = swiglu(x, *weights.values())
    if not close(found, wanted, SINGLE):
        expect_mechanism(found, wanted, wrong, (mechanism,), hint, "what SwiGLU returns")


# --- the checks -------------------------------------------------------------------------------


@suite.check(FEED, points=0.5, title="a token is divided by the root of its mean square, times g")
def rms_size(student: Student, rng: torch.Generator) -> None:
    hint = "It is g x / sqrt(mean(x^2) + eps), the mean over the last axis"
    expect_norm(student, rng, "rms_size", 3.0, 0.3, hint)


@suite.check(FEED, points=0.5, title="eps stands under the root")
def rms_eps(student: Student, rng: torch.Generator) -> None:
    hint = "eps is added to the mean of the squares, before the root"
    for size, eps in ((1.0, 0.7), (1e-3, 1e-4)):
        expect_norm(student, rng, "rms_eps", size, eps, hint)


@suite.check(FEED, points=0.5, title="half precision: averaged in float32, returned as it came")
def rms_half(student: Student, rng: torch.Generator) -> None:
    for dtype, size, atol in ((torch.float16, 300.0, 2e-3), (torch.bfloat16, 5.0, 2e-2)):
        dim = 1000
        module = student.RMSNorm(dim, 0.5)
        x = (size * normal(rng, 2, dim)).to(dtype)
        with torch.no_grad():
            found = module.to(dtype)(x)
        name = str(dtype).removeprefix("torch.")
        expect_form(found, x, f"what RMSNorm returns in {name}")
        wide = x.double()
        known = [norm(wide, torch.ones(dim).double(), 0.5) for norm in every(NORMS)]
        if any(_near(found, each, atol) for each in known if bool(each.isfinite().all())):
            continue
        hint = "Squares and their mean need float32: their sum leaves the range, or stops growing"
        # One rounding to half precision: 2**-11 of the value in float16, 2**-8 in bfloat16.
        wanted = rms_norm(wide, torch.ones(dim).double(), 0.5)
        what = f"what RMSNorm returns in {name}"
        expect_close(found.double(), wanted, atol=atol, rtol=atol, what=what, hint=hint)


def _near(found: Tensor, wanted: Tensor, atol: float) -> bool:
    return torch.allclose(found.double(), wanted, atol=atol, rtol=atol)


@suite.check(FEED, points=0.5, title="silu of W1 x is the gate")
def swiglu_gate(student: Student, rng: torch.Generator) -> None:
    expect_net(student, rng, "swiglu_gate", "It is silu(gate x), times up x")


@suite.check(FEED, points=0.5, title="W3 x goes through the gate, then W2")
def swiglu_paths(student: Student, rng: torch.Generator) -> None:
    expect_net(student, rng, "swiglu_paths", "It is down(silu(gate x) * up x)")


@suite.check(FEED, points=0.5, title="any shape, both dtypes, nothing changed, gradients flow")
def feed_gradients(student: Student, rng: torch.Generator) -> None:
    norm, g = a_norm(student, rng, 0.3)
    net, weights = a_net(student, rng)
    _expect_module("RMSNorm", student, rng, norm, {"weight": g}, _norm_rules())
    _expect_module("SwiGLU", student, rng, net, weights, _net_rules())


Rule = Callable[[Tensor, dict[str, Tensor]], Tensor]


def _norm_rules() -> list[Rule]:
    def rule(norm: Norm) -> Rule:
        return lambda x, w: norm(x, w["weight"], 0.3)

    return [rule(norm) for norm in (rms_norm, *every(NORMS))]


def _net_rules() -> list[Rule]:
    def rule(net: Net) -> Rule:
        return lambda x, w: net(x, *w.values())

    return [rule(net) for net in (swiglu, *every(NETS))]


def _expect_module(
    name: str,
    student: Student,
    rng: torch.Generator,
    module: Remote,
    weights: dict[str, Tensor],
    rules: list[Rule],
) -> None:
    keys = loaded(module, weights)
    usual = 2 * normal(rng, 3, 4, DIM)
    with torch.no_grad():
        found = numbers(module(usual))
    rule = next((r for r in rules if close(found, r(usual, weights), 100 * ATOL)), None)
    rough = rule is None and any(close(found, r(usual, weights), SINGLE) for r in rules)
    expect(
        not rough,
        f"{name} computes float64 in float32, so neither numbers nor gradients are exact: use "
        "torch.promote_types(x.dtype, torch.float32), which leaves float64 as it is",
    )
    expect(rule, f"{name} is not that of the text: no gradient can be right")
    assert rule is not None
    for dtype in (torch.float32, DOUBLE):
        module.to(dtype)
        for shape in ((DIM,), (1, DIM), (2, 1, 3, DIM)):
            x = 2 * normal(rng, *shape)
            with torch.no_grad():
                answer = module(x.to(dtype))
            untouched(student, name)
            expect_form(answer, x.to(dtype), f"what {name} returns for tokens {shape}")
    loaded(module, weights)  # float32 has rounded them
    right = rule

    def theirs(given: dict[str, Tensor]) -> dict[str, Any]:
        return {"the result": module(given["x"])}

    def ours(given: dict[str, Tensor], w: dict[str, Tensor]) -> dict[str, Any]:
        return {"the result": right(given["x"], w)}

    expect_gradients(
        name, rng, {"x": usual}, weights, theirs, ours, lambda: gradients_of(module, keys)
    )

"""What the steps of a sequence ask of the weights, as it should be and as mistakes have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from autograder.hidden.shared.tools import DOUBLE, Suspects, normal


class Case(NamedTuple):
    """A carousel with a linear readout on one sequence."""

    x: Tensor
    s: Tensor
    self_loop: Tensor
    weight_out: Tensor
    target: Tensor


def random_case(rng: torch.Generator, time: int, inputs: int, hidden: int, outputs: int) -> Case:
    """Any states will do, for requests follow from them; these are in conflict everywhere."""
    w = 0.6 + 0.5 * torch.rand(hidden, generator=rng, dtype=DOUBLE)
    x, s = normal(rng, time, inputs), normal(rng, time, hidden)
    return Case(x, s, w, normal(rng, outputs, hidden), normal(rng, time, outputs))


# --- conflict ---------------------------------------------------------------------------------


def conflict(updates: Tensor) -> Tensor:
    """1 - |sum| / sum of sizes, one weight after the other; 0 where nothing is asked."""
    asked = updates.reshape(len(updates), -1).T.tolist()
    values = [1 - abs(sum(us)) / sum(map(abs, us)) if any(us) else 0.0 for us in asked]
    return torch.tensor(values, dtype=DOUBLE).reshape(updates.shape[1:])


def conflict_by_mistake(u: Tensor) -> Suspects:
    total, size = u.sum(0), u.abs().sum(0)
    up, down = u.clamp(min=0).sum(0), -u.clamp(max=0).sum(0)
    return {
        "This is agreement, not conflict: take it from 1": total.abs() / size,
        "The sum keeps its sign; it is the size of the sum that counts": 1 - total / size,
        "The size is taken before the sum, so nothing can cancel": 0 * size,
        "All weights are taken together; each weight has a conflict of its own": (
            (1 - total.abs().sum() / size.sum()).expand(size.shape)
        ),
        "The sum runs over all weights as well; each has a conflict of its own": (
            (1 - u.sum().abs() / u.abs().sum()).expand(size.shape)
        ),
        "The sums run over the weights, not over the steps: steps are axis 0": (over_last_axis(u)),
        "Squares are summed where sizes belong": 1 - total.abs() / u.square().sum(0),
        "This is 1 - |sum| / length of the vector of requests; sizes are summed": (
            1 - total.abs() / u.square().sum(0).sqrt()
        ),
        "This is the smaller of what pulls up and what pulls down, divided by the larger": (
            torch.minimum(up, down) / torch.maximum(up, down)
        ),
        "This is the share of the weaker side; the conflict is twice that": (
            torch.minimum(up, down) / size
        ),
        "This counts whether signs differ; the conflict says how much cancels": (
            ((up > 0) & (down > 0)).to(DOUBLE)
        ),
        "Only signs are counted; how much each step asks for matters, too": (
            1 - u.sign().sum(0).abs() / u.sign().abs().sum(0)
        ),
        "This is the sum of the requests, not their conflict": total,
        "This is the variance of the requests, not their conflict": u.var(0),
        "A mean stands over a sum: both are sums over the steps": (1 - u.mean(0).abs() / size),
        "It is divided by the number of steps; by the sum of the sizes": (1 - total.abs() / len(u)),
    }


def over_last_axis(u: Tensor) -> Tensor:
    """The conflict over another axis, where its shape happens to fit."""
    if len(u) != u.shape[-1]:
        return torch.full(u.shape[1:], torch.nan, dtype=u.dtype)
    return conflict(u.movedim(-1, 0)).reshape(u.shape[1:])


# --- requests ---------------------------------------------------------------------------------


def outputs_error(case: Case) -> Tensor:
    """d(t) = V s(t) - target(t), by PyTorch: the gradient of half the squared error."""
    o = torch.einsum("oh,th->to", case.weight_out, case.s).requires_grad_()
    loss = 0.5 * (o - case.target).square().sum()
    return torch.autograd.grad(loss, o)[0]


def states_error(
    case: Case,
    d: Tensor,
    join: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda direct, w, later: direct + w * later,
) -> Tensor:
    """e(t) = join(V^T d(t), w, e(t+1))"""
    later, found = torch.zeros_like(case.self_loop), []
    for direct in reversed((d @ case.weight_out).unbind(0)):
        later = join(direct, case.self_loop, later)
        found.append(later)
    return torch.stack(found[::-1])


def asked_of_input(case: Case) -> Tensor:
    """u_W(t) = e(t) x(t)^T: (time, hidden, input)"""
    return torch.einsum("th,ti->thi", states_error(case, outputs_error(case)), case.x)


def asked_of_output(case: Case) -> Tensor:
    """u_V(t) = d(t) s(t)^T: (time, outputs, hidden)"""
    return torch.einsum("to,th->toh", outputs_error(case), case.s)


def error_mistakes(case: Case) -> Suspects:
    """Wrong errors of the outputs, by the words for them."""
    d, o = outputs_error(case), case.s @ case.weight_out.T
    last = torch.cat([torch.zeros_like(d[:-1]), d[-1:]])
    return {
        "The targets have no effect: this is o(t) where o(t) - target(t) belongs": o,
        "The outputs have no effect: this is target(t) where o(t) - target(t) belongs": case.target,
        "The error has lost its sign: it is o(t) - target(t), neither its size nor its square": (
            d.abs()
        ),
        "The error is squared; the gradient of half the square is o(t) - target(t) itself": d**2,
        "Only the last step has a loss here; the loss looks at every step": last,
        "The targets are one step late": torch.einsum("oh,th->to", case.weight_out, case.s)
        - case.target.roll(1, 0),
    }


def output_mistakes(case: Case) -> Suspects:
    """Wrong requests to V."""
    d, s = outputs_error(case), case.s
    before = torch.cat([torch.zeros_like(s[:1]), s[:-1]])

    def outer(d: Tensor, s: Tensor) -> Tensor:
        return torch.einsum("to,th->toh", d, s)

    return {
        **{words: outer(wrong, s) for words, wrong in error_mistakes(case).items()},
        "It pairs d(t) with s(t-1); V was multiplied with s(t)": outer(d, before),
        "d(t) and the states run in opposite orders of time": outer(d, s.flip(0)),
        "The states have no effect: this is the conflict of d(t) alone": (
            outer(d, torch.ones_like(s))
        ),
        "The requests are summed before the conflict is taken; a sum has none": (
            outer(d, s).sum(0, keepdim=True)
        ),
    }


def paired(e: Tensor, x: Tensor) -> Tensor:
    return torch.einsum("th,ti->thi", e, x)


def input_by_error(case: Case) -> Suspects:
    """Wrong requests to W where already d(t) is wrong."""
    errors = error_mistakes(case).items()
    return {words: paired(states_error(case, wrong), case.x) for words, wrong in errors}


def input_by_pairing(case: Case) -> Suspects:
    """Wrong requests to W where e(t) meets something else than x(t)."""
    e, x = states_error(case, outputs_error(case)), case.x
    before = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
    return {
        "The errors e(t) are in reverse order": paired(e.flip(0), x),
        "It pairs e(t) with x(t-1); W was multiplied with x(t)": paired(e, before),
        "The tokens have no effect: this is the conflict of e(t) alone": (
            paired(e, torch.ones_like(x))
        ),
    }


def input_by_time(case: Case) -> Suspects:
    """Wrong requests to W where the error comes back in a wrong way."""
    d, x = outputs_error(case), case.x

    def back(join: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
        return paired(states_error(case, d, join), x)

    return {
        "The error at step t does not include what comes back from step t + 1": (
            paired(d @ case.weight_out, x)
        ),
        "The error comes back without w: each step multiplies it by the self-loop": (
            back(lambda direct, w, later: direct + later)
        ),
        "w multiplies V^T d(t) too; only what comes back has passed the loop": (
            back(lambda direct, w, later: w * (direct + later))
        ),
        "What comes back is added; here it is subtracted": (
            back(lambda direct, w, later: direct - w * later)
        ),
        "The sequence is walked through forwards; error goes back, from the last step on": (
            paired(states_error(case, d.flip(0)).flip(0), x)
        ),
    }

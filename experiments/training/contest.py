"""Train many seeds of one learner on one task until each meets the criterion, side by side.

Today's training: batches, Adam, the gradient of each seed clipped by its own norm, a learning
rate that falls linearly to a tenth. Training sequences are always fresh, so the share of right
answers on the last of them is an honest check; a seed whose share is high enough is tested on
fresh sequences, and leaves the computation when it passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from experiments.nets.stacked import Net, Stack
from experiments.tasks.dense import Strings, all_right, reber_sets
from experiments.tasks.seeded import Task

TEST_SEQUENCES, TEST_BATCH = 2560, 64
LOOK_BACK = 512  # training sequences whose answers decide when a seed is tested
BETAS, EPSILON = (0.9, 0.999), 1e-8


class Plan(NamedTuple):
    """How a learner is trained: everything a trial's parameters say."""

    seeds: list[int]
    budget: int  # training sequences for each seed
    batch: int
    rate: float
    clip: float = 1.0


class Exam(NamedTuple):
    """What a seed has to show on fresh sequences."""

    count: int = TEST_SEQUENCES
    allowed: int = TEST_SEQUENCES // 100  # wrong ones
    mean_below: float = math.inf  # mean absolute error of the outputs

    def passed(self, wrong: float, error: float) -> bool:
        """Tell whether so many wrong ones, and such a mean error, are good enough."""
        return wrong <= self.allowed and error < self.mean_below


class Adam:
    """Adam on a stack's weights, with each seed's gradient clipped by its own norm."""

    def __init__(self, stack: Stack, plan: Plan) -> None:
        self.stack, self.clip = stack, plan.clip
        self.first, self.second = (torch.zeros_like(stack.theta) for _ in range(2))
        self.steps = 0

    def step(self, loss: Float[Tensor, " seed"], rate: float) -> None:
        """Go one step down; the seeds' losses share no weight, so their sum serves all."""
        theta, (b1, b2) = self.stack.theta, BETAS
        (gradient,) = torch.autograd.grad(loss.sum(), theta)
        gradient = torch.nan_to_num(gradient, 0.0, 0.0, 0.0)
        gradient *= self.clip / gradient.norm(dim=1, keepdim=True).clamp(min=self.clip)
        self.steps += 1
        with torch.no_grad():
            self.first.lerp_(gradient, 1 - b1)
            self.second.lerp_(gradient.square(), 1 - b2)
            size = (self.second / (1 - b2**self.steps)).sqrt_().add_(EPSILON)
            theta -= rate / (1 - b1**self.steps) * self.first / size

    def keep(self, rows: Bool[Tensor, " seed"]) -> None:
        """Drop the other seeds."""
        self.stack.theta = self.stack.theta.detach()[rows].requires_grad_()
        self.first, self.second = self.first[rows], self.second[rows]


def loss_of(y: Tensor, target: Tensor, classes: bool) -> Float[Tensor, " seed"]:
    """Return every seed's mean loss: cross-entropy of the classes, or the squared error."""
    if classes:
        return -(F.log_softmax(y, -1) * target).sum(-1).mean(-1)
    return (y - target[..., : y.shape[-1]]).square().mean((-2, -1))


def contest(
    task: Task, build: Callable[[], Net], plan: Plan, exam: Exam, device: str
) -> dict[str, Any]:
    """Train each seed until it passes the exam on fresh sequences, or the budget is spent.

    A net with ``logistic`` outputs is trained on squared error whatever the task, as in 1997.
    """
    wanted = 1 - exam.allowed / exam.count
    stack = Stack(build, plan.seeds, device)
    training, testing = (torch.Generator().manual_seed(plan.seeds[0] + k) for k in (10_000, 20_000))
    adam, active = Adam(stack, plan), list(plan.seeds)
    back = -(-LOOK_BACK // plan.batch)
    recent = torch.zeros(len(active), min(back, plan.budget // plan.batch))
    back = recent.shape[1]
    tested = torch.zeros(len(active), dtype=torch.long)  # the update after the last test
    record: dict[int, dict[str, Any]] = {}
    updates, curve = plan.budget // plan.batch, []
    for update in range(1, updates + 1):
        drawn = task.draw(len(active), plan.batch, training)
        x, target = drawn.x.to(device), drawn.target.to(device)
        y = stack(x)
        loss = loss_of(y, target, task.classes and not stack.net.logistic)
        adam.step(loss, plan.rate * (1 - 0.9 * update / updates))
        recent[:, update % back] = task.right(y.detach(), target).float().mean(-1).cpu()
        if update % max(1, updates // 40) == 0:
            point = update * plan.batch, recent.mean().item(), len(active)
            curve.append([point[0], round(point[1], 4), point[2]])
        due = (recent.mean(1) >= wanted - 0.002) & (update - tested >= back)
        if update == updates:
            due = recent.mean(1) >= wanted - 0.05
        if not due.any():
            continue
        rows = due.nonzero().flatten()
        wrong, error = examine(task, stack, rows, testing, device, exam)
        tested[rows] = update
        passed = torch.zeros_like(due)
        for k, row in enumerate(rows.tolist()):
            passed[row] = exam.passed(wrong[k], error[k])
            if passed[row]:
                right = round(1 - wrong[k] / exam.count, 5)
                record[active[row]] = {"sequences": update * plan.batch, "right": right}
        if passed.any():
            adam.keep(~passed)
            recent, tested = recent[~passed], tested[~passed]
            active = [s for s, gone in zip(active, passed.tolist(), strict=True) if not gone]
            if not active:
                break
    shares = zip(active, recent.mean(1).tolist(), strict=True) if active else ()
    left = {seed: round(share, 4) for seed, share in shares}
    return outcome(plan, stack.weights, record, left, curve)


@torch.no_grad()
def examine(
    task: Task, stack: Stack, rows: Tensor, generator: torch.Generator, device: str, exam: Exam
) -> tuple[list[int], list[float]]:
    """Return how many fresh sequences some seeds get wrong, and their mean errors.

    The exam ends early when all have failed.
    """
    count = exam.count
    wrong, error = torch.zeros(len(rows)), torch.zeros(len(rows))
    for done in range(0, count, TEST_BATCH):
        x, target = task.draw(len(rows), min(TEST_BATCH, count - done), generator)
        y, target = stack(x.to(device), rows), target.to(device)
        wrong += (~task.right(y, target)).sum(1).cpu()
        if (wrong > exam.allowed).all():
            break
        error += (y - target[..., -y.shape[-1] :]).abs().mean(-1).sum(1).cpu() / count
    return wrong.long().tolist(), error.tolist()


def contest_reber(build: Callable[[], Net], plan: Plan, device: str, pause: int) -> dict[str, Any]:
    """Train on 256 strings of the embedded Reber grammar until they and 256 others are right.

    Every seed has strings of its own. The targets mark all symbols that may come next (logistic
    outputs, cross-entropy), as for the net of 1997; right: all of them ranked highest at every
    step of every string (``tasks.dense.all_right``). Tested every ``pause`` strings.
    """
    stack = Stack(build, plan.seeds, device)
    adam, active, record, curve = Adam(stack, plan), list(plan.seeds), {}, []
    # (seed, 512, time, ...): the training strings, then the test strings
    sets = together([part for seed in active for part in reber_sets(256, seed)])
    strings = Strings(*(part.unflatten(0, (-1, 2)).flatten(1, 2).to(device) for part in sets))
    generator = torch.Generator().manual_seed(plan.seeds[0] + 10_000)
    updates, every = plan.budget // plan.batch, max(1, pause // plan.batch)
    share = torch.zeros(len(active))
    for update in range(1, updates + 1):
        pick = torch.randint(0, 256, (len(active), plan.batch), generator=generator)
        lines = torch.arange(len(active)).unsqueeze(1)
        x, legal, _, inside = (part[lines, pick] for part in strings)
        used = int(inside.sum(-1).max())  # nothing but padding behind
        x, legal, inside = x[:, :, :used], legal[:, :, :used], inside[:, :, :used]
        y = stack(x)
        if stack.net.logistic:
            each = (y - legal.float()).square().sum(-1)
        else:
            each = F.binary_cross_entropy_with_logits(y, legal.float(), reduction="none").sum(-1)
        loss = (each * inside).sum((1, 2)) / inside.sum((1, 2))
        adam.step(loss, plan.rate * (1 - 0.9 * update / updates))
        if update % every and update != updates:
            continue
        with torch.no_grad():
            share = all_right(stack(strings.x), strings).float().mean(1).cpu()
        curve.append([update * plan.batch, round(share.mean().item(), 4), len(active)])
        passed = share == 1
        for row in passed.nonzero().flatten().tolist():
            record[active[row]] = {"sequences": update * plan.batch, "right": 1.0}
        if passed.any():
            adam.keep(~passed)
            share, strings = share[~passed], Strings(*(part[~passed] for part in strings))
            active = [s for s, gone in zip(active, passed.tolist(), strict=True) if not gone]
            if not active:
                break
    left = {seed: round(value, 4) for seed, value in zip(active, share.tolist(), strict=True)}
    return outcome(plan, stack.weights, record, left, curve[:: -(-len(curve) // 40)])


def together(sets: list[Strings]) -> Strings:
    """Put the string sets of several seeds into common tensors, seeds first."""
    longest = max(s.x.shape[1] for s in sets)

    def padded(part: Tensor) -> Tensor:
        more = longest - part.shape[1]
        return F.pad(part, (0, 0, 0, more) if part.ndim == 3 else (0, more))

    return Strings(*(torch.stack([padded(p) for p in parts]) for parts in zip(*sets, strict=True)))


def outcome(
    plan: Plan,
    weights: int,
    record: dict[int, dict[str, Any]],
    left: dict[int, float],
    curve: list[list[float]],
) -> dict[str, Any]:
    """Return what came out of a contest, as plain data."""
    seeds = [
        {"seed": seed, "solved": True, **record[seed]}
        if seed in record
        else {"seed": seed, "solved": False, "sequences": plan.budget, "right": left[seed]}
        for seed in plan.seeds
    ]
    return {
        "solved": len(record),
        "of": len(plan.seeds),
        "budget": plan.budget,
        "weights": weights,
        "seeds": seeds,
        "curve": curve,
    }

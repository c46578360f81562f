"""Learners that change their weights after every sequence, compiled: RTRL and the rule of 1997.

Both read the batches of ``tasks.seeded`` one sequence at a time and train on squared error at
logistic outputs, as the 1997 paper does. Right means what it means for every other learner: the
error is below 0.04, or the wanted class (for Reber: every symbol that may come next) has the
largest output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import njit

from experiments.documents.rtrl import Array, Flags, Given, Index, Reader, RTRLNets
from experiments.rule1997 import training as groups
from experiments.rule1997.memory import (
    LANES,
    Scratch,
    Sequences,
    Shape,
    Weights,
    scratch,
    sequences,
    weight_count,
)
from experiments.rule1997.protocol import shape_of, weights_of
from experiments.tasks.dense import reber_sets
from experiments.tasks.seeded import Order, Task
from experiments.training.contest import LOOK_BACK, TEST_SEQUENCES, Plan, outcome, together
from solutions.nets1997 import EXPERIMENTS

CHUNK = 64  # sequences drawn at once; they share a length


@njit(cache=True)
def _read_lanes(
    shape: Shape,
    w: Weights,
    work: Scratch,
    drawn: groups.Drafts,
    lanes: Sequences,
    found: groups.Report,
    way: groups.Way,
    index: Index,
    value: Array,
    target: Array,
    length: Index,
    rate: Array,
    worst: Array,
    ranked: Flags,
) -> None:
    """Read sequences, one a lane at a time; learn by the truncated rule of 1997."""
    rows = np.arange(LANES)
    rows[length.shape[0] :] = 0  # a lane without a net of its own reads along
    for n in range(length.shape[1]):
        for k in range(length.shape[0]):
            last = length[k, n]
            drawn.length[k] = last
            drawn.index[k, :last] = index[k, n, :last]
            drawn.value[k, :last] = value[k, n, :last]
            if way.every_step:
                drawn.target[k, :last] = target[k, n, :last]
            else:
                drawn.target[k, last - 1] = target[k, n, 0]
        steps = groups.align(drawn, rows, lanes, way.every_step)
        groups.read(shape, w, work, lanes, steps, way, rate, found)
        for k in range(length.shape[0]):
            worst[k, n] = found.worst[k]
            ranked[k, n] = found.ranked[k] == 1


class Nets1997:
    """Nets of 1997 with the paper's starts, eight at a time in the lanes of the kernel.

    ``net``: a key of ``solutions.nets1997`` whose numbers of inputs and outputs are replaced by the
    task's, or "reber-1x1", one block of one cell. ``one_hot``: one input is 1, all others 0.
    """

    def __init__(
        self,
        net: str,
        inputs: int,
        outputs: int,
        seeds: list[int],
        longest: int,
        every_step: bool = False,
        one_hot: bool = False,
    ) -> None:
        changes: dict[str, Any] = {"input_size": inputs, "output_size": outputs}
        if net == "reber-1x1":
            net = "reber-4x1"
            changes |= {"blocks": 1, "output_gate_bias": (-1.0,)}
        nets = []
        for seed in seeds:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                nets.append(EXPERIMENTS[net].build(**changes).double())
        self.one_hot, self.way = one_hot, groups.Way(every_step, longest if every_step else 1)
        self.shape, self.groups = shape_of(nets[0]), []
        active = 1 if one_hot else inputs
        for first in range(0, len(nets), LANES):
            some = nets[first : first + LANES]
            self.groups.append(
                (
                    weights_of(some),
                    scratch(self.shape),
                    groups.drafts(self.shape, longest, active),
                    sequences(self.shape, longest + 1, active),
                    groups.report(),
                )
            )
        self.weights = weight_count(self.shape)

    def __call__(self, given: Given, rate: Array) -> tuple[Array, Flags]:
        """Read, and learn where a rate is not 0."""
        if self.one_hot:
            index = given.x.argmax(-1)[..., None]
            value = np.ones(index.shape)
        else:
            index = np.broadcast_to(np.arange(given.x.shape[-1]), given.x.shape)
            value = given.x
        worst, ranked = np.zeros(given.length.shape), np.zeros(given.length.shape, np.bool_)
        for g, (w, work, drawn, lanes, found) in enumerate(self.groups):
            part = slice(g * LANES, (g + 1) * LANES)
            rates = np.zeros(LANES)
            rates[: len(rate[part])] = rate[part]
            if rate.any() and not rates.any():
                continue  # others train, these are done
            _read_lanes(
                self.shape,
                w,
                work,
                drawn,
                lanes,
                found,
                self.way,
                np.ascontiguousarray(index[part]),
                np.ascontiguousarray(value[part]),
                given.target[part],
                given.length[part],
                rates,
                worst[part],
                ranked[part],
            )
        return worst, ranked


def nets_for(task: Task, learner: str, net: str, seeds: list[int]) -> Nets1997 | RTRLNets:
    """Return fresh nets for a task; ``net`` is the number of units for "rtrl"."""
    if learner == "rtrl":
        return RTRLNets(int(net), task.inputs, task.outputs, seeds)
    longest = task.minimum + task.minimum // 10
    one_hot = isinstance(task, Order) and not task.noise
    return Nets1997(net, task.inputs, task.outputs, seeds, longest, one_hot=one_hot)


def online(task: Task, learner: str, net: str, plan: Plan, wanted: float) -> dict[str, Any]:
    """Train until a share ``wanted`` of 2,560 fresh sequences is right, for each seed.

    As in ``training.contest``, the answers to the last training sequences say when a seed is
    tested. Seeds that passed go on reading, but learn no more.
    """
    nets = nets_for(task, learner, net, plan.seeds)
    training, testing = (torch.Generator().manual_seed(plan.seeds[0] + k) for k in (10_000, 20_000))
    rate, count = np.full(len(plan.seeds), plan.rate), len(plan.seeds)
    chunks = max(1, plan.budget // CHUNK)
    recent = np.zeros((count, min(LOOK_BACK // CHUNK, chunks)))
    tested, record, curve = np.zeros(count, int), {}, []
    for chunk in range(1, chunks + 1):
        recent[:, chunk % recent.shape[1]] = share_right(task, nets, training, CHUNK, rate)
        running, mean = rate > 0, recent.mean(1)
        if chunk % max(1, chunks // 40) == 0:
            now = mean[running].mean()
            curve.append([chunk * CHUNK, round(float(now), 4), int(running.sum())])
        due = running & (mean >= wanted - 0.002) & (chunk - tested >= recent.shape[1])
        if chunk == chunks:
            due = running & (mean >= wanted - 0.05)
        if not due.any():
            continue
        tested[due] = chunk
        blocks = [share_right(task, nets, testing, 256, 0 * rate) for _ in range(10)]
        assert len(blocks) * 256 == TEST_SEQUENCES
        share = np.mean(blocks, axis=0)
        for k in np.flatnonzero(due & (share >= wanted)).tolist():
            rate[k] = 0.0
            right = round(float(share[k]), 5)
            record[plan.seeds[k]] = {"sequences": chunk * CHUNK, "right": right}
        if not rate.any():
            break
    last = zip(plan.seeds, recent.mean(1).tolist(), strict=True)
    left = {seed: round(mean, 4) for seed, mean in last if seed not in record}
    return outcome(plan, nets.weights, record, left, curve)


def share_right(
    task: Task, read: Reader, generator: torch.Generator, count: int, rate: Array
) -> Array:
    """Read ``count`` fresh sequences with each seed; return the shares that are right."""
    drawn = task.draw(len(rate), count, generator)
    x, target = drawn.x.double().numpy(), drawn.target.double().unsqueeze(2).numpy()
    worst, ranked = read(Given(x, target, np.full(x.shape[:2], x.shape[2])), rate)
    return (ranked if task.classes else worst < 0.04).mean(1)


def online_reber(learner: str, net: str, plan: Plan, pause: int) -> dict[str, Any]:
    """Train on 256 strings of the embedded Reber grammar, as ``contest_reber`` does."""
    sets = together([part for seed in plan.seeds for part in reber_sets(256, seed)])
    x, legal, inside = (
        part.unflatten(0, (-1, 2)).flatten(1, 2).double().numpy()
        for part in (sets.x, sets.legal, sets.inside)
    )
    strings = Given(x, legal, inside.sum(-1).astype(np.int64))
    nets: Nets1997 | RTRLNets
    if learner == "rtrl":
        nets = RTRLNets(int(net), 7, 7, plan.seeds, every_step=True)
    else:
        nets = Nets1997(net, 7, 7, plan.seeds, x.shape[2], every_step=True, one_hot=True)
    rng, rate = np.random.default_rng(plan.seeds[0]), np.full(len(plan.seeds), plan.rate)
    record, curve, share = {}, [], np.zeros(len(plan.seeds))
    lines = np.arange(len(plan.seeds))[:, None]
    for done in range(pause, plan.budget + 1, pause):
        pick = rng.integers(0, 256, (len(plan.seeds), pause))
        nets(Given(*(part[lines, pick] for part in strings)), rate)
        share = nets(strings, 0 * rate)[1].mean(1)
        running = rate > 0
        curve.append([done, round(float(share[running].mean()), 4), int(running.sum())])
        for k in np.flatnonzero(running & (share == 1)).tolist():
            rate[k] = 0.0
            record[plan.seeds[k]] = {"sequences": done, "right": 1.0}
        if not rate.any():
            break
    last = zip(plan.seeds, share.tolist(), strict=True)
    left = {seed: round(value, 4) for seed, value in last if seed not in record}
    return outcome(plan, nets.weights, record, left, curve[:: max(1, -(-len(curve) // 40))])

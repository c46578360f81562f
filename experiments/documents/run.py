"""Run one cell of the documents' table: one learner, one task, all its trials side by side."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from experiments.documents.online import online, online_reber
from experiments.harness.registry import Outcome
from experiments.nets.learners import LEARNERS
from experiments.nets.loops import rnn_loop
from experiments.tasks.dense import Strings, all_right, reber_sets
from experiments.tasks.seeded import TASKS, Task
from experiments.training.contest import Exam, Plan, contest, contest_reber, outcome, together

WANTED = 0.99
PAUSE = 2048  # strings between two tests on the Reber sets
GUESSES = 256  # nets drawn at once
UNITS, SCALE = 8, 10.0  # the net that is guessed: 8 tanh units, weights uniform in [-10, 10]


def run_cell(parameters: dict[str, Any], device: str) -> Outcome:
    """Return the outcome of one learner on one task."""
    name, kind = parameters["task"], parameters["kind"]
    seeds, budget = list(range(parameters["seeds"])), parameters["budget"]
    if kind == "guess":
        plan = Plan(seeds, budget, 1, 0.0)
        found = guess_reber(plan) if name == "reber" else guess(TASKS[name], plan)
    elif kind == "online":
        plan, net = Plan(seeds, budget, 1, parameters["rate"]), parameters["net"]
        if name == "reber":
            found = online_reber(parameters["learner"], net, plan, PAUSE)
        else:
            found = online(TASKS[name], parameters["learner"], net, plan, WANTED)
    else:
        plan = Plan(seeds, budget, parameters["batch"], parameters["rate"], parameters["clip"])
        build = LEARNERS[parameters["net"]]
        if name == "reber":
            found = contest_reber(lambda: build(7, 7, True), plan, device, PAUSE)
        else:
            task = TASKS[name]
            make = lambda: build(task.inputs, task.outputs, False)  # noqa: E731
            found = contest(task, make, plan, Exam(), device)
    return {**found, "criterion": parameters["criterion"]}


def drawn_nets(inputs: int, outputs: int, generator: torch.Generator) -> list[Tensor]:
    """Draw tanh nets, all weights uniform in [-SCALE, SCALE]."""
    shapes = [(inputs, UNITS), (UNITS, UNITS), (1, UNITS), (UNITS, outputs), (1, outputs)]
    return [(2 * torch.rand(GUESSES, *shape, generator=generator) - 1) * SCALE for shape in shapes]


def answers(nets: list[Tensor], x: Tensor, every_step: bool) -> Tensor:
    """Return the logistic outputs of nets for x (batch, time, input), the same for all nets."""
    w_in, w_back, bias, w_out, b_out = nets
    count, (batch, time, _) = len(w_in), x.shape
    net = torch.baddbmm(bias, x.flatten(0, 1).expand(count, -1, -1), w_in)
    h = rnn_loop(net.view(count, batch, time, -1), w_back)
    h = h if every_step else h[:, :, -1]
    y = torch.sigmoid(torch.baddbmm(b_out, h.flatten(1, -2), w_out))
    return y.view(*h.shape[:-1], -1)


def weights_guessed(inputs: int, outputs: int) -> int:
    """Return the number of weights of a guessed net."""
    return (inputs + UNITS + 1) * UNITS + (UNITS + 1) * outputs


def guess(task: Task, plan: Plan) -> Outcome:
    """Draw nets until one is right on 99 % of 2,560 sequences, for each seed.

    A net is thrown away at the first block of 16 sequences with a mistake; ``sequences`` counts
    what was read. Source: Schmidhuber & Hochreiter 1996.
    """
    record, left = {}, {}
    for seed in plan.seeds:
        generator, read, best = torch.Generator().manual_seed(seed), 0, 0.0
        while read < plan.budget and seed not in record:
            nets = drawn_nets(task.inputs, task.outputs, generator)
            alive, right = torch.arange(GUESSES), torch.zeros(GUESSES)
            for block in range(160):
                drawn = task.draw(1, 16, generator)
                y = answers([part[alive] for part in nets], drawn.x[0], False)
                hits = task.right(y, drawn.target).sum(1)
                read += 16 * len(alive)
                right[alive] += hits
                alive = alive[right[alive] >= (16 * (block + 1) - 25 if block else 16)]
                if not len(alive):
                    break
            best = max(best, float(right.max()) / 2560)
            if len(alive) and float(right[alive].max()) >= 0.99 * 2560:
                share = round(float(right[alive].max()) / 2560, 5)
                record[seed] = {"sequences": read, "right": share}
        left[seed] = round(best, 4)
    return outcome(plan, weights_guessed(task.inputs, task.outputs), record, left, [])


def guess_reber(plan: Plan) -> Outcome:
    """Draw nets until one gets all 512 strings right, for each seed."""
    record, left = {}, {}
    for seed in plan.seeds:
        sets = together(list(reber_sets(256, seed)))
        strings = Strings(*(part.flatten(0, 1) for part in sets))
        few = Strings(*(part[:4] for part in strings))
        generator, read, best = torch.Generator().manual_seed(seed), 0, 0.0
        while read < plan.budget and seed not in record:
            nets = drawn_nets(7, 7, generator)
            hits = all_right(answers(nets, few.x, True), few)
            read += 4 * GUESSES
            best = max(best, float(hits.float().mean(1).max()) * 4 / 512)
            for k in hits.all(1).nonzero().flatten().tolist():
                y = answers([part[k : k + 1] for part in nets], strings.x, True)
                share, read = float(all_right(y, strings).float().mean()), read + 512
                best = max(best, share)
                if share == 1.0 and seed not in record:
                    record[seed] = {"sequences": read, "right": 1.0}
        left[seed] = round(best, 4)
    return outcome(plan, weights_guessed(7, 7), record, left, [])

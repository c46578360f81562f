"""Run the tasks of the 1997 paper: their nets, their rule, their ways of judging success.

A trial is a group of up to eight seeds, trained side by side.

Three ways of judging occur: a rule over the last so many training sequences (2, 4, 5, 6), the
ranking of symbols in fixed sets of strings (1), and two rules over 256 test sequences (3).
Source: Hochreiter & Schmidhuber 1997, section 5 and Table 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.harness.registry import Outcome
from experiments.instruments.rounding import rounded
from experiments.rule1997 import fixed_sets as exams
from experiments.rule1997 import training as gr
from experiments.rule1997.lanes import LANES
from experiments.rule1997.memory import Array, Index
from experiments.rule1997.protocol import Group, Protocol, group, protocol_from
from experiments.tasks.paper1997 import seed as seed_tasks

TEST_SEQUENCES = 2560
CHUNK = 5000  # sequences between two points of a learning curve


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Run a trial: ``parameters["judged"]`` says by which of the three ways."""
    judge = JUDGED[parameters["judged"]]
    protocol = protocol_from(parameters["protocol"])
    return judge(protocol, parameters["seeds"], parameters["budget"], **parameters["judging"])


def run_window(protocol: Protocol, seeds: list[int], budget: int) -> Outcome:
    """Train until the stop rule over the last sequences holds, then test on fresh ones."""
    nets = group(protocol, seeds)
    before = _train_outputs_first(nets, protocol) if protocol.late_cell else 0
    rule = gr.Rule(protocol.tolerance, protocol.window, protocol.wrong_below, protocol.mean_below)
    so_far = gr.progress(rule)
    curves = _train(nets, protocol, rule, so_far, budget - before)
    wrong, error = _test(nets, protocol)
    return {
        "budget": budget,
        "seeds": [
            {
                "seed": seed,
                "solved": bool(so_far.done[k]),
                "sequences": before + int(so_far.seen[k]),
                "window_wrong": int(so_far.wrong[k]),
                "window_mean_error": rounded(so_far.error[k]),
                "test_wrong": int(wrong[k]),
                "test_mean_error": rounded(error[k]),
                "curve": thinned(curves[k]),
            }
            for k, seed in enumerate(seeds)
        ],
    }


def _train(
    nets: Group, protocol: Protocol, rule: gr.Rule, so_far: gr.Progress, budget: int
) -> list[list[list[float]]]:
    """Train all lanes until their rules hold or the budget is spent; return learning curves."""
    seeds = len(nets.seeds)
    so_far.done[seeds:] = 1
    curves: list[list[list[float]]] = [[] for _ in nets.seeds]
    trained, chunk = 0, max(1, min(CHUNK, budget // 40))
    while trained < budget and not so_far.done.all():
        count = min(chunk, budget - trained)
        running = np.flatnonzero(so_far.done[:seeds] == 0)
        gr.train(
            protocol.task,
            nets.size,
            *nets.net,
            nets.drawn,
            nets.given,
            rule,
            nets.way,
            nets.rate,
            so_far,
            nets.found,
            count,
        )
        trained += count
        for k in running:
            curves[k].append([int(so_far.seen[k]), rounded(so_far.error[k]), int(so_far.wrong[k])])
    return curves


def _test(nets: Group, protocol: Protocol) -> tuple[Index, Array]:
    """Test every net on fresh sequences; return wrong ones and mean errors."""
    wrong, error = np.zeros(LANES, np.int64), np.zeros(LANES)
    gr.test(
        protocol.task,
        nets.size,
        *nets.net,
        nets.drawn,
        nets.given,
        protocol.tolerance,
        nets.way,
        nets.found,
        TEST_SEQUENCES,
        wrong,
        error,
    )
    return wrong, error


def _train_outputs_first(nets: Group, protocol: Protocol, window: int = 1000) -> int:
    """Train with the cells shut until the error stops falling; then draw the cells anew.

    With its input gate shut a cell stays 0, and neither works nor learns. Tasks 2a and 2b add
    the cell to a net whose error no longer falls: here, by less than 3 % in 1,000 sequences.
    Return how many sequences it took.
    """
    hidden = nets.weights.hidden.copy()
    cells = nets.shape.blocks * nets.shape.cells
    nets.weights.hidden[cells : cells + nets.shape.blocks] = -1e3
    rule = gr.Rule(0.0, window, 0, 0.0)  # never holds
    so_far, best, error = gr.progress(rule), math.inf, 1.0
    while error < 0.97 * best:
        best = error if so_far.seen[0] else math.inf
        gr.train(
            protocol.task,
            nets.size,
            *nets.net,
            nets.drawn,
            nets.given,
            rule,
            nets.way._replace(judged_at=protocol.longest),
            nets.rate,
            so_far,
            nets.found,
            window,
        )
        error = float(so_far.error.mean())
    nets.weights.hidden[...] = hidden
    return int(so_far.seen[0])


def run_reber(protocol: Protocol, seeds: list[int], budget: int, check: int = 100) -> Outcome:
    """Experiment 1: train on 256 strings until these and 256 others are all ranked right.

    The seeds of a group share one pair of sets, drawn with the group's first seed.
    """
    nets = group(protocol, seeds)
    training, test = exams.reber_sets(nets.size, nets.shape, protocol.longest)
    lessons = training if protocol.legal_targets else exams.next_symbols(training)
    seed_tasks(seeds[0] + 1000)
    done, solved_at = 0, np.zeros(LANES, np.int64)
    solved_at[len(seeds) :] = -1
    curve = []
    while done < budget and (solved_at == 0).any():
        error = exams.train_on(
            lessons, *nets.net, nets.given, nets.way, nets.rate, nets.found, check
        )
        done += check
        passed = exams.ranked(training, *nets.net, nets.given, nets.found)
        if passed.any():
            passed &= exams.ranked(test, *nets.net, nets.given, nets.found)
        solved_at[(solved_at == 0) & passed] = done
        nets.rate[solved_at != 0] = 0.0
        if done % max(check, budget // 40 // check * check) == 0:
            curve.append([done, *(rounded(e) for e in error[: len(seeds)])])
    wrong = [exams.unranked(part, *nets.net, nets.given, nets.found) for part in (training, test)]
    return {
        "budget": budget,
        "curve": thinned(curve),
        "seeds": [
            {
                "seed": seed,
                "solved": bool(solved_at[k] > 0),
                "sequences": int(solved_at[k]) or done,
                "training_wrong": int(wrong[0][k]),
                "test_wrong": int(wrong[1][k]),
            }
            for k, seed in enumerate(seeds)
        ],
    }


def run_two_classes(
    protocol: Protocol,
    seeds: list[int],
    budget: int,
    allowed: int,
    mean_below: float,
    check: int = 500,
) -> Outcome:
    """Experiment 3: train until 256 test sequences meet ST1, then ST2; test on fresh ones.

    ST1: at most ``allowed`` are wrong. ST2: besides, the mean error is below ``mean_below``.
    """
    nets = group(protocol, seeds)
    test = gr.drafts(nets.shape, protocol.longest, protocol.active, exams.TEST_SET)
    gr.draw(protocol.task, nets.size, test, True)
    rule = gr.Rule(0.0, check, 0, 0.0)  # never holds
    so_far = gr.progress(rule)
    first, solved_at = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64)
    solved_at[len(seeds) :] = so_far.done[len(seeds) :] = 1
    done, curve = 0, []
    while done < budget and (solved_at == 0).any():
        gr.train(
            protocol.task,
            nets.size,
            *nets.net,
            nets.drawn,
            nets.given,
            rule,
            nets.way,
            nets.rate,
            so_far,
            nets.found,
            check,
        )
        done += check
        wrong, error = exams.misses(
            test, *nets.net, nets.given, nets.found, protocol.tolerance, allowed
        )
        first[(first == 0) & (wrong <= allowed)] = done
        solved = (solved_at == 0) & (wrong <= allowed) & (error < mean_below)
        solved_at[solved] = done
        nets.rate[solved_at != 0] = 0.0
        so_far.done[solved_at != 0] = 1
        if done % max(check, budget // 40 // check * check) == 0:
            curve.append([done, *(rounded(e) for e in so_far.error[: len(seeds)])])
    missed, error = _test(nets, protocol)
    return {
        "budget": budget,
        "curve": thinned(curve),
        "seeds": [
            {
                "seed": seed,
                "solved": bool(solved_at[k]),
                "sequences": int(solved_at[k]) or done,
                "first_rule": int(first[k]),
                "test_wrong": int(missed[k]),
                "test_mean_error": rounded(error[k]),
            }
            for k, seed in enumerate(seeds)
        ],
    }


JUDGED: dict[str, Callable[..., Outcome]] = {
    "window": run_window,
    "reber": run_reber,
    "two-classes": run_two_classes,
}


def thinned(curve: list[list[float]], most: int = 40) -> list[list[float]]:
    """Return at most ``most`` points of a curve, evenly spread, the last one among them."""
    stride = max(1, -(-len(curve) // most))
    return curve[::-1][::stride][::-1]

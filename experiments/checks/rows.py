"""Exact checks: seconds each, nothing to tune, the same outcome every time."""

from __future__ import annotations

from experiments.checks import history, modern, nets1997
from experiments.harness.registry import Parameters, register

Trials = dict[str, Parameters]


def _seeds(quick: bool) -> list[int]:
    return list(range(3 if quick else 10))


def _cec(quick: bool) -> Trials:
    loops = [0.25, 0.9, 0.95, 0.98, 0.99, 1.0, 1.01]
    net = {"inputs": 3, "blocks": 4, "cells": 2, "steps": 100}
    return {
        "decay": {"check": "decay", "lag": 100, "self_loops": loops},
        "state-jacobian": {
            "check": "state_jacobian",
            "scales": [0.1, 0.5, 1.0, 2.0],
            "seeds": _seeds(quick),
            **net,
        },
    }


def _gates(quick: bool) -> Trials:
    some = {"seeds": _seeds(quick)}
    return {
        "weight-counts": {"check": "weight_counts"},
        "shared-gates": {"check": "shared_gates"},
        "open-gates": {"check": "open_gates", "biases": [0.0, -1.0, -2.0, -3.0, -6.0]},
        "forget-gate-of-one": {
            "check": "forget_gate_of_one",
            "biases": [50, 5, 0],
            "inputs": 3,
            "hidden": 8,
            "steps": 200,
            **some,
        },
        "padding": {
            "check": "padding",
            "tokens": 3,
            "padding": 20,
            "inputs": 8,
            "hidden": 16,
            **some,
        },
    }


def _truncated(quick: bool) -> Trials:
    return {
        "back-through": {
            "check": "truncated_gradients",
            "blocks": 2,
            "cells": 2,
            "scale": 0.5,
            "steps": 10,
            "seeds": _seeds(quick),
        },
        "trace-memory": {"check": "trace_memory", "inputs": 2, "cells": [8, 16, 32, 64]},
    }


def _transformer(quick: bool) -> Trials:
    some = {"seeds": _seeds(quick)}
    depths = {"depths": [2, 4, 8, 16, 32], "seeds": list(range(2 if quick else 5)), "width": 32}
    stack = {"check": "residual_depth", "heads": 2, "batch": 4, "tokens": 8, **depths}
    return {
        "dense": {"check": "dense_permutation", "inputs": 16, "hidden": 32, **some},
        "attention": {
            "check": "attention_permutation",
            "width": 32,
            "heads": 4,
            "tokens": 20,
            **some,
        },
        "sinusoids": {
            "check": "sinusoid_shift",
            "fit": 50,
            "last": 192,
            "shift": 7,
            "fit_dim": 8,
            "dims": [8, 64, 512],
        },
        "rotary": {"check": "rotary", "dim": 16, "positions": list(range(0, 200, 9)), "seed": 0},
        "depth-torch-start": {**stack, "start": "torch"},
        "depth-xavier-start": {**stack, "start": "xavier"},
        "depth-blocks": {"check": "depth_blocks", **depths},
    }


def _ssm(quick: bool) -> Trials:
    return {
        "three-forms": {
            "check": "three_forms",
            "lengths": [64, 512],
            "width": 4,
            "states": 16,
            "seeds": list(range(2 if quick else 5)),
        },
        "selection": {
            "check": "selection_is_gating",
            "range": 10.0,
            "points": 201,
            "steps": 1000,
            "seed": 0,
        },
    }


def _history(quick: bool) -> Trials:
    task = {
        "check": "rtrl_two_sequences",
        "tolerance": 0.25,
        "streak": 10_000,
        "budget": 500_000 if quick else 5_000_000,
    }
    # 18 nets at each rate, as the paper has; at p = 10, where it names no rates, 18 in all.
    small, large = ([0, 1, 2], [0]) if quick else (list(range(18)), list(range(6)))
    rates = [1.0, 4.0, 10.0]
    return {
        "reber-lengths": {
            "check": "reber_lengths",
            "strings": 10_000 if quick else 100_000,
            "seed": 0,
        },
        **{
            f"p{p}-rate{rate:g}": {**task, "p": p, "rate": rate, "seeds": seeds}
            for p, seeds in ((4, small), (10, large))
            for rate in rates
        },
    }


register("checks-cec", "checks", "error flow inside the carousel", nets1997.run, _cec, 2)
register(
    "checks-gates",
    "checks",
    "gates and weights of the nets of 1997, forgetting",
    nets1997.run,
    _gates,
    0.5,
)
register(
    "checks-truncated-bptt",
    "checks",
    "how far back the rule of 1997 goes",
    nets1997.run,
    _truncated,
    0.5,
)
register(
    "checks-transformer", "checks", "positions, symmetries, and depth", modern.run, _transformer, 2
)
register(
    "checks-ssm", "checks", "one system, three forms; selection and gates", modern.run, _ssm, 5
)
register("checks-history", "checks", "tasks 1 and 2a as they were", history.run, _history, 15)

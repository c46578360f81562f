"""What every layer costs: training time and memory, serial steps, and time per generated token."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch

from experiments.bench.streaming import cache_of
from experiments.cost.measure import (
    Point,
    build,
    fastest,
    ladder,
    measure_pass,
    one_thread,
    state_bytes,
    weights,
)
from experiments.harness.registry import Outcome
from experiments.instruments.in_turn import Call, training_pass
from experiments.instruments.probes import serial_steps
from experiments.instruments.rounding import rounded

STEPS = 5  # timed in a row: few, since a cache grows by each
PIECE = 512  # tokens per forward on the way to a late state


def training_call(spec: dict[str, Any], batch: int, length: int, device: str) -> Call:
    """Return a call that runs a layer forward and backward on random tokens."""
    layer = build(spec["kind"], spec["arguments"]).to(device)
    x = torch.randn(batch, length, spec["width"], device=device).requires_grad_()
    return training_pass(lambda: layer(x)[0], [x, *layer.parameters()])


def training(parameters: dict[str, Any], device: str) -> Outcome:
    """Measure training of one layer while its length, batch or width grows.

    ``specs`` holds one layer spec, or one for each of ``sizes`` where the width grows.
    """
    varies, specs, sizes = parameters["varies"], parameters["specs"], parameters["sizes"]
    fixed = {"batch": parameters["batch"], "length": parameters["length"]}

    def attempt(size: int) -> Point:
        torch.manual_seed(parameters["seed"])
        spec = specs[sizes.index(size)] if varies == "width" else specs[0]
        shape = {**fixed, varies: size}
        call = training_call(spec, shape["batch"], shape["length"], device)
        point = measure_pass(call, device, parameters["passes"], parameters["patience"])
        tokens = shape["batch"] * shape["length"]
        return {**point, "tokens_per_s": rounded(tokens / point["seconds"])}

    with one_thread():
        training_call(specs[0], 1, 64, device)()  # compiles
        points = ladder(sizes, attempt, parameters["most_seconds"], parameters["most_bytes"])
    counts = [weights(build(spec["kind"], spec["arguments"])) for spec in specs]
    return {"weights": counts, "widths": [spec["width"] for spec in specs], "points": points}


def depth(parameters: dict[str, Any], device: str) -> Outcome:
    """Count the serial steps of one layer's forward pass at short lengths, and extend the rule.

    A ``compiled`` kernel of the CPU would count as one step; on the meta device, which computes
    shapes only, a scan takes its parallel form. One operation on whole tensors is one step. The
    rule a + b u(T) is fitted to the first two lengths; ``as_predicted`` says whether the others
    follow it.
    """
    form, lengths, spec = parameters["depth"], parameters["lengths"], parameters["spec"]
    layer = build(spec["kind"], spec["arguments"], **parameters["changes"])
    if parameters["compiled"]:
        layer = layer.to("meta")
    device = next(layer.parameters()).device.type

    def units(length: int) -> float:
        in_form = {"steps": length, "rounds": math.log2(length), "chunks": length / 64, "flat": 0}
        return in_form[form]

    counted = []
    for length in lengths:
        x = torch.zeros(1, length, spec["width"], device=device, requires_grad=True)
        counted.append(serial_steps(layer(x)[0]))
    apart = units(lengths[1]) - units(lengths[0])
    per_unit = (counted[1] - counted[0]) / apart if apart else 0.0
    at_start = counted[0] - per_unit * units(lengths[0])
    rule = [at_start + per_unit * units(length) for length in lengths]
    return {
        "counted": dict(zip(map(str, lengths), counted, strict=True)),
        "form": form,
        "per_unit": per_unit,
        "at_start": at_start,
        "as_predicted": all(abs(r - c) < 1e-9 for r, c in zip(rule, counted, strict=True)),
        "by_rule": {str(n): round(at_start + per_unit * units(n)) for n in parameters["extended"]},
    }


@torch.no_grad()
def generation(parameters: dict[str, Any], device: str) -> Outcome:
    """Time a step, and weigh the state, after ever more tokens.

    States of fixed size are reached by reading all tokens. A cache is read up to ``read_to``
    tokens and made at its size beyond: its contents do not matter to the time of a step.
    """
    torch.manual_seed(parameters["seed"])
    spec, contexts = parameters["spec"], parameters["contexts"]
    layer = build(spec["kind"], spec["arguments"]).to(device)
    few = torch.randn(STEPS, 1, spec["width"], device=device).unbind(0)

    def stream(state: Any) -> None:
        for x in few:
            _, state = layer.step(x, state)

    with one_thread():
        states, state, read = {}, layer.initial_state(1), 0
        for context in contexts:
            if parameters["grows"] and context > parameters["read_to"]:
                state = cache_of(layer, state, context)
            while read < context and not (parameters["grows"] and read >= parameters["read_to"]):
                count = min(PIECE, context - read)
                _, state = layer(torch.randn(1, count, spec["width"], device=device), state)
                read += count
            states[str(context)] = state
        calls: dict[str, Call] = {name: partial(stream, states[name]) for name in states}
        took = fastest(calls, parameters["turns"], patience=parameters["patience"])
    return {
        "weights": weights(layer),
        "points": [
            {
                "size": context,
                "seconds_per_token": rounded(took[str(context)] / STEPS),
                "state_bytes": state_bytes(states[str(context)]),
            }
            for context in contexts
        ],
    }


def count(parameters: dict[str, Any], device: str) -> Outcome:
    """Count weights; for layers of the course also the state's bytes before the first token."""
    layer = build(parameters["kind"], parameters["arguments"])
    outcome: Outcome = {"weights": weights(layer)}
    if not parameters["kind"].startswith("nn."):
        outcome["state_bytes"] = state_bytes(layer.initial_state(1))
    return outcome


RUNS = {"training": training, "depth": depth, "generation": generation, "count": count}


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Run a trial: ``parameters["measure"]`` says which measurement."""
    return RUNS[parameters["measure"]](parameters, device)

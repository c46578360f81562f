"""What is left out of or put into the LSTM, on which task, how often and how long.

The rows of the ablations. By the rule of 1997 (``online``): gates, self-loop, blocks,
squashing and biases, on adding (T = 100) and temporal order (6a) with the paper's nets and rates.
In batches with Adam: hard gates, the full gradient, later gates. Every trial trains its seeds side
by side.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from experiments.ablations import conflict, gated, lines, online, text, untrained
from experiments.ablations.line_rows import LINE_READERS, RATES
from experiments.ablations.protocols import (
    BIASES,
    GATES,
    LOOPS,
    OUTPUT_BIASES,
    TWO_SEQUENCES,
    Variants,
    adding,
    order,
    reber,
    signal,
    trained,
)
from experiments.harness.registry import Parameters, Run, register
from experiments.training import course


def add(
    name: str,
    purpose: str,
    run: Run,
    rows: Variants,
    seconds: float,
    seeds: int = 8,
    quick: int = 5,
    only: Collection[str] = (),
) -> None:
    """Register one family.

    A quick run has 3 seeds, ``quick`` times less training, and leaves out rows that are not in
    ``only``, where that is given.
    """

    def trials(short: bool) -> dict[str, Parameters]:
        found = {}
        for key, row in rows.items():
            parameters = {**row, "seeds": list(range(3 if short else seeds))}
            if short and only and key not in only:
                continue
            if short:
                parameters |= {k: row[k] // quick for k in ("budget", "steps") if k in row}
                if "course" in row:
                    steps = row["course"]["steps"] // quick
                    parameters["course"] = row["course"] | {"steps": steps}
            found[key] = parameters
        return found

    register(f"ablations-{name}", "ablations", purpose, run, trials, seconds)


# By the rule of 1997 -----------------------------------------------------------------------------

_RUN = online.run
_LOOPS = {str(loop): {"self_loop": loop} for loop in LOOPS}
_ENDS = {key: _LOOPS[key] for key in ("0.9", "1.1")}

add(
    "gates",
    "adding, T = 100, by the rule of 1997: which gates it takes",
    _RUN,
    trained({key: adding(100, **changes) for key, changes in GATES.items()}, 200_000),
    30,
)
add(
    "self-loop",
    "adding, T = 100, by the rule of 1997: a carousel that decays or grows",
    _RUN,
    trained({key: adding(100, **changes) for key, changes in _LOOPS.items()}, 200_000),
    30,
    quick=8,
)
add(
    "self-loop-lengths",
    "adding, T = 25 and 50, by the rule of 1997: decay against lag",
    _RUN,
    trained(
        {
            f"T{length}-{loop}": adding(length, self_loop=loop)
            for length in (25, 50)
            for loop in (0.9, 0.95, 0.98, 0.99, 1.0)
        },
        200_000,
    ),
    12,
    quick=8,
)
add(
    "biases",
    "adding, T = 100, by the rule of 1997: where the input gates' biases start",
    _RUN,
    trained({k: adding(100, input_gate_bias=ladder) for k, ladder in BIASES.items()}, 200_000),
    30,
    quick=8,
)
add(
    "output-biases",
    "signal and noise on one line (3a), by the rule of 1997: the output gates' start biases",
    _RUN,
    trained({k: signal(output_gate_bias=b) for k, b in OUTPUT_BIASES.items()}, 60_000),
    10,
)
add(
    "squashing",
    "adding, T = 100, by the rule of 1997: tanh for both g and h",
    _RUN,
    trained({"tanh": adding(100, g="tanh", h="tanh")}, 200_000),
    30,
)
add(
    "order",
    "temporal order (6a) by the rule of 1997: gates, and a self-loop that is not 1",
    _RUN,
    trained({key: order(**changes) for key, changes in (GATES | _LOOPS).items()}, 100_000),
    15,
    only=GATES,
)
add(
    "reber",
    "embedded Reber strings (1) by the rule of 1997: gates, and a self-loop that is not 1",
    online.run_strings,
    trained({key: reber(**changes) for key, changes in (GATES | _ENDS).items()}, 60_000),
    10,
    quick=2,
    only=GATES,
)
add(
    "two-sequences",
    "task 2a, p = 50, with an input gate only: outputs first, then the cell",
    online.run_two_sequences,
    trained({"input-gate-only": TWO_SEQUENCES}, 60_000, outputs_first=500),
    40,
)

# In batches, with Adam ---------------------------------------------------------------------------

_ADDING = {"task": "adding", "course": {"steps": 1000, "batch": 32, "rate": 0.02, "check": 25}}
_XOR = {
    "task": "xor",
    "time": 30,
    "course": {"steps": 4000, "batch": 32, "rate": 0.01, "check": 100},
}
_GRADIENTS: Variants = {"truncated": {"truncated": True}, "full": {"truncated": False}}

add(
    "gradient",
    "adding, T = 100, in batches: the truncated and the full gradient",
    course.run,
    {key: {**_ADDING, "changes": changes} for key, changes in _GRADIENTS.items()},
    12,
    quick=2,
)
add(
    "gradient-xor",
    "delayed XOR, T = 30: the truncated and the full gradient",
    course.run,
    {key: {**_XOR, "changes": changes} for key, changes in _GRADIENTS.items()},
    15,
)
add(
    "hard-gates",
    "adding, T = 100, in batches: gates of 0 or 1, with a straight-through gradient",
    course.run,
    {
        key: {**_ADDING, "changes": {"gate": "hard", **changes}}
        for key, changes in _GRADIENTS.items()
    },
    12,
    quick=2,
)

# With forget gates, in batches -------------------------------------------------------------------


def _net(kind: str, hidden: int, **changes: Any) -> dict[str, Any]:
    return {"kind": kind, "hidden": hidden, "changes": changes}


_STEPS = {"course": {"steps": 1000, "batch": 32, "rate": 0.02, "check": 50}}
# Input gates start nearly shut (bias -3), as in the paper's nets for adding.
LATER: Variants = {
    "forget-bias-0": _net("lstm", 8, forget_bias=0.0, input_bias=-3.0),
    "forget-bias-1": _net("lstm", 8, forget_bias=1.0, input_bias=-3.0),
    "forget-bias-3": _net("lstm", 8, forget_bias=3.0, input_bias=-3.0),
    "forget-bias-5": _net("lstm", 8, forget_bias=5.0, input_bias=-3.0),
    "input-bias-0": _net("lstm", 8, forget_bias=3.0),
    "no-output-gate": _net("lstm", 8, forget_bias=3.0, input_bias=-3.0, output_gate=False),
    "peephole": _net("peephole", 8, forget_bias=3.0, input_bias=-3.0),
    "gru": _net("gru", 8),
    "gru-keep-bias-3": _net("gru", 8, keep_bias=3.0),
}
add(
    "later-gates",
    "adding, T = 100, in batches: forget gate, peephole, GRU, and their biases",
    gated.run_adding,
    {key: {**_STEPS, **net} for key, net in LATER.items()},
    20,
    quick=2,
    only=[*(f"forget-bias-{bias}" for bias in (0, 1, 3, 5)), "no-output-gate"],
)
add(
    "forget-reach",
    "how much gradient is left after 50 steps, by the forget gate's start bias",
    untrained.run_reach,
    {str(bias): {"lag": 50, "hidden": 16, "forget_bias": bias} for bias in (None, 0.0, 1.0, 3.0)},
    0.3,
)

_STRINGS = {"budget": 60_000, "batch": 16, "rate": 0.01}
_TEXT = {"characters": 1_000_000, "steps": 400, "batch": 16, "length": 100, "rate": 0.01}
add(
    "output-gate-reber",
    "embedded Reber strings, in batches: LSTM without output gates",
    gated.run_reber,
    {"lstm-12": {**_STRINGS, **_net("lstm", 12, output_gate=False)}},
    25,
)
add(
    "output-gate-text",
    "characters of Python source: LSTM with output gates and without",
    text.run,
    {
        "with": {**_TEXT, **_net("lstm", 64)},
        "without": {**_TEXT, **_net("lstm", 64, output_gate=False)},
    },
    25,
    seeds=4,
)
add(
    "width",
    "embedded Reber strings, in batches: how wide a plain net and an LSTM must be",
    gated.run_reber,
    {
        f"{kind}-{width}": {**_STRINGS, **_net(kind, width)}
        for kind in ("tanh", "lstm")
        for width in (8, 12, 16)
    },
    20,
)

# The language of a line --------------------------------------------------------------------------

add(
    "lines",
    "tell the language of a line: plain nets, GRU and LSTM at equal width, weights and time",
    lines.run,
    {
        f"{name}-rate{rate}": {**reader, "rate": rate}
        for name, reader in LINE_READERS.items()
        for rate in RATES
    },
    25,
    seeds=5,
    only=[f"{name}-rate0.01" for name in LINE_READERS],
)

# Other questions ---------------------------------------------------------------------------------

_COURSE = {"steps": 1200, "batch": 32, "rate": 0.01, "check": 50, "level": 1.0}
add(
    "conflict",
    "name the first symbol: a bare carousel against a gated cell",
    conflict.run,
    {
        f"{cell}-{middle}": {"p": 50, "cell": cell, "middle": middle, "course": _COURSE}
        for cell in ("bare", "gated")
        for middle in ("fixed", "random", "same")
    },
    8,
    quick=2,
)
add(
    "squashing-functions",
    "g and h of 1997 against the hyperbolic tangent",
    untrained.run_squashing,
    {"difference": {"range": 20.0}},
    0.1,
)
add(
    "counts",
    "weights of layers of equal width",
    untrained.run_counts,
    {f"width-{width}": {"inputs": 8, "width": width} for width in (8, 128)},
    0.1,
)

"""The limits that only training shows, and the scaling of small language models: what is run.

Each row is a trial: its parameters decide everything that comes out.
"""

from __future__ import annotations

from experiments.harness.registry import Parameters, register
from experiments.learned.reach import run_reach
from experiments.learned.scaling import run_scaling
from experiments.learned.small_nets import (
    run_convolution,
    run_counting,
    run_in_context,
    run_tracking,
)
from experiments.learned.text import run_context, run_length, run_positions
from experiments.learned.ungated import run_ungated

Trials = dict[str, Parameters]

CHARACTERS = 4_000_000  # of the standard library, the last tenth held out
FLAT = 0.02  # nats: a difference in loss that does not count
RATES = {"lstm": 0.02, "transformer": 0.01, "mamba": 0.01}
POSITIONS = ("sinusoidal", "rotary", "alibi", "none")
TRACKERS = {  # name: kind, learning rate
    "rnn": ("rnn", 0.003),
    "gru": ("gru", 0.01),
    "lstm": ("lstm", 0.01),
    "mingru": ("mingru", 0.01),
    "s4d": ("s4d", 0.01),
    "mamba": ("mamba", 0.01),
    "transformer-rotary": ("transformer", 0.005),
    "transformer-alibi": ("transformer", 0.005),
}
WORDS = {  # group: parameters, training steps, models (parity is the cheapest, so has them all)
    "parity": (10_000, 400, tuple(TRACKERS)),
    "s3": (10_000, 600, ("rnn", "lstm", "transformer-rotary")),
    "a5": (20_000, 1000, tuple(TRACKERS)[:-1]),
}
SIZES = (3_000, 10_000, 30_000, 100_000, 300_000)


def seeds(count: int) -> list[int]:
    """Return the first seeds."""
    return list(range(count))


def context_trials(quick: bool) -> Trials:
    """One trained model per trial."""
    fixed = {
        "characters": CHARACTERS,
        "hidden": 128,
        "embedding": 32,
        "steps": 300 if quick else 800,
        "contexts": [1, 2, 5, 10, 25, 50, 100, 200, 400],
        "test": 500 if quick else 3000,
        "flat": FLAT,
    }
    return {f"seed-{seed}": {"seed": seed, **fixed} for seed in seeds(1 if quick else 3)}


def reach_trials(quick: bool) -> Trials:
    """One trained model per trial, and the untrained control."""
    fixed = {
        "characters": CHARACTERS,
        "hidden": 128,
        "embedding": 32,
        "window": 600,
        "batch": 16,
        "rate": 0.01,
        "contexts": [1, 2, 5, 10, 25, 50, 100, 200, 350, 500, 800],
        "test": 200 if quick else 3000,
        "flat": FLAT,
    }
    steps = 20 if quick else 300
    trained: Trials = {
        f"seed-{seed}": {"seed": seed, "steps": steps, **fixed} for seed in seeds(1 if quick else 5)
    }
    return trained | {"untrained": {"seed": 0, "steps": 0, **fixed}}


def position_trials(quick: bool) -> Trials:
    """One trained model per trial, of either kind."""
    fixed = {
        "characters": CHARACTERS,
        "size": 50_000,
        "steps": 120 if quick else 500,
        "batch": 16,
        "length": 256,
        "test": 400 if quick else 3000,
        "flat": FLAT,
    }
    return {
        f"{kind}-{seed}": {"kind": kind, "seed": seed, "rate": RATES[kind], **fixed}
        for seed in seeds(1 if quick else 3)
        for kind in ("lstm", "transformer")
    }


def length_trials(quick: bool) -> Trials:
    """One trained transformer per trial, with one of four kinds of position."""
    fixed = {
        "characters": CHARACTERS,
        "width": 48,
        "steps": 150 if quick else 500,
        "batch": 32,
        "trained": 32,
        "tested": [32, 40, 48, 64, 128],
        "rate": RATES["transformer"],
        "test": 500 if quick else 2000,
    }
    return {
        f"{positions}-{seed}": {"positions": positions, "seed": seed, **fixed}
        for seed in seeds(1 if quick else 3)
        for positions in POSITIONS
    }


def tracking_trials(quick: bool) -> Trials:
    """One kind of model on one group per trial, all seeds."""
    fixed = {
        "seeds": seeds(3 if quick else 5),
        "batch": 32,
        "length": 20,
        "tested": 60,
        "test": 500,
        "accuracy": 0.99,
    }
    trials = {}
    for group, (size, steps, names) in WORDS.items():
        for name in names:
            kind, rate = TRACKERS[name]
            model = {"kind": kind, "rate": rate, "positions": name.partition("-")[2] or "none"}
            training = {"group": group, "size": size, "steps": 300 if quick else steps}
            trials[f"{group}-{name}"] = {**training, **model, **fixed}
    quickest = ("parity-lstm", "parity-mamba", "parity-transformer-rotary")
    return {name: trials[name] for name in (quickest if quick else trials)}


def counting_trials(quick: bool) -> Trials:
    """All seeds of one kind of unit per trial."""
    fixed = {
        "seeds": seeds(3 if quick else 5),
        "units": 10,
        "trained": 50,
        "tested": 200,
        "steps": 500 if quick else 2000,
        "batch": 32,
        "rate": 0.02,
    }
    return {kind: {"kind": kind, **fixed} for kind in ("lstm", "gru")}


def context_learning_trials(quick: bool) -> Trials:
    """All seeds of lines in one number of dimensions per trial."""
    fixed = {
        "seeds": seeds(3),
        "units": 64,
        "pairs": 20,
        "steps": 400 if quick else 1000,
        "batch": 64,
        "rate": 0.01,
        "test": 2000,
    }
    return {f"dim-{dim}": {"dim": dim, **fixed} for dim in (1, 3)}


def convolution_trials(quick: bool) -> Trials:
    """Eight layers, which see 256 steps, and seven, which see too few of the 200."""
    fixed = {
        "seeds": seeds(3),
        "channels": 24,
        "time": 200,
        "steps": 700 if quick else 1000,
        "batch": 64,
        "rate": 0.005,
        "test": 1000,
        "tolerance": 0.01,
    }
    return {f"layers-{layers}": {"layers": layers, **fixed} for layers in (7, 8)}


def ungated_trials(quick: bool) -> Trials:
    """One start and one learning rate per trial, all seeds side by side."""
    fixed = {
        "units": 64,
        "time": 100,
        "batch": 32,
        "batches": 200 if quick else 2000,
        "block": 50,
        "seeds": seeds(5),
        "clip": 1.0,
    }
    return {
        f"{start}-{rate}": {"start": start, "rate": rate, **fixed}
        for start in ("usual", "orthogonal", "identity")
        for rate in ((0.002,) if quick else (0.0005, 0.002, 0.008))
    }


def scaling_trials(quick: bool) -> Trials:
    """One model per trial: a kind, a size and a seed; of the largest, one seed, for the time."""
    fixed = {
        "characters": CHARACTERS,
        "steps": 200 if quick else 1000,
        "batch": 16,
        "length": 64,
        "test": 200 if quick else 1000,
    }
    return {
        f"{kind}-{size}-{seed}": {
            "kind": kind,
            "size": size,
            "seed": seed,
            "rate": RATES[kind],
            **fixed,
        }
        for size in (SIZES[:4] if quick else SIZES)
        for kind in RATES
        for seed in seeds(1 if quick or size == SIZES[-1] else 2)
    }


register(
    "limits-context",
    "limits",
    "How many characters of context does a trained character LSTM use?",
    run_context,
    context_trials,
    40,
)
register(
    "limits-reach",
    "limits",
    "How many of up to 800 characters does an LSTM use that was trained on windows of 600?",
    run_reach,
    reach_trials,
    90,
)
register(
    "limits-per-position",
    "limits",
    "Loss by position in the text: where do an LSTM and a transformer of equal size stop falling?",
    run_positions,
    position_trials,
    40,
)
register(
    "limits-length",
    "limits",
    "Transformers trained on 32 characters, tested on up to 128, with four kinds of position.",
    run_length,
    length_trials,
    12,
)
register(
    "limits-state-tracking",
    "limits",
    "Parity and permutations of 3 and 5: trained on 20 steps, tested on 60.",
    run_tracking,
    tracking_trials,
    25,
)
register(
    "limits-counting",
    "limits",
    "a^n b^n by 10 units of LSTM and GRU: trained to n = 50, tested to 200.",
    run_counting,
    counting_trials,
    70,
)
register(
    "limits-in-context",
    "limits",
    "Does an LSTM learn a new line from the pairs it has read, without a change of weights?",
    run_in_context,
    context_learning_trials,
    25,
)
register(
    "limits-convolution",
    "limits",
    "Dilated causal convolutions: how far they see, and whether they learn adding over 200 steps.",
    run_convolution,
    convolution_trials,
    60,
)
register(
    "limits-adding-ungated",
    "limits",
    "Adding over 100 steps by nets without gates: the usual, an orthogonal, an identity start.",
    run_ungated,
    ungated_trials,
    50,
)
register(
    "scaling",
    "scaling",
    "Loss against parameters for LSTM, transformer and Mamba on the same characters.",
    run_scaling,
    scaling_trials,
    25,
)

"""What is run with transformer blocks."""

from __future__ import annotations

from typing import Any

from experiments.blocks.depth import run_depth
from experiments.blocks.language import run_language
from experiments.harness.registry import Parameters, register

Trials = dict[str, Parameters]
DEPTHS = (2, 6, 12, 24)
WIDTHS = {"today": 48, "lstm": 76, "mamba": 58}  # about 57,000 weights each
RATES = {"today": 0.01, "lstm": 0.1, "mamba": 0.01}  # the best of those tried, never at an end
TRIED = {
    "today": (0.003, 0.01, 0.03),
    "lstm": (0.01, 0.03, 0.1, 0.3),
    "mamba": (0.003, 0.01, 0.03),
}
STEPS, LONG = 300, 2000
SECONDS = 8.0  # about what today's block takes for STEPS
WAYS: dict[str, Parameters] = {
    "likeliest": {"temperature": 0.0},
    "temperature 1": {},
    "temperature 0.7": {"temperature": 0.7},
    "top-k 5": {"top_k": 5},
    "top-p 0.9": {"top_p": 0.9},
}


def depth_trials(quick: bool) -> Trials:
    """One depth, place of the norm and warm-up per trial, all seeds one after the other."""
    fixed = {
        "characters": 1_000_000,
        "width": 32,
        "batch": 16,
        "length": 32,
        "rate": 0.003,
        "steps": 40 if quick else 200,
        "seeds": list(range(1 if quick else 5)),
    }
    return {
        f"{norm}-{depth}-rate{fixed['rate']}-warm{warm_up}": {
            "norm": norm,
            "depth": depth,
            "warm_up": warm_up,
            **fixed,
        }
        for depth in (DEPTHS[:2] if quick else DEPTHS)
        for norm, warm_up in (("pre", 0), ("post", 0), ("post", 50))
    }


def language_model(kind: str, seed: int, quick: bool, **changes: Any) -> Parameters:
    """Return the parameters of one language model's training."""
    return {
        "kind": kind,
        "width": WIDTHS[kind],
        "rate": RATES[kind],
        "seed": seed,
        "characters": 4_000_000,  # of the standard library, the last tenth held out
        "batch": 16,
        "length": 64,
        "steps": 20 if quick else STEPS,
        "seconds": 0.0,  # 0: as many steps as that
        "test": 200 if quick else 1000,  # pieces at the end
        "glimpse": 200,  # and on the way
        "writes": False,
        **changes,
    }


def seeds(quick: bool) -> range:
    """Return the seeds of a comparison."""
    return range(1 if quick else 5)


def rate_trials(quick: bool) -> Trials:
    """One model per trial, of a seed that no comparison uses."""
    return {
        f"{kind}-rate{rate}": language_model(kind, 100, quick, rate=rate)
        for kind, rates in TRIED.items()
        for rate in rates
    }


def language_trials(quick: bool) -> Trials:
    """One model per trial, all of them read as many characters; one of them reads on and writes."""
    writes = {"writes": True, "prompt": "def ", "count": 240, "ways": WAYS}
    steps = 20 if quick else LONG
    return {
        f"{kind}-{seed}": language_model(kind, seed, quick)
        for kind in WIDTHS
        for seed in seeds(quick)
    } | {"today-long": language_model("today", 0, quick, steps=steps, **writes)}


def time_trials(quick: bool) -> Trials:
    """One model per trial, all of them train for as long."""
    changes = {"steps": 0, "seconds": 1.0 if quick else SECONDS}
    return {
        f"{kind}-{seed}": language_model(kind, seed, quick, **changes)
        for kind in WIDTHS
        for seed in seeds(quick)
    }


register(
    "blocks-depth",
    "blocks",
    "Pre-norm and post-norm blocks in training as the stack grows; post-norm with warm-up, too.",
    run_depth,
    depth_trials,
    40,
)
register(
    "blocks-rates",
    "blocks",
    "Which learning rate suits each kind of small language model?",
    run_language,
    rate_trials,
    7,
)
register(
    "blocks-language",
    "blocks",
    "Language models of Python's source, of equal size, after equally many characters.",
    run_language,
    language_trials,
    8,
)
register(
    "blocks-time",
    "blocks",
    "Language models of Python's source, of equal size, after equally many seconds.",
    run_language,
    time_trials,
    9,
    timed=True,
)

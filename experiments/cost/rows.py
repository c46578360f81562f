"""What every layer costs: sweeps of length, batch, width and context; single measurements."""

from __future__ import annotations

from collections.abc import Callable

from experiments.cost import single, sweeps
from experiments.cost.layers import LAYERS, Layer
from experiments.harness.registry import Parameters, Rows, register

Trials = dict[str, Parameters]

GIB = 2**30
# A point whose forecast passes a ceiling is not run; the result says what it would take.
CEILINGS = {"most_seconds": 40.0, "most_bytes": 8 * GIB}
QUICK_CEILINGS = {"most_seconds": 3.0, "most_bytes": 2 * GIB}
LENGTHS = [64, 256, 1024, 4096, 16_384, 65_536]
BATCHES = [1, 8, 64, 256]
WIDTHS = [32, 64, 128, 256, 512]
CONTEXTS = [100, 200, 400, 800, 1600, 3200, 12_800, 100_000]
COUNTED_WIDTH = 256  # of the parameter counts


def _training(layer: Layer, quick: bool, varies: str, sizes: list[int], **fixed: int) -> Parameters:
    widths = sizes if varies == "width" else [layer.width]
    return {
        "measure": "training",
        "varies": varies,
        "sizes": sizes,
        "specs": [layer.spec(width) for width in widths],
        **fixed,
        "passes": 2 if quick else 4,
        "patience": 0.5 if quick else 3.0,
        **(QUICK_CEILINGS if quick else CEILINGS),
        "seed": 0,
    }


def _throughput(layer: Layer, quick: bool) -> Parameters:
    sizes = LENGTHS[:4] if quick else LENGTHS
    return _training(layer, quick, "length", sizes, batch=1, length=0)


def _batch(layer: Layer, quick: bool) -> Parameters:
    sizes = BATCHES[:3] if quick else BATCHES
    return _training(layer, quick, "batch", sizes, batch=0, length=128)


def _width(layer: Layer, quick: bool) -> Parameters:
    sizes = WIDTHS[:4] if quick else WIDTHS
    return _training(layer, quick, "width", sizes, batch=4, length=128)


def _depth(layer: Layer, quick: bool) -> Parameters:
    return {
        "measure": "depth",
        "spec": layer.spec(),
        "depth": layer.depth,
        "changes": layer.for_depth,
        "compiled": layer.compiled,
        "lengths": [256, 512, 1024],
        "extended": LENGTHS,
    }


def _generation(layer: Layer, quick: bool) -> Parameters:
    contexts = [100, 400, 3200, 20_000] if quick else CONTEXTS
    return {
        "measure": "generation",
        "spec": layer.spec(),
        "grows": layer.grows,
        "contexts": contexts,
        "read_to": 3200,
        "turns": 5 if quick else 12,
        "patience": 0.3 if quick else 2.0,
        "seed": 0,
    }


def _count(layer: Layer, quick: bool) -> Parameters:
    return {"measure": "count", **layer.spec(COUNTED_WIDTH)}


def _for_every_layer(make: Callable[[Layer, bool], Parameters]) -> Rows:
    return lambda quick: {layer.name: make(layer, quick) for layer in LAYERS}


def _counts(quick: bool) -> Trials:
    """Every layer at one width, then torch's own LSTM and GRU where the ledger has their counts."""
    torch_sizes = {"input_size": 100, "hidden_size": 256}
    theirs: Trials = {
        f"torch {name}": {"measure": "count", "kind": f"nn.{name}", "arguments": torch_sizes}
        for name in ("LSTM", "GRU")
    }
    return {layer.name: _count(layer, quick) for layer in LAYERS} | theirs


def _scans(quick: bool) -> Trials:
    lengths = [64, 512] if quick else [64, 128, 256, 512, 1024, 2048]
    loop = {
        "measure": "loop_or_scan",
        "arguments": {"input_size": 64, "hidden_size": 64},
        "batch": 8,
        "lengths": lengths,
        "turns": 3 if quick else 9,
        "seed": 0,
    }
    seeds = list(range(3 if quick else 10))
    return {
        "doubling": {"measure": "doubling_scan", "length": 257, "dim": 8, "seeds": seeds},
        "minGRU": {**loop, "kind": "min_rnn.MinGRU"},
        "minLSTM": {**loop, "kind": "min_rnn.MinLSTM"},
    }


def _backward(quick: bool) -> Trials:
    return {
        "loops": {
            "measure": "backward",
            "inputs": 64,
            "width": 256,
            "narrow": 85,  # 81,600 weights against 82,176
            "batch": 32,
            "length": 50 if quick else 200,
            "turns": 3 if quick else 9,
            "seed": 0,
        }
    }


def _rtrl(quick: bool) -> Trials:
    return {
        "growth": {
            "measure": "rtrl_growth",
            "units": [8, 16, 32, 64, 128] + ([] if quick else [256]),
            "steps": 2,
            "turns": 3 if quick else 9,
            "seed": 0,
        }
    }


def _attention(quick: bool) -> Trials:
    lengths = [512, 1024, 2048] if quick else [1024, 2048, 4096, 8192]
    growth = {"measure": "attention_memory", "head": 64, "lengths": lengths, "seed": 0}
    return {"growth": growth}


def _serial(quick: bool) -> Trials:
    return {
        "calls": {"measure": "serial_calls", "tokens": 100, "width": 32, "symbols": 20, "seed": 0},
        "state": {"measure": "state_growth", "lengths": [10, 100, 1000], "width": 32, "seed": 0},
    }


TIMED, COUNTED = True, False
for _name, _purpose, _make, _seconds, _timed in (
    (
        "throughput",
        "training time and peak memory against length, at equal weights",
        _throughput,
        20,
        TIMED,
    ),
    ("depth", "serial steps of the forward pass against length", _depth, 0.5, COUNTED),
    (
        "generation",
        "time per generated token and bytes of state against context",
        _generation,
        5,
        TIMED,
    ),
    ("batch", "training time against the batch", _batch, 5, TIMED),
    ("width", "training time against the width", _width, 4, TIMED),
):
    register(
        f"cost-{_name}", "cost", _purpose, sweeps.run, _for_every_layer(_make), _seconds, _timed
    )
for _name, _purpose, _run, _rows, _seconds, _timed in (
    ("parameters", "weights of every layer at one width", sweeps.run, _counts, 0.01, COUNTED),
    ("scan", "one linear recurrence by loop and by scan", single.run, _scans, 5, TIMED),
    (
        "backward",
        "backward pass of a tanh net and of the LSTM of 1997",
        single.run,
        _backward,
        25,
        TIMED,
    ),
    (
        "rtrl",
        "one step of RTRL and of the rule of 1997 against units",
        single.run,
        _rtrl,
        20,
        TIMED,
    ),
    (
        "attention",
        "memory of attention, all scores stored or in chunks",
        single.run,
        _attention,
        10,
        COUNTED,
    ),
    (
        "serial",
        "calls to score and to generate; state against length",
        single.run,
        _serial,
        0.5,
        COUNTED,
    ),
):
    register(f"cost-{_name}", "cost", _purpose, _run, _rows, _seconds, _timed)

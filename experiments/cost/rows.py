"""What every layer costs: trials that sweep length, batch, width and context, one per layer."""

from __future__ import annotations

from collections.abc import Callable

from experiments.cost.layers import LAYERS, Layer
from experiments.cost.sweeps import run
from experiments.harness.registry import Experiment, Trial, register

GIB = 2**30
# A point whose forecast passes a ceiling is not run; the result says what it would take.
CEILINGS = {"most_seconds": 40.0, "most_bytes": 8 * GIB}
QUICK_CEILINGS = {"most_seconds": 3.0, "most_bytes": 2 * GIB}
LENGTHS = [64, 256, 1024, 4096, 16_384, 65_536]
BATCHES = [1, 8, 64, 256]
WIDTHS = [32, 64, 128, 256, 512]
CONTEXTS = [100, 200, 400, 800, 1600, 3200, 12_800, 100_000]
COUNTED_WIDTH = 256  # of the parameter counts


def _training(layer: Layer, quick: bool, varies: str, sizes: list[int], **fixed: int) -> Trial:
    widths = sizes if varies == "width" else [layer.width]
    parameters = {
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
    return Trial(layer.name, parameters)


def _throughput(layer: Layer, quick: bool) -> Trial:
    sizes = LENGTHS[:4] if quick else LENGTHS
    return _training(layer, quick, "length", sizes, batch=1, length=0)


def _batch(layer: Layer, quick: bool) -> Trial:
    sizes = BATCHES[:3] if quick else BATCHES
    return _training(layer, quick, "batch", sizes, batch=0, length=128)


def _width(layer: Layer, quick: bool) -> Trial:
    sizes = WIDTHS[:4] if quick else WIDTHS
    return _training(layer, quick, "width", sizes, batch=4, length=128)


def _depth(layer: Layer, quick: bool) -> Trial:
    parameters = {
        "measure": "depth",
        "spec": layer.spec(),
        "depth": layer.depth,
        "changes": layer.for_depth,
        "compiled": layer.compiled,
        "lengths": [256, 512, 1024],
        "extended": LENGTHS,
    }
    return Trial(layer.name, parameters)


def _generation(layer: Layer, quick: bool) -> Trial:
    contexts = [100, 400, 3200, 20_000] if quick else CONTEXTS
    parameters = {
        "measure": "generation",
        "spec": layer.spec(),
        "grows": layer.grows,
        "contexts": contexts,
        "read_to": 3200,
        "turns": 5 if quick else 12,
        "patience": 0.3 if quick else 2.0,
        "seed": 0,
    }
    return Trial(layer.name, parameters)


def _count(layer: Layer, quick: bool) -> Trial:
    return Trial(layer.name, {"measure": "count", **layer.spec(COUNTED_WIDTH)})


def _for_every_layer(make: Callable[[Layer, bool], Trial]) -> Callable[[bool], list[Trial]]:
    return lambda quick: [make(layer, quick) for layer in LAYERS]


def _counts(quick: bool) -> list[Trial]:
    """Every layer at one width, then torch's own LSTM and GRU where the ledger has their counts."""
    torch_sizes = {"input_size": 100, "hidden_size": 256}
    theirs = [
        Trial(f"torch {name}", {"measure": "count", "kind": f"nn.{name}", "arguments": torch_sizes})
        for name in ("LSTM", "GRU")
    ]
    return [_count(layer, quick) for layer in LAYERS] + theirs


def _register(
    name: str,
    purpose: str,
    trials: Callable[[bool], list[Trial]],
    seconds: float,
    timed: bool = True,
) -> None:
    register(Experiment(name, "cost", purpose, trials, run, seconds, timed))


_register(
    "cost-throughput", "training time and peak memory against length, at equal weights",
    _for_every_layer(_throughput), 20,
)  # fmt: skip
_register(
    "cost-depth", "serial steps of the forward pass against length", _for_every_layer(_depth), 0.5,
    timed=False,
)  # fmt: skip
_register(
    "cost-generation", "time per generated token and bytes of state against context",
    _for_every_layer(_generation), 5,
)  # fmt: skip
_register("cost-batch", "training time against the batch", _for_every_layer(_batch), 5)
_register("cost-width", "training time against the width", _for_every_layer(_width), 4)
_register("cost-parameters", "weights of every layer at one width", _counts, 0.01, timed=False)

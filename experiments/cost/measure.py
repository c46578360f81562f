"""Measure one computation: CPU time, peak memory, bytes of state; and know when to stop."""

from __future__ import annotations

import ctypes
import gc
import math
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from experiments.instruments.in_turn import Call, seconds
from experiments.instruments.rounding import rounded
from solutions import (
    attention,
    carousel,
    delta,
    depth,
    gates,
    linear_attention,
    min_rnn,
    rnn,
    rwkv,
    selective,
    ssd,
    ssm,
    stacking,
    transformer,
    xlstm,
)

HOMES = {
    "attention": attention,
    "carousel": carousel,
    "delta": delta,
    "gates": gates,
    "linear_attention": linear_attention,
    "min_rnn": min_rnn,
    "nn": nn,
    "rnn": rnn,
    "rwkv": rwkv,
    "selective": selective,
    "ssd": ssd,
    "ssm": ssm,
    "xlstm": xlstm,
}
Point = dict[str, Any]


def build(kind: str, arguments: dict[str, Any], **changes: Any) -> Any:
    """Return a fresh layer: ``kind`` is "module.Class" below ``solutions``, or "nn.Class".

    "S4D and GLU" is the S4D block: its filters, then a gated linear map that mixes channels.
    """
    chosen = {**arguments, **changes}
    if kind == "S4D and GLU":
        return stacking.Stacked([ssm.DiagonalSSM(**chosen), depth.GLUBlock(chosen["d_model"])])
    if kind == "transformer.DecoderBlock":
        return transformer.DecoderBlock(transformer.TransformerConfig(**chosen))
    home, name = kind.split(".")
    return getattr(HOMES[home], name)(**chosen)


def weights(layer: nn.Module) -> int:
    """Return the number of trainable numbers."""
    return sum(p.numel() for p in layer.parameters() if p.requires_grad)


def state_bytes(state: Any) -> int:
    """Return the bytes of a nest of tensors."""
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    return sum(state_bytes(part) for part in state)


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one CPU thread: CPU time then is the wall time of an otherwise idle machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def fastest(
    calls: dict[str, Call], turns: int, shortest: float = 0.01, patience: float = math.inf
) -> dict[str, float]:
    """Return each call's least seconds over ``turns``, taken one after another (A B A B ...).

    What disturbs a measurement only ever adds to it, so the least is the nearest to the truth.
    A turn begins with a call that is not timed, since the one before has filled the caches
    with its own data, and repeats a short call until it has taken ``shortest`` seconds. A call
    that has taken ``patience`` seconds in all sits out the turns that are left.
    """
    repeats = {}
    for name, call in calls.items():
        call()  # compiles, allocates
        repeats[name] = max(1, round(shortest / max(seconds(call, 1), 1e-6)))
    least, spent = dict.fromkeys(calls, math.inf), dict.fromkeys(calls, 0.0)
    for _ in range(turns):
        for name, call in calls.items():
            if spent[name] > patience:
                continue
            call()
            took = seconds(call, repeats[name])
            least[name] = min(least[name], took)
            spent[name] += took * repeats[name]
    return least


def peak_bytes(call: Call, device: str = "cpu") -> int | None:
    """Return the most memory that ``call`` needs beyond what was in use before it.

    On a GPU torch counts. Elsewhere it is the resident memory of the process, the allocator's
    waste included, good to some MiB; None where the system cannot reset its peak (anything but
    Linux).
    """
    gc.collect()
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        return torch.cuda.max_memory_allocated(device) - before
    if sys.platform != "linux":
        call()
        return None
    # Memory that was freed but kept by the allocator would be used again without a trace.
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is in use
    before = _status("VmRSS")
    call()
    return max(0, _status("VmHWM") - before)


def _status(which: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(which))


class PeakTensors(TorchDispatchMode):
    """Counts the bytes of tensors that are alive at once, the same on every machine.

    Only what operations return is seen, not what they use within.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now, self.peak, self._known = 0, 0, set[int]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do what was asked, then count what is new."""
        out = func(*args, **(kwargs or {}))
        for storage in (t.untyped_storage() for t in tree_leaves(out) if isinstance(t, Tensor)):
            key, size = storage._cdata, storage.nbytes()
            if key not in self._known:
                self._known.add(key)
                self.now += size
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._gone, key, size)
        return out

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


def measure_pass(call: Call, device: str, passes: int, patience: float) -> Point:
    """Return seconds and peak bytes of a call: least of up to ``passes``, the first among them.

    No further pass begins once ``patience`` seconds have been spent.
    """
    taken: list[float] = []
    peak = peak_bytes(lambda: taken.append(seconds(call, 1)), device)
    repeats = max(1, round(0.02 / max(taken[0], 1e-6)))
    spent = taken[0]
    while len(taken) < passes and spent < patience:
        taken.append(seconds(call, repeats))
        spent += taken[-1] * repeats
    return {"seconds": rounded(min(taken)), "passes": len(taken), "peak_bytes": peak}


def ladder(
    sizes: Sequence[int],
    attempt: Callable[[int], Point],
    most_seconds: float,
    most_bytes: float,
) -> list[Point]:
    """Measure at growing sizes; where a ceiling would be passed, say by how much instead."""
    points: list[Point] = []
    for size in sizes:
        reasons = []
        for what, most, words in (
            ("seconds", most_seconds, lambda s: f"would take {s:.0f} s a pass"),
            ("peak_bytes", most_bytes, lambda b: f"would need {b / 2**30:.1f} GiB"),
        ):
            ahead = forecast(points, what, size)
            if ahead > most:
                reasons.append(words(ahead))
        if reasons:
            points.append({"size": size, "not_run": " and ".join(reasons)})
        else:
            points.append({"size": size, **attempt(size)})
    return points


def forecast(points: Sequence[Point], what: str, size: int) -> float:
    """Return what ``a n + b n^2``, a and b not negative, through the last two points gives."""
    known = [(p["size"], p[what]) for p in points if p.get(what)]
    if len(known) < 2:
        return 0.0
    (m, low), (n, high) = known[-2:]
    b = max(0.0, (high / n - low / m) / (n - m))
    return max(0.0, high / n - b * n) * size + b * size**2

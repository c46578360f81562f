"""How the layer benchmark times and compares.

Everything that is compared runs in one process, in turn (A B A B ...), so that a busy spell
of the machine hits both sides; the figures are medians. On a CPU the clock is the process's
own CPU time: with one thread it is the wall time of an otherwise idle machine, and it stands
still while another process has the core.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from experiments.instruments.clock import wait_for_device

SEED = 0
Call = Callable[[], Any]


@dataclass
class Row:
    """One comparison: two times, their ratio, and what the ratio should be."""

    item: str
    setting: str
    ours: str
    against: str
    seconds: dict[str, float]
    ratio: float
    at_least: float | None = None
    at_most: float | None = None
    more: dict[str, float] = field(default_factory=dict)

    def reached(self) -> bool | None:
        """Say whether the ratio is where it should be; None where nothing was promised."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.ratio <= self.at_most if self.at_most is not None else None

    def record(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {**asdict(self), "reached": self.reached(), "seed": SEED}


@dataclass(frozen=True)
class Setup:
    """Where and how long to measure."""

    device: str = "cpu"
    quick: bool = False

    @property
    def rounds(self) -> int:
        """How often each side is measured."""
        return 3 if self.quick else 5

    def randn(self, *shape: int) -> Tensor:
        """Return normal numbers on the device."""
        return torch.randn(*shape, device=self.device)


def alternate(calls: dict[str, Call], rounds: int, shortest: float = 0.01) -> dict[str, float]:
    """Return each call's median seconds over ``rounds`` turns, taken one after another.

    A turn repeats a short call until it has taken ``shortest`` seconds.
    """
    repeats = {}
    for name, call in calls.items():
        call()  # compiles, allocates
        repeats[name] = max(1, round(shortest / max(seconds(call, 1), 1e-6)))
    turns: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            turns[name].append(seconds(call, repeats[name]))
    return {name: statistics.median(times) for name, times in turns.items()}


def seconds(call: Call, repeats: int) -> float:
    """Return the mean time of one call: CPU time, or wall time where a GPU does the work."""
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    wait_for_device()
    start = clock()
    for _ in range(repeats):
        call()
    wait_for_device()
    return (clock() - start) / repeats


def training_pass(function: Callable[..., Tensor], leaves: list[Tensor]) -> Call:
    """Return a call that runs forward and backward; the gradient from above is all ones."""

    def run() -> None:
        y = function()
        torch.autograd.grad(y, leaves, torch.ones_like(y))

    return run


def on(function: Callable[..., Tensor], leaves: list[Tensor]) -> Call:
    """Return a training pass of a function of exactly the tensors that want gradients."""
    return training_pass(lambda: function(*leaves), leaves)


def copy_bandwidth(setup: Setup) -> float:
    """Return bytes per second, read plus written, of copying a tensor far larger than caches."""
    source = setup.randn(2**24 if setup.quick else 2**26)
    target = torch.empty_like(source)
    took = alternate({"copy": lambda: target.copy_(source)}, setup.rounds)["copy"]
    return 2 * source.numel() * source.element_size() / took


def kept_bytes(function: Callable[[], Tensor]) -> int:
    """Return the bytes that autograd keeps for the backward pass of a call."""
    storages: dict[int, tuple[int, Tensor]] = {}

    def pack(t: Tensor) -> Tensor:
        storage = t.untyped_storage()
        storages[storage.data_ptr()] = (storage.nbytes(), t)  # t keeps the address taken
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        function()
    return sum(nbytes for nbytes, _ in storages.values())


def size(batch: int, length: int, dim: int) -> str:
    """Return a shape in words."""
    return f"batch {batch}, T {length}, D {dim}"

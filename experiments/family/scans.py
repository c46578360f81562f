"""What the ways to compute one recurrence cost, and how exact they are.

h(t) = a(t) h(t-1) + b(t), by the five scans of ``solutions.scan`` and in log space; and the
diagonal model in its three forms. Work and depth are counted, times are CPU time of one thread.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from experiments.harness.registry import Outcome
from experiments.instruments.in_turn import alternate, on
from experiments.instruments.probes import serial_steps
from experiments.instruments.rounding import rounded
from solutions import scan as scans
from solutions.ssm import DiagonalSSM

FORMS: dict[str, Callable[..., Tensor]] = {
    "one by one": scans.sequential_scan,
    "Hillis-Steele": scans.hillis_steele_scan,
    "odd-even": scans.odd_even_scan,
    "two-level": scans.two_level_scan,
}


class Counted(TorchDispatchMode):
    """Counts multiplications and additions of numbers, and the numbers that operations touch."""

    def __init__(self) -> None:
        super().__init__()
        self.work, self.moved = 0, 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if name in ("mul", "add"):
            self.work += out.numel()
            self.moved += out.numel() + sum(a.numel() for a in args if isinstance(a, Tensor))
        elif name in ("cat", "stack"):  # reads and writes, computes nothing
            self.moved += 2 * out.numel()
        return out


def sequences(length: int, dim: int, batch: int, seed: int, dtype: torch.dtype) -> list[Tensor]:
    """Return a between 0 and 1 and b around 0, (batch, length, dim)."""
    generator = torch.Generator().manual_seed(seed)
    shape = batch, length, dim
    a = torch.rand(shape, generator=generator, dtype=torch.float64)
    b = torch.randn(shape, generator=generator, dtype=torch.float64)
    return [a.to(dtype), b.to(dtype)]


def counts(p: dict[str, Any]) -> Outcome:
    """Count work, numbers moved and serial steps of each form, per step of one recurrence."""
    found: dict[str, Any] = {}
    for name, form in FORMS.items():
        rows = []
        for length in p["lengths"]:
            a, b = sequences(length, 1, 1, p["seed"], torch.float64)
            with Counted() as counted:
                form(a, b)
            chain = serial_steps(form(a.requires_grad_(), b.requires_grad_()))
            rows.append({"work": counted.work, "moved": counted.moved, "chain": chain})
        found[name] = rows
    return {"lengths": p["lengths"], "forms": found}


def precision(p: dict[str, Any]) -> Outcome:
    """Compare each form in single precision with double precision, one by one, by length.

    a is the keep gate of an untrained minGRU, 1 - sigmoid(z); b is positive, as in its log-space
    form. Errors are relative to each state; the worst of all, the median over seeds.
    """
    found: dict[str, list[float]] = {name: [] for name in (*FORMS, "compiled", "log space")}
    for length in p["lengths"]:
        errors: dict[str, list[float]] = {name: [] for name in found}
        for seed in p["seeds"]:
            generator = torch.Generator().manual_seed(seed)
            z, c = torch.randn(2, 1, length, p["dim"], generator=generator)
            log_a = torch.nn.functional.logsigmoid(-z)
            log_b = torch.nn.functional.logsigmoid(z) + c
            exact = scans.sequential_scan(log_a.double().exp(), log_b.double().exp())
            a, b = log_a.exp(), log_b.exp()
            states = {name: form(a, b) for name, form in FORMS.items()}
            states["compiled"] = scans.scan(a, b)
            states["log space"] = scans.log_space_scan(log_a, log_b)
            for name, h in states.items():
                errors[name].append(((h - exact) / exact).abs().max().item())
        for name, several in errors.items():
            found[name].append(rounded(statistics.median(several)))
    return {"lengths": p["lengths"], "error": found}


def times(p: dict[str, Any]) -> Outcome:
    """Time forward and backward of every scan, and of the diagonal model's forms."""
    torch.set_num_threads(1)
    points = []
    for length in p["lengths"]:
        leaves = [part.requires_grad_() for part in sequences(length, 64, 8, 0, torch.float32)]
        calls = {name: on(form, leaves) for name, form in FORMS.items()}
        calls["compiled"] = on(scans.scan, leaves)
        points.append({name: rounded(s) for name, s in alternate(calls, p["rounds"]).items()})
    model = []
    for length in p["model_lengths"]:
        torch.manual_seed(0)
        x = torch.randn(4, length, p["width"]).requires_grad_()
        calls = {}
        for form in ("recurrent", "convolution", "scan"):
            layer = DiagonalSSM(p["width"], p["states"], form=form)
            calls[form] = on(lambda x, *_, layer=layer: layer(x)[0], [x, *layer.parameters()])
        model.append({name: rounded(s) for name, s in alternate(calls, p["rounds"]).items()})
    return {
        "lengths": p["lengths"],
        "seconds": points,
        "model_lengths": p["model_lengths"],
        "model_seconds": model,
    }


MEASURES = {"counts": counts, "precision": precision, "times": times}


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Run the measurement that ``parameters["measure"]`` names."""
    with torch.device(device):
        return MEASURES[parameters["measure"]](parameters)

"""What ``layers`` measures, one function per promise; layers are imported where used."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.instruments.in_turn import (
    Call,
    Row,
    Setup,
    alternate,
    kept_bytes,
    on,
    size,
    training_pass,
)
from solutions.layer import SequenceLayer, unroll


def scan_inputs(setup: Setup, batch: int, length: int, dim: int) -> list[Tensor]:
    """Return a in (0, 1), b and h0, all wanting gradients."""
    a = torch.sigmoid(setup.randn(batch, length, dim))
    return [
        t.requires_grad_() for t in (a, setup.randn(batch, length, dim), setup.randn(batch, dim))
    ]


def scans(setup: Setup, bandwidth: float) -> Iterator[Row]:
    """The front function against the loop, where the issue set marks; other forms beside it."""
    from solutions import scan as forms

    marks = [((8, 4096, 64), 6.0), ((1, 65_536, 64), 15.0), ((8, 2048, 1024), 2.0)]
    for (batch, length, dim), mark in marks:
        if setup.quick and batch * length * dim > 2**22:
            continue
        leaves = scan_inputs(setup, batch, length, dim)
        names = ["scan", "sequential_scan"]
        if dim == 64:
            names += ["two_level_scan", "odd_even_scan"]
        calls = {name: on(getattr(forms, name), leaves) for name in names}
        took = alternate(calls, setup.rounds)
        # Forward reads a, b and writes h; backward reads a, h, g and writes two gradients.
        floor = 8 * leaves[0].numel() * leaves[0].element_size() / bandwidth
        loop = took["sequential_scan"]
        others = {f"{name} ratio": loop / took[name] for name in names[2:]}
        yield Row(
            "scan",
            size(batch, length, dim),
            "scan",
            "sequential_scan",
            took,
            loop / took["scan"],
            at_least=mark,
            more={"copy floor s": floor, "times the floor": took["scan"] / floor, **others},
        )


def scan_lengths(setup: Setup) -> Iterator[Row]:
    """The front function against the loop at lengths from 64 to 65,536."""
    from solutions.scan import scan, sequential_scan

    lengths = [64, 1024, 16_384] if setup.quick else [64, 256, 1024, 4096, 16_384, 65_536]
    shapes = [(1, t, 1) for t in lengths] + [(8, t, 64) for t in lengths]
    for batch, length, dim in [*shapes, (8, 64, 1024), (8, 512, 1024)]:
        leaves = scan_inputs(setup, batch, length, dim)
        calls = {"scan": on(scan, leaves), "sequential_scan": on(sequential_scan, leaves)}
        took = alternate(calls, 3 if length > 10_000 else setup.rounds)
        ratio = took["sequential_scan"] / took["scan"]
        yield Row(
            "scan, any length",
            size(batch, length, dim),
            "scan",
            "sequential_scan",
            took,
            ratio,
            at_least=1.0,
        )


def against_its_steps(
    setup: Setup, item: str, layer: SequenceLayer[Any], x: Tensor, mark: float
) -> Row:
    """A layer's ``forward`` against its own step loop, and what it keeps for backward."""
    leaves = [x.requires_grad_(), *layer.parameters()]
    calls = {
        "forward": training_pass(lambda: layer(x)[0], leaves),
        "steps": training_pass(lambda: unroll(layer, x)[0], leaves),
    }
    took = alternate(calls, setup.rounds)
    half = x.detach()[:, : x.shape[1] // 2].requires_grad_()
    kept = {name: kept_bytes(lambda u=u: layer(u)[0]) for name, u in (("T/2", half), ("T", x))}
    return Row(
        item,
        size(*x.shape),
        "forward",
        "steps",
        took,
        took["steps"] / took["forward"],
        at_least=mark,
        more={f"kept bytes at {name}": float(n) for name, n in kept.items()}
        | {"kept T over T/2": kept["T"] / kept["T/2"]},
    )


def parallel_layers(setup: Setup) -> Iterator[Row]:
    """minGRU and the selective SSM block against their own steps."""
    from solutions.min_rnn import MinGRU
    from solutions.selective import Mamba

    length = 512 if setup.quick else 2048
    min_gru = MinGRU(64, 64).to(setup.device)
    yield against_its_steps(setup, "minGRU", min_gru, setup.randn(8, length, 64), 5.0)
    block = Mamba(d_model=32, states=16, expand=2).to(setup.device)  # 64 channels
    yield against_its_steps(setup, "selective SSM", block, setup.randn(8, length, 32), 3.0)


def lstm(setup: Setup) -> Iterator[Row]:
    """Our readable LSTM against torch's fused one."""
    from solutions.gates import LSTM

    batch, length, width = (8, 64, 256) if setup.quick else (32, 256, 256)
    ours = LSTM(width, width).to(setup.device)
    theirs = nn.LSTM(width, width, batch_first=True).to(setup.device)
    x = setup.randn(batch, length, width).requires_grad_()
    training = {
        "ours": training_pass(lambda: ours(x)[0], [x, *ours.parameters()]),
        "torch": training_pass(lambda: theirs(x)[0], [x, *theirs.parameters()]),
    }
    with torch.no_grad():
        forward = alternate({"ours": lambda: ours(x), "torch": lambda: theirs(x)}, setup.rounds)
    for item, took, mark in [
        ("LSTM, training", alternate(training, setup.rounds), 2.5),
        ("LSTM, forward", forward, 4.0),
    ]:
        ratio = took["ours"] / took["torch"]
        yield Row(item, size(batch, length, width), "ours", "torch", took, ratio, at_most=mark)


def train(net: nn.Module, x: Tensor, wanted: Tensor, rate: float = 0.5) -> None:
    """Take one step of gradient descent on the squared error after the last token."""
    y, _ = net(x)
    loss = (wanted - y[..., -1, :]).square().sum() / 2 / x.shape[-3]
    grads = torch.autograd.grad(loss, list(net.parameters()))
    with torch.no_grad():
        for parameter, grad in zip(net.parameters(), grads, strict=True):
            parameter -= rate * grad


def train_in_turn(nets: Sequence[nn.Module], x: Tensor, wanted: Tensor) -> None:
    """Take one step for each net, one net after another."""
    for net, x_one, wanted_one in zip(nets, x, wanted, strict=True):
        train(net, x_one, wanted_one)


def seeds_at_once(setup: Setup) -> Iterator[Row]:
    """Ten nets of 1997 trained in one computation, against one after another.

    On-line (batch 1) is the protocol of the paper. In batches the arithmetic counts for more and
    the number of operations, which is what the stack saves, for less.
    """
    from solutions.nets1997 import experiment_net, stack_seeds

    length = 100
    for batch, how in ((1, "on-line"), (16, "in batches")):
        for truncated in (True, False):
            nets = [
                experiment_net("adding", truncated=truncated).to(setup.device) for _ in range(10)
            ]
            stacked = stack_seeds(nets)
            x, wanted = setup.randn(10, batch, length, 2), setup.randn(10, batch, 1)
            calls: dict[str, Call] = {
                "at once": partial(train, stacked, x, wanted),
                "in turn": partial(train_in_turn, nets, x, wanted),
            }
            took = alternate(calls, setup.rounds)
            yield Row(
                f"10 seeds of 1997 {how}, {'truncated rule' if truncated else 'full gradient'}",
                f"adding, batch {batch}, T {length}",
                "at once",
                "in turn",
                took,
                took["in turn"] / took["at once"],
                at_least=6.0,
            )


def attention_time(setup: Setup) -> Iterator[Row]:
    """Chunked causal attention against torch's own."""
    from solutions.chunked_attention import chunked_attention

    length, heads = (2048 if setup.quick else 8192), 4
    q, k, v = (setup.randn(1, heads, length, 64).requires_grad_() for _ in range(3))
    forms = {
        "chunked": lambda: chunked_attention(q, k, v, causal=True),
        "torch": lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    }
    with torch.no_grad():
        forward = alternate(forms, min(setup.rounds, 5))
    training = {name: training_pass(form, [q, k, v]) for name, form in forms.items()}
    for item, took in [
        ("chunked attention, forward", forward),
        ("chunked attention, training", alternate(training, 3)),
    ]:
        yield Row(
            item,
            f"causal, {heads} heads of 64, T {length}",
            "chunked",
            "torch",
            took,
            took["chunked"] / took["torch"],
            at_most=2.0,
        )


# Run in a fresh process, and against the memory in use before: the peak includes all imports.
PEAK = """
import json, pathlib, sys, time, torch
from solutions.chunked_attention import chunked_attention

def memory(which):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(which))

def run(length):
    q, k, v = (torch.randn(1, 1, length, 64, requires_grad=True) for _ in range(3))
    chunked_attention(q, k, v, causal=True).sum().backward()

torch.set_num_threads(1)
run(512)
pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is in use
before, start = memory("VmRSS"), time.process_time()
run(int(sys.argv[1]))
print(json.dumps({"bytes": memory("VmHWM") - before, "s": time.process_time() - start}))
"""


def attention_memory(setup: Setup) -> Iterator[Row]:
    """Peak memory of chunked attention, forward and backward, at doubling lengths."""
    lengths = [4096, 8192, 16_384] if setup.quick else [8192, 16_384, 32_768]
    peak: dict[int, dict[str, float]] = {}
    for length in lengths:
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(length)], check=True, capture_output=True, text=True
        )
        peak[length] = json.loads(done.stdout)
    last, before = peak[lengths[-1]]["bytes"], peak[lengths[-2]]["bytes"]
    yield Row(
        "attention, peak memory",
        f"causal, 1 head of 64, T {lengths[-1]}",
        f"T {lengths[-1]}",
        f"T {lengths[-2]}",
        {f"T {length}": found["s"] for length, found in peak.items()},
        last / before,
        at_most=2.2,
        more={f"peak bytes at {length}": found["bytes"] for length, found in peak.items()},
    )

"""``python -m experiments.bench.layers``: is every layer as fast as the course promises?

Compares in one process, in turn, by CPU time on one thread (or by wall time on ``--device
cuda``); writes experiments/results/bench-layers.json, prints a table and one last line for
scripts.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from experiments.bench import cases
from experiments.bench.streaming import streaming
from experiments.harness.registry import Outcome
from experiments.harness.results import Record, Result, code, device_name, made, path, save
from experiments.instruments.in_turn import SEED, Row, Setup, copy_bandwidth

console = Console(width=None if sys.stdout.isatty() else 140)


def measure(setup: Setup, bandwidth: float) -> Iterator[Row]:
    """Measure everything; rows come as they are ready."""
    yield from cases.scans(setup, bandwidth)
    yield from cases.scan_lengths(setup)
    yield from cases.parallel_layers(setup)
    yield from cases.lstm(setup)
    yield from cases.seeds_at_once(setup)
    yield from cases.attention_time(setup)
    if setup.device == "cpu" and sys.platform == "linux":  # elsewhere a peak cannot be reset
        yield from cases.attention_memory(setup)
    yield from streaming(setup)


def table(rows: list[Row]) -> Table:
    """Return the rows as a table."""
    out = Table("item", "setting", "ours, ms", "against, ms", "ratio", "wanted", "")
    for row in rows:
        wanted = f">= {row.at_least:g}" if row.at_least else ""
        wanted = f"<= {row.at_most:g}" if row.at_most else wanted
        mark = {True: "yes", False: "[red]no[/red]", None: ""}[row.reached()]
        times = [f"{name} {1000 * row.seconds[name]:.3g}" for name in (row.ours, row.against)]
        out.add_row(row.item, row.setting, *times, f"{row.ratio:.3g}", wanted, mark)
    return out


def last_line(rows: list[Row]) -> str:
    """Return the line that scripts read; a ratio of several rows is the worst of them."""

    def worst(item: str, choose: Callable[..., float] = min) -> str:
        return f"{choose(row.ratio for row in rows if row.item.startswith(item)):.2f}"

    scan = next(row for row in rows if row.item == "scan")
    return (
        f"bench-layers scan_ratio={scan.ratio:.2f} min_scan_ratio={worst('scan')} "
        f"lstm_ratio={worst('LSTM, training', max)} selective_ratio={worst('selective SSM')} "
        f"mingru_ratio={worst('minGRU')} seeds_ratio={worst('10 seeds of 1997 on-line')} "
        f"attention_time_ratio={worst('chunked attention', max)}"
    )


def main(
    quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes, fewer rounds.")] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
) -> None:
    """Measure the layers' speed; the result goes to experiments/results/."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    setup = Setup(device, quick)
    name = "bench-layers" if device == "cpu" else f"bench-layers-{device}"
    modules = ("experiments.bench.layers",)
    result = Result(name, quick, f"main {code().key(*modules)}", code().files(*modules))
    command = "python -m experiments.bench.layers " + shlex.join(sys.argv[1:])
    words, start = device_name(device), time.perf_counter()

    def keep(item: str, outcome: Outcome) -> None:
        how = made(command.strip(), words, time.perf_counter() - start - result.wall_s)
        result.trials[item] = Record({}, outcome, how)

    bandwidth = copy_bandwidth(setup)
    console.print(f"{words}, one thread: copies {bandwidth / 1e9:.1f} GB/s (read + write)")
    keep("copy bandwidth", {"bytes per s": bandwidth, "threads": 1})
    rows = []
    for row in measure(setup, bandwidth):
        rows.append(row)
        more = "".join(f", {name} {value:.3g}" for name, value in row.more.items())
        console.print(f"  {row.item}; {row.setting}: ratio {row.ratio:.3g}{more}", highlight=False)
        keep(f"{row.item}; {row.setting}", row.record())
    save(result)
    console.print(table(rows))
    print(f"{result.wall_s:.0f} s, written to {path(name, quick)}")
    print(last_line(rows))


if __name__ == "__main__":
    typer.run(main)

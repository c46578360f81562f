"""``python -m experiments``: run what the book measures, and print what came out."""

from __future__ import annotations

import fnmatch
import os
import shlex
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from experiments.harness import ledger
from experiments.harness.registry import Experiment, experiments
from experiments.harness.replay import replay as replayed
from experiments.harness.results import RESULTS, load
from experiments.harness.runner import changed, current
from experiments.harness.runner import run as run_trials
from experiments.tables import comparison
from experiments.tables import printed as tables

app = typer.Typer(
    help="Reproduce every number of the book. Results are JSON files in experiments/results/.",
    no_args_is_help=True,
    add_completion=False,
)
console = Console(width=None if sys.stdout.isatty() else 200)
NOT_REGISTERED = {"bench-layers"}  # made by its own command, `make bench-layers`
Quick = Annotated[bool, typer.Option("--quick", help="Fewer trials and smaller budgets.")]


@app.command("list")
def list_(quick: Quick = False) -> None:
    """List the experiments, what each is for, how far its trials are, and how long they took."""
    table = Table("experiment", "part", "trials", "seconds", "purpose")
    known, complete, seconds = experiments().values(), 0, 0.0
    for experiment in known:
        wanted = experiment.trials(quick)
        result = current(experiment, quick)
        have = sum(trial.key in result.trials for trial in wanted)
        complete += have == len(wanted)
        seconds += result.wall_s
        table.add_row(
            experiment.name,
            experiment.part,
            f"{have}/{len(wanted)}",
            f"{result.wall_s:,.0f}",
            experiment.purpose,
        )
    console.print(table)
    print(f"list experiments={len(known)} complete={complete} hours={seconds / 3600:.2f}")


@app.command()
def run(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names or patterns, as 'paper-4*'.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every experiment.")] = False,
    quick: Quick = False,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    jobs: Annotated[int, typer.Option(help="Processes side by side.")] = os.cpu_count() or 1,
    again: Annotated[bool, typer.Option("--again", help="Also what is done already.")] = False,
) -> None:
    """Run experiments. Ctrl-C keeps what is done; the same command goes on from there."""
    chosen = select(names or [], everything)
    command = "python -m experiments " + shlex.join(sys.argv[1:])
    try:
        run_trials(chosen, quick=quick, device=device, jobs=jobs, command=command, again=again)
    except KeyboardInterrupt:
        go_on = "the same command" + (", without --again," if again else "")
        console.print(f"stopped; {go_on} goes on where this one was")
        raise typer.Exit(130) from None


class Which(StrEnum):
    """The tables there are."""

    documents = "documents"
    paper = "paper"


@app.command()
def table(which: Which, quick: Quick = False) -> None:
    """Print document, paper and measured side by side."""
    printed = tables.documents(quick) if which is Which.documents else tables.paper(quick)
    console.print(printed.table)
    print(printed.last_line())


@app.command()
def compare(quick: Quick = False) -> None:
    """Print how the paper's tasks came out against the paper, and with open details changed."""
    outcome = Table("task", "recipe", "solved", "paper", "measured", "times the paper's")
    for row in comparison.rows(quick):
        outcome.add_row(*row)
    console.print(outcome)


@app.command()
def claims(quick: Quick = False) -> None:
    """Print, for every measurable claim, what measures it and what came out."""
    shown = Table("claim", "verdict", "measured by", "what came out", "agrees", show_lines=True)
    words = {True: "yes", False: "NO", None: "—"}
    every = list(ledger.statuses(quick))
    for status in every:
        shown.add_row(status.claim, status.verdict, status.where, status.text, words[status.agrees])
    console.print(shown)
    measured = sum(status.agrees is not None for status in every)
    disagree = sum(status.agrees is False for status in every)
    print(f"claims measurable={len(every)} measured={measured} disagree={disagree}")


@app.command()
def check() -> None:
    """Fail when a committed result was made by other code, or other settings, than today's."""
    stale = 0
    known = experiments()
    for experiment in known.values():
        result = load(experiment.name, quick=False)
        if result is None:
            continue
        for name in changed(result, experiment):
            console.print(f"{experiment.name}: {name} has changed since its trials were made")
            stale += 1
    for file in sorted(RESULTS.glob("*.json")):
        if file.stem not in known and file.stem not in NOT_REGISTERED:
            console.print(f"{file.name}: no experiment makes this result any more; delete it")
            stale += 1
    print(f"results-check results={len(list(RESULTS.glob('*.json')))} stale={stale}")
    raise typer.Exit(1 if stale else 0)


@app.command()
def replay(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names or patterns; all if none.")
    ] = None,
) -> None:
    """Keep stale results whose code gives the same by quick trials; fail when one stays stale."""
    chosen = select(names or [], everything=not names)
    counts = {True: 0, False: 0}
    for verdict in replayed(chosen):
        counts[verdict.kept] += 1
        console.print(f"{verdict.name}: {'kept' if verdict.kept else 'stale'}, {verdict.why}")
    print(f"replay kept={counts[True]} stale={counts[False]}")
    raise typer.Exit(1 if counts[False] else 0)


def select(names: list[str], everything: bool) -> list[Experiment]:
    """Return the experiments that names and patterns mean; complain about one that means none."""
    known = experiments()
    if everything:
        return list(known.values())
    chosen: dict[str, Experiment] = {}
    for name in names:
        found = fnmatch.filter(known, name)
        if not found:
            raise typer.BadParameter(f"no experiment is called {name!r}; see: experiments list")
        chosen.update((hit, known[hit]) for hit in found)
    if not chosen:
        raise typer.BadParameter("name experiments, or say --all")
    return list(chosen.values())


if __name__ == "__main__":
    app()

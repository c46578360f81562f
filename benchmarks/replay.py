"""``python -m benchmarks.replay``: how much of what changes would replay let through?

Changes one token at a time in the code that results are made by: a number, a sign, a comparison.
For each such mutant it asks whether the key of the code notices (it must), and whether the trials
that replay would run come out otherwise, in the short experiment that the changed file is the
largest part of. Where nothing differs it looks whether the trials run that line at all: code that
an experiment imports and does not use may change as it likes. Prints each mutant and one last line
for scripts.
"""

from __future__ import annotations

import ast
import io
import random
import shutil
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from codehash import Code
from experiments.harness import results
from experiments.harness.registry import Experiment, Trial, experiments
from experiments.harness.replay import CODE, TREES, differences, failures, run_in, trials_to_run

LONGEST = 5.0  # seconds: what a trial of a short experiment takes
SWAPS = {
    "+": "-", "-": "+", "*": "+", "/": "*", "//": "*", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
    "==": "!=", "!=": "==", "+=": "-=", "-=": "+=", "and": "or", "or": "and", "True": "False",
    "False": "True", "min": "max", "max": "min",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A file with one token changed."""

    file: str
    line: int
    change: str
    text: str


def main(
    count: Annotated[int, typer.Option("--mutants", help="How many.")] = 30,
    seed: Annotated[int, typer.Option(help="Which.")] = 0,
) -> None:
    """Say what the key notices of changed code, and what replay does."""
    console, chance = Console(width=140), random.Random(seed)
    tree = fresh_tree()
    code = Code(tree, results.PACKAGES, results.PLUMBING)
    short = short_experiments(code)
    before: dict[str, tuple[dict[str, Trial], dict[str, Any]]] = {}
    key = replay = idle = 0
    for file in chance.sample(sorted(short), count):
        experiment = short[file]
        if experiment.name not in before:
            before[experiment.name] = first_run(tree, experiment)
        trials, outcomes = before[experiment.name]
        original = (tree / file).read_text()
        mutant = chance.choice(list(mutants(file, original)))
        module = experiment.run.__module__
        with changed(tree / file, mutant.text):
            mutated = Code(tree, results.PACKAGES, results.PLUMBING)
            noticed = mutated.key(module) != code.key(module)
            other = difference(tree, experiment, trials, outcomes)
        with changed(tree / file, stopped(original, mutant.line)):
            run = other or difference(tree, experiment, trials, outcomes)
        key, replay, idle = key + noticed, replay + bool(other), idle + (not run)
        console.print(
            f"{mutant.file}:{mutant.line} {mutant.change} ({experiment.name}): key "
            f"{'notices' if noticed else 'MISSES IT'}; replay "
            f"{other or ('misses it' if run else 'runs no such line')}",
            markup=False,
            highlight=False,
        )
    print(f"bench-replay mutants={count} key={key} replay={replay} not_run={idle}")


def fresh_tree() -> Path:
    """Copy the code to where it can be changed."""
    tree = TREES / "mutants"
    leave_out = shutil.ignore_patterns("results", "__pycache__")
    for package in CODE:
        shutil.rmtree(tree / package, ignore_errors=True)
        shutil.copytree(results.ROOT / package, tree / package, ignore=leave_out)
    return tree


def short_experiments(code: Code) -> dict[str, Experiment]:
    """Return, by file, the short experiment that it is the largest part of."""
    short = [e for e in experiments().values() if not e.timed and e.seconds <= LONGEST]
    covered = [(code.files(experiment.run.__module__), experiment) for experiment in short]
    found: dict[str, Experiment] = {}
    for files, experiment in sorted(covered, key=lambda pair: len(pair[0])):
        for file in files:
            if any(mutants(file, (code.root / file).read_text())):
                found.setdefault(file, experiment)
    return found


@contextmanager
def changed(file: Path, text: str) -> Iterator[None]:
    """Let a file hold another text for a while."""
    original = file.read_text()
    file.write_text(text)
    try:
        yield
    finally:
        file.write_text(original)


def difference(
    tree: Path, experiment: Experiment, trials: dict[str, Trial], outcomes: dict[str, Any]
) -> str:
    """Return what comes out otherwise now, or nothing."""
    now = run_in(tree, {experiment.name: trials})[experiment.name]
    return next(chain(failures(now), differences(outcomes, now)), "")


def stopped(text: str, line: int) -> str:
    """Return a program that fails when it comes to a line."""
    statements = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    inside = [node for node in statements if node.lineno <= line <= (node.end_lineno or 0)]
    statement = max(inside, key=lambda node: node.lineno)
    lines = text.splitlines(keepends=True)
    lines.insert(statement.lineno - 1, f"{' ' * statement.col_offset}raise RuntimeError('here')\n")
    return "".join(lines)


def first_run(tree: Path, experiment: Experiment) -> tuple[dict[str, Trial], dict[str, Any]]:
    """Return what replay would run of an experiment, and what comes out of it unchanged."""
    result = results.load(experiment.name, quick=False)
    trials = trials_to_run(experiment, result or results.Result(experiment.name, False))
    return trials, run_in(tree, {experiment.name: trials})[experiment.name]


def mutants(file: str, text: str) -> Iterator[Mutant]:
    """Yield every change of one token inside a function that leaves a program."""
    lines = text.splitlines(keepends=True)
    inside = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or 0) + 1)
    }
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (line, start), (_, end) = token.start, token.end
        new = SWAPS.get(token.string)
        if token.type == tokenize.NUMBER:
            new = f"{token.string}1" if "." in token.string else f"{token.string} + 1"
        if new is None or line not in inside or token.type == tokenize.STRING:
            continue
        changed = lines.copy()
        old = changed[line - 1]
        changed[line - 1] = f"{old[:start]}{new}{old[end:]}"
        try:
            ast.parse("".join(changed))
        except SyntaxError:
            continue
        yield Mutant(file, line, f"{token.string} -> {new}", "".join(changed))


if __name__ == "__main__":
    typer.run(main)

"""Measure what the three reference entries of the capstone score, and write it down for the marks.

    python -m benchmarks.rungs [--seeds 12]

trains the weak, the good and the strong entry by the judge's recipe, and by the short one that
tests use, each with so many seeds; prints a line for each, and writes
autograder/hidden/capstone/references.py, which the rungs are made of.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev

import torch

import autograder.hidden.capstone as capstone
from autograder.hidden.capstone.entry import FULL, SHORT, Grading, entry_of, grading
from autograder.inside import wire
from autograder.inside.runtime import Runtime
from autograder.line.local import LocalTransport
from autograder.suite.desk import Desk
from autograder.suite.student import Student
from samples.assignments import Assignment
from samples.corpus import build_submission

ASSIGNMENT = Assignment("08-capstone")
REFERENCES = {"weak": "entry_weak", "good": "entry_good", "strong": ""}  # versions of the corpus
HEAD = '''"""What the three reference entries score, seed by seed.

Written by `python -m benchmarks.rungs`; not by hand.
"""

from autograder.recipes.training import Recipe

SCORES: dict[Recipe, dict[str, list[float]]] = {
'''


def student_of(name: str, desk: Desk) -> Student:
    """Return a student who has handed in a version of the corpus, or else the strong reference."""
    answers = {version.name: version.sections for version in ASSIGNMENT.wrong}.get(name, {})
    return student_of_answers(answers, desk)


def student_of_answers(answers: dict[str, str], desk: Desk | None = None) -> Student:
    """Return a student whose cells have run in this process."""
    transport = LocalTransport(Runtime())
    for cell in build_submission(ASSIGNMENT.notebook, answers).cells:
        if cell.cell_type == "code" and "demonstration" not in cell.metadata.get("tags", []):
            reply, _ = transport.request(wire.Exec(cell.id, cell.source), timeout=60.0)
            if isinstance(reply, wire.Failure):
                raise SystemExit(f"{cell.id}: {reply.kind}: {reply.message}")
    return Student(transport, desk=desk)


def scores(name: str, how: Grading, seeds: int) -> Iterator[float]:
    """Yield the score of a reference for each seed."""
    grading.set(how)
    for seed in range(seeds):
        torch.manual_seed(seed)
        yield round(entry_of(student_of(name, Desk(seed))).score.mean, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description="What do the reference entries score?")
    parser.add_argument("--seeds", type=int, default=12)
    seeds = parser.parse_args().seeds
    torch.set_num_threads(1)
    text = HEAD
    for how in (SHORT, FULL):
        text += f"    {how.recipe!r}: {{\n"
        for kind, name in REFERENCES.items():
            found = list(scores(name, how, seeds))
            print(
                f"rungs entry={kind} tongues={how.recipe.tongues} steps={how.recipe.steps} "
                f"seeds={seeds} mean={mean(found):.4f} sd={stdev(found):.4f} "
                f"least={min(found):.4f} most={max(found):.4f}",
                flush=True,
            )
            text += f"        {kind!r}: {found!r},\n".replace("'", '"')
        text += "    },\n"
    path = Path(capstone.__file__).with_name("references.py")
    path.write_text(text + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

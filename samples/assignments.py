"""The assignments of this course: exercise, hidden suite and corpus of each, found by its name."""

from __future__ import annotations

from argparse import ArgumentTypeError
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from nbformat import NotebookNode

from autograder.checks import Suite, load_suite
from autograder.notebooks.assemble import assemble, read_exercise, suite_name
from autograder.notebooks.outline import outline
from autograder.notebooks.pairing import pair
from samples.corpus import HERE, Version, sections, versions

EXERCISES = HERE.parent / "exercises"


@dataclass(frozen=True)
class Assignment:
    """One exercise and everything that is known about right and wrong answers to it."""

    name: str  # of the file in exercises/, without .md

    @property
    def path(self) -> Path:
        return EXERCISES / f"{self.name}.md"

    @cached_property
    def suite(self) -> Suite:
        return load_suite(suite_name(read_exercise(self.path), self.path))

    @cached_property
    def notebook(self) -> NotebookNode:
        """The instructor's notebook, with the reference's answers and the hidden regions."""
        return assemble(self.path, self.suite)

    @cached_property
    def answers(self) -> dict[str, set[str]]:
        """The solution cells of each graded cell."""
        outlined = outline(self.notebook)
        return {part: set(cells) for part, cells in pair(outlined, self.notebook).answers.items()}

    @cached_property
    def right(self) -> list[Version]:
        return versions(self.suite.name, "right")

    @cached_property
    def wrong(self) -> list[Version]:
        return versions(self.suite.name, "wrong")

    @cached_property
    def equivalent(self) -> dict[str, str]:
        """Why some mutants of the reference are no mistakes: by solution cell and change."""
        path = HERE / self.suite.name / "equivalent.yaml"
        return dict(yaml.safe_load(path.read_text(encoding="utf-8")) or {})

    def decoy(self) -> dict[str, str]:
        """Answers of the right types and shapes, wrong everywhere."""
        path = HERE / self.suite.name / "decoy.py"
        return sections(path.read_text(encoding="utf-8"))


def assignments() -> list[Assignment]:
    """Return all assignments, in the order of the course."""
    return [Assignment(path.stem) for path in sorted(EXERCISES.glob("*.md"))]


def named(name: str) -> Assignment:
    """Return the assignment of this name, for arguments of a command line."""
    known = {assignment.name: assignment for assignment in assignments()}
    if name not in known:
        raise ArgumentTypeError(f"no assignment is called {name!r}; there are {', '.join(known)}")
    return known[name]

"""A course in miniature: one exercise, its reference module, its hidden tests, some notebooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

NAME = "tiny"
POINTS = {"double-tests": 2.0, "norm-tests": 3.0}

EXERCISE = """\
---
kernelspec: {display_name: Python 3, language: python, name: python3}
autograder: {suite: tiny}
---

# Two small functions

```{code-cell}
import torch
```

```{code-cell}
---
tags: [given]
nbgrader: {grade_id: scale}
---
from solutions.tiny import SCALE
```

## Double

```{code-cell}
---
tags: [solution]
nbgrader: {grade_id: double}
---
from solutions.tiny import double
```

```{code-cell}
---
nbgrader: {grade_id: double-tests, points: 2}
---
assert double(torch.ones(2)).sum() == 4
```

## Norm

```{code-cell}
---
tags: [solution]
nbgrader: {grade_id: norm}
---
from solutions.tiny import norm
```

```{code-cell}
---
nbgrader: {grade_id: norm-tests, points: 3}
---
assert norm(torch.tensor([3.0, 4.0])) == 5
```
"""

SOLUTIONS = '''\
"""The reference."""

import functools

import torch

SCALE = 2


@functools.cache
def unused() -> None:
    """Not part of the exercise."""


def double(x: torch.Tensor) -> torch.Tensor:
    """Return twice x."""
    ### BEGIN SOLUTION
    twice_the_given_value = x * SCALE
    return twice_the_given_value
    ### END SOLUTION


def norm(x: torch.Tensor) -> torch.Tensor:
    """Return the length of the vector x."""
    ### BEGIN SOLUTION
    sum_of_the_squares = (x * x).sum()
    return sum_of_the_squares.sqrt()
    ### END SOLUTION
'''

HIDDEN = '''\
"""Hidden tests of the miniature exercise."""

import torch

from autograder.checks import Student, Suite, expect_close

suite = Suite("tiny", refuse=["torch.linalg.norm"])


@suite.check("double-tests", points=1, title="doubles a matrix")
def doubles(student: Student, rng: torch.Generator) -> None:
    secret_matrix = torch.randn(3, 4, generator=rng)
    expect_close(student.double(secret_matrix), secret_matrix + secret_matrix, atol=1e-6)


@suite.check("double-tests", points=1, title="leaves its argument as it was")
def leaves_alone(student: Student, rng: torch.Generator) -> None:
    secret_vector = torch.randn(3, generator=rng)
    expect_close(student.double(secret_vector), secret_vector * 2, atol=1e-6)
    expect_close(student.double(secret_vector - 1), secret_vector * 2 - 2, atol=1e-6)


@suite.check("norm-tests", points=3, title="is the Euclidean norm")
def euclidean(student: Student, rng: torch.Generator) -> None:
    secret_vector = torch.randn(7, generator=rng)
    expect_close(student.norm(secret_vector), secret_vector.pow(2).sum().sqrt(), atol=1e-6)
'''

# Child processes (workers, kernels, nbgrader) find the miniature's hidden tests through this.
SITECUSTOMIZE = """\
import autograder.hidden

autograder.hidden.__path__.append({hidden!r})
"""

RIGHT = {
    "double": "def double(x):\n    return x + x",
    "norm": "def norm(x):\n    return (x ** 2).sum() ** 0.5",
}
WRONG_NORM = RIGHT | {"norm": "def norm(x):\n    return x.abs().sum()"}
WRONG = {"double": "def double(x):\n    return x", "norm": "def norm(x):\n    return x.sum()"}


def write_project(root: Path) -> Path:
    """Write exercise, reference and hidden tests; return the folder of the exercises."""
    for path, text in {
        "exercises/tiny.md": EXERCISE,
        "solutions/tiny.py": SOLUTIONS,
        "hidden/tiny.py": HIDDEN,
        "path/sitecustomize.py": SITECUSTOMIZE.format(hidden=str(root / "hidden")),
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root / "exercises"


def filled(released: Path, answers: dict[str, str]) -> dict[str, Any]:
    """Return the released notebook (as JSON) with these answers in its solution cells."""
    notebook: dict[str, Any] = json.loads(released.read_text())
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell["source"] = answers[grade_id]
    return notebook


def write_notebook(path: Path, notebook: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))
    return path


def read_notebook(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)

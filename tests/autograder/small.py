"""An assignment of two cells with its suite, and what to ask of a verdict on it."""

from __future__ import annotations

from typing import Any

import nbformat.v4 as v4
import torch

from autograder.checks import Student, Suite, expect_close
from autograder.judge.notebook import judge_notebook
from autograder.line.base import Spawner
from autograder.line.limits import Limits
from autograder.line.local import LocalSpawner
from autograder.verdict import Verdict, decode, encode

suite = Suite("small", refuse=["torch.nn.Linear", "torch.nn.RNN", "torch.nn.RNNBase"])


@suite.check("scale-test", points=2, title="multiplies by two")
def scales(student: Student, rng: torch.Generator) -> None:
    x = torch.randn(5, generator=rng)
    expect_close(student.scale(x), 2 * x, atol=1e-6, hint="Is the factor right?")


@suite.check("scale-test", points=1, title="passes the gradient on")
def scale_gradient(student: Student, rng: torch.Generator) -> None:
    x = torch.randn(5, generator=rng, requires_grad=True)
    student.scale(x).sum().backward()
    expect_close(x.grad, torch.full((5,), 2.0), atol=1e-6)


@suite.check("layer-test", points=3, title="is affine")
def affine(student: Student, rng: torch.Generator) -> None:
    layer = student.Layer(3, 2)
    x = torch.randn(4, 3, generator=rng)
    state = layer.state_dict()
    expect_close(layer(x), x @ state["w"].T + state["b"], atol=1e-6)


@suite.check("layer-test", points=1, title="has a bias that starts at zero")
def bias(student: Student, rng: torch.Generator) -> None:
    expect_close(student.Layer(3, 2).state_dict()["b"], torch.zeros(2), atol=0)


SCALE = "def scale(x):\n    return 2 * x"
LAYER = """
class Layer(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.w = nn.Parameter(torch.randn(o, i))
        self.b = nn.Parameter(torch.zeros(o))

    def forward(self, x):
        return x @ self.w.T + self.b
"""


def cell(source: str, grade_id: str = "", **meta: Any) -> Any:
    nbgrader = {"grade_id": grade_id, "solution": False, "grade": False} | meta
    return v4.new_code_cell(source, metadata={"nbgrader": nbgrader} if grade_id else {})


def notebook(scale: str, layer: str, *, scale_test: str, before: tuple[Any, ...] = ()) -> Any:
    return v4.new_notebook(
        cells=[
            cell("import torch\nfrom torch import nn"),
            *before,
            cell(scale, "scale", solution=True),
            cell(scale_test, "scale-test", grade=True, points=3),
            cell(layer, "layer", solution=True),
            cell("print(Layer(1, 1))", "layer-test", grade=True, points=4),
        ]
    )


VISIBLE = "assert scale(1) == 2"
SOURCE = notebook(
    SCALE,
    LAYER,
    scale_test=f"{VISIBLE}\n### BEGIN HIDDEN TESTS\nsecret_line()\n### END HIDDEN TESTS",
)


def submitted(scale: str = SCALE, layer: str = LAYER, *before: Any, test: str = VISIBLE) -> Any:
    return notebook(scale, layer, scale_test=test, before=before)


def judge(
    submission: Any,
    sandbox: Spawner | None = None,
    seed: int = 1,
    limits: Limits | None = None,
    source: Any = SOURCE,
    by: Suite = suite,
) -> Verdict:
    verdict = judge_notebook(
        source,
        submission,
        by,
        sandbox or LocalSpawner(),
        student="ada",
        assignment="a1",
        seed=seed,
        fingerprint="f",
        limits=limits,
    )
    assert decode(encode(verdict)) == verdict
    assert "secret_line" not in encode(verdict).decode()
    return verdict


def points(verdict: Verdict) -> list[float]:
    return [part.points for part in verdict.parts]


def messages(verdict: Verdict) -> dict[str, str]:
    return {check.name: check.message for part in verdict.parts for check in part.checks}


def statuses(verdict: Verdict) -> dict[str, str]:
    return {done.cell_id: done.status for done in verdict.cells}

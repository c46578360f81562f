"""Train one of the paper's nets on one of its tasks with batches, Adam and the full gradient."""

from __future__ import annotations

from typing import Any

from experiments.contest import Exam, Plan, contest, contest_reber
from experiments.document_tasks import Task
from experiments.learners import LEARNERS
from experiments.registry import Outcome

PAUSE = 2048  # strings between two tests on the Reber sets


def run_today(task: Task | None, parameters: dict[str, Any], device: str) -> Outcome:
    """Return the outcome of all seeds of one net; ``task`` None is the embedded Reber grammar."""
    plan = Plan(*(parameters[key] for key in ("seeds", "budget", "batch", "rate")))
    build, exam = LEARNERS[f"lstm1997-adam-{parameters['net']}"], Exam(*parameters["exam"])
    if task is None:
        found = contest_reber(lambda: build(7, 7, True), plan, device, PAUSE)
        return {**found, "criterion": "all legal symbols ranked highest in all 512 strings"}
    make = lambda: build(task.inputs, task.outputs, False)  # noqa: E731
    found = contest(task, make, plan, exam, device)
    said = f"at most {exam.allowed} wrong of {exam.count:,} fresh sequences"
    if len(parameters["exam"]) > 2:
        said += f", mean error below {exam.mean_below}"
    return {**found, "criterion": said}

"""Train one of the paper's nets on one of its tasks with batches, Adam and the full gradient."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from experiments.harness.registry import Outcome
from experiments.nets.learners import LEARNERS
from experiments.tasks.seeded import LongLag, Order, Pairs, Signal, Task
from experiments.training.contest import Exam, Plan, contest, contest_reber

PAUSE = 2048  # strings between two tests on the Reber sets
TASKS = {"long-lag": LongLag, "order": Order, "pairs": Pairs, "signal": Signal}


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Return the outcome of all seeds of one net, on the CPU: the net's loop is compiled for it."""
    task = task_from(parameters["task"])
    plan = Plan(*(parameters[key] for key in ("seeds", "budget", "batch", "rate")))
    build, exam = LEARNERS[f"lstm1997-adam-{parameters['net']}"], Exam(*parameters["exam"])
    if task is None:
        found = contest_reber(lambda: build(7, 7, True), plan, "cpu", PAUSE)
        return {**found, "criterion": "all legal symbols ranked highest in all 512 strings"}
    make = lambda: build(task.inputs, task.outputs, False)  # noqa: E731
    found = contest(task, make, plan, exam, "cpu")
    said = f"at most {exam.allowed} wrong of {exam.count:,} fresh sequences"
    if len(parameters["exam"]) > 2:
        said += f", mean error below {exam.mean_below}"
    return {**found, "criterion": said}


def task_from(data: dict[str, Any]) -> Task | None:
    """Return a task from plain data; None stands for the embedded Reber grammar."""
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
    kind = given.pop("kind")
    return None if kind == "reber" else TASKS[kind](**given)


def plain_task(task: Task | None) -> dict[str, Any]:
    """Return a task as a trial's parameters hold it."""
    if task is None:
        return {"kind": "reber"}
    kind = next(name for name, kind in TASKS.items() if type(task) is kind)
    return {"kind": kind, **asdict(task)}

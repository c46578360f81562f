"""What a worker does: one submission in, one verdict out. The worker keeps its sandbox open."""

from __future__ import annotations

import json
import multiprocessing.util
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder import stages
from autograder.errors import AutograderError, Unreadable
from autograder.line.limits import Isolation, Limits
from autograder.notebooks.outline import part_titles
from autograder.notebooks.read import read_plain
from autograder.stages import Spent, stage
from autograder.verdict import CheckResult, PartResult, Verdict, encode

# torch comes with these; the process that hands out the jobs does without it.
if TYPE_CHECKING:
    from autograder.line.sandbox import Lobby, Sandbox

MARGIN_S = 120.0  # on top of a submission's time: a sandbox that starts, the judge's own reckoning


class Job(msgspec.Struct, frozen=True):
    """Everything a worker needs to know, as plain data that may cross to another machine."""

    student: str
    assignment: str
    submission: bytes
    source: str
    suite: str
    seed: int
    fingerprint: str
    isolation: Isolation
    hide: str  # a directory student code must not see, if it is on this machine
    cell_s: float | None = None
    only: tuple[str, ...] = ()  # the checks to run; none means all
    limits: dict[str, float] = {}  # the assignment's own, by name
    files: dict[str, str] = {}  # the modules of an assignment of the instructor's own


shared: Lobby | None = None  # of a sandbox for all workers of this machine
_sandboxes: dict[tuple[str, Limits], Sandbox] = {}


def judge_job(job: Job) -> bytes:
    """Judge one submission and return the encoded verdict."""
    from autograder.judge.notebook import judge_notebook
    from autograder.judge.weights import suite_for

    source = json.loads(job.source)
    suite = suite_for(job.suite, source, job.files)
    try:
        submission = read_plain(job.submission)
    except Unreadable as finding:
        return encode(zero_verdict(job, str(finding)))
    try:
        verdict = judge_notebook(
            source,
            submission,
            suite,
            _sandbox(job),
            student=job.student,
            assignment=job.assignment,
            seed=job.seed,
            fingerprint=job.fingerprint,
            limits=limits_of(job),
            only=job.only,
        )
    except AutograderError:
        # The sandbox itself may be what is broken: the next submission gets a new one.
        close_sandboxes()
        raise
    return encode(verdict)


def judge_measured(job: Job) -> Spent:
    """Do what judge_job does, and say what it took."""
    stages.switch_on()
    stages.take()
    with stage("read and write"):
        result = judge_job(job)
    return Spent(result, stages.take(), stages.once)


def close_sandboxes() -> None:
    """End every sandbox of this process."""
    while _sandboxes:
        _sandboxes.popitem()[1].close()


def zero_verdict(job: Job, reason: str) -> Verdict:
    """Return the verdict of a submission that cannot be judged: no points, and why."""
    from autograder.judge.weights import by_hand, suite_for

    source = json.loads(job.source)
    suite, headings = suite_for(job.suite, source, job.files), part_titles(source)
    parts = [
        PartResult(
            grade_id,
            suite.points(grade_id),
            [
                CheckResult(check.name, check.title, 0.0, check.points, "This was not examined.")
                for check in suite.checks_for(grade_id)
            ],
            headings.get(grade_id, ""),
            grade_id in suite.optional,
        )
        for grade_id in suite.grade_ids
    ]
    return Verdict(
        assignment=job.assignment,
        student=job.student,
        isolation=job.isolation,
        seed=job.seed,
        fingerprint=job.fingerprint,
        parts=parts,
        problems=[reason],
        by_hand=by_hand(source),
    )


def limits_of(job: Job) -> Limits:
    """Return the limits, the usual ones or the assignment's own.

    Whoever raises the time for a cell gets as much more for the whole.
    """
    own = {name: type(getattr(Limits, name))(value) for name, value in job.limits.items()}
    usual = replace(Limits(), **own)
    if job.cell_s is None:
        return usual
    scale = max(1.0, job.cell_s / usual.cell_s)
    return replace(
        usual,
        cell_s=job.cell_s,
        call_s=usual.call_s * scale,
        total_s=usual.total_s * scale,
        cpu_s=int(usual.cpu_s * scale),
    )


def longest(job: Job) -> float:
    """Return the seconds after which a job is given up, whatever the judge is doing."""
    return limits_of(job).total_s + MARGIN_S


def _sandbox(job: Job) -> Sandbox:
    """Return this process's sandbox, started on first use and closed when the process ends."""
    from autograder.line.sandbox import Sandbox

    key = (job.isolation, limits_of(job))
    if key not in _sandboxes:
        _sandboxes[key] = _joined(job) or Sandbox(
            limits_of(job), job.isolation, hide=[Path(job.hide)]
        )
        with stage("join the sandbox"):
            _sandboxes[key].start()
        # Pool workers leave without running atexit; multiprocessing has its own list.
        multiprocessing.util.Finalize(None, close_sandboxes, exitpriority=10)
    return _sandboxes[key]


def _joined(job: Job) -> Sandbox | None:
    """Return a line to the sandbox that this machine's workers share, if there still is one."""
    global shared
    from autograder.line.sandbox import Sandbox

    if shared is None or shared[1] != job.isolation:
        return None
    sandbox = Sandbox(limits_of(job), lobby=shared)
    try:
        sandbox.start()
    except AutograderError:
        shared = None
        return None
    return sandbox

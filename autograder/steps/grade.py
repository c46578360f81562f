"""Judge a class: many workers, one writer, and every submission ends with a verdict."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder.course.directory import Course
from autograder.course.fingerprint import FAILED, Fingerprints, digest_of
from autograder.errors import AutograderError
from autograder.judge.pool import run_all
from autograder.judge.worker import Job, judge_job, judge_measured, longest, zero_verdict
from autograder.judge.workers import Workers
from autograder.line.limits import Isolation
from autograder.notebooks.read import read_bytes
from autograder.stages import Spent, stage
from autograder.steps.gradebook import GradebookWriter, readable
from autograder.steps.memory import give_large_blocks_back
from autograder.steps.profile import Profile
from autograder.steps.regrade import IN_FULL, Regrade
from autograder.verdict import Verdict, decode

if TYPE_CHECKING:
    from autograder.cluster.cluster import Cluster

Run = tuple[Job, bytes | Spent | Exception]
GAVE_UP = (
    "The grader stopped while it judged this submission, twice, so nothing was examined. "
    "Please tell your instructor."
)


@dataclass(frozen=True)
class Options:
    """How to grade. ``jobs`` 0 means one per CPU; ``cell_s`` None means the sandbox's limit."""

    jobs: int = 0
    cell_s: float | None = None
    regrade: bool = False
    profile: Profile | None = None  # to be filled
    sandbox: Isolation = "bwrap"
    unsafe: bool = False
    only: tuple[str, ...] = ()  # judge these checks again, for everybody, and keep the others
    scheduler: str = ""  # of a cluster, which judges then; ``jobs`` 0 means all it can do at a time


@dataclass(frozen=True)
class Event:
    """One submission now has its verdict."""

    verdict: Verdict
    is_new: bool
    done: int
    total: int
    note: str = ""  # what did not agree with a verdict that was kept, and does now

    @property
    def student(self) -> str:
        return self.verdict.student


@dataclass(frozen=True)
class Mark:
    """What is said of a verdict at the end. A class of thousands is not kept in memory whole."""

    student: str
    points: float
    max_points: float
    problems: list[str]


@dataclass
class Outcome:
    """The marks of a run so far."""

    marks: list[Mark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    judged: int = 0
    kept: int = 0

    def add(self, event: Event) -> None:
        found = event.verdict
        self.marks.append(Mark(found.student, found.points, found.max_points, found.problems))
        self.notes += [f"{event.student}: {event.note}"] if event.note else []
        self.judged += event.is_new
        self.kept += not event.is_new

    def sorted_marks(self) -> list[Mark]:
        """Return the marks with problems first, then by points, then by name."""
        return sorted(self.marks, key=lambda mark: (not mark.problems, mark.points, mark.student))


def grade(
    course: Course,
    assignment: str,
    students: Iterable[str] = (),
    options: Options = Options(),
    *,
    work: Callable[[Job], bytes | Spent] | None = None,
    make_executor: Callable[[int], Executor] | None = None,
) -> Iterator[Event]:
    """Give every submission a verdict; yield an event for each as it is written down.

    A verdict that still holds is kept. Everything else is judged on the executor's workers,
    and this process alone writes gradebook, autograded notebooks and verdicts, so a run that
    is killed has lost at most what its workers were busy with.

    With ``only``, these checks are judged again for everybody, and the rest of every verdict is
    kept (`steps/regrade.py`); a submission without a verdict is judged in full.

    Raises AutograderError when grading itself does not work: no isolation, hidden tests that
    do not fit, a sandbox that fails even on the blank notebook. A submission that breaks the
    grader twice, while the blank one does not, is to blame, and gets a verdict that says so.
    """
    give_large_blocks_back()
    course.require_released(assignment)
    chosen = _choose(course, assignment, list(students))
    fingerprints = Fingerprints(course, assignment)
    work = work or (judge_measured if options.profile else judge_job)
    done = 0
    verdicts = [course.verdict_path(assignment, student) for student in chosen]
    with ExitStack() as stack:
        place, find_out = _place(fingerprints, options)
        stack.enter_context(place)
        # Finding out takes torch and a trial, which a run with nothing to judge does without.
        isolation = cache(find_out)
        if make_executor is None and (
            options.regrade or options.only or not all(map(Path.is_file, verdicts))
        ):
            place.launch()  # it takes a while, and so does what comes now
        with stage("open the gradebook"):
            writer = stack.enter_context(GradebookWriter(course, assignment))
        again = _regrade(fingerprints, options.only)

        def job_of(student: str) -> Job:
            data = read_bytes(course.notebook("submitted", assignment, student))
            with stage("fingerprints"):
                job = job_for(course, fingerprints, student, data, isolation(), options.cell_s)
            return again.job(job, course.read_verdict(assignment, student)) if again else job

        to_judge: list[str] = []
        for student in chosen:
            data = read_bytes(course.notebook("submitted", assignment, student))
            verdict = course.read_verdict(assignment, student)
            if again:
                job_of(student)  # or a verdict that cannot be kept would be found too late
            if (
                verdict is None
                or options.regrade
                or again
                or not fingerprints.holds(verdict, data)
                or (verdict.isolation == "none" and isolation() != "none")
            ):
                to_judge.append(student)
                continue
            note = writer.keep(verdict, data)
            done += 1
            yield Event(verdict, False, done, len(chosen), note)
        if to_judge and make_executor is None:
            place.launch(isolation())
        make_executor = make_executor or place.executor
        run = partial(run_all, make_executor, work, seconds=longest)
        # A job holds a submission: only those at work are in memory. Closing the runs ends the
        # workers, whatever stops this loop.
        jobs = map(job_of, to_judge)
        with closing(run(jobs, options.jobs or place.width)) as runs:
            for job, result in _awaited(runs):
                if isinstance(result, Spent):
                    if options.profile:
                        options.profile.add(result)
                    result = result.result
                if isinstance(result, bytes):
                    verdict = finished(job, result)
                    if verdict.isolation != job.isolation:  # one machine has other walls
                        made = fingerprints.of(job.submission, verdict.isolation)
                        verdict = msgspec.structs.replace(verdict, fingerprint=made)
                else:
                    blank = course.notebook("release", assignment).read_bytes()
                    _require_result(run([msgspec.structs.replace(job, submission=blank)], 1))
                    verdict = _gave_up(job, result)
                old = course.read_verdict(assignment, job.student) if job.only else None
                if again and old:
                    verdict = again.merged(old, verdict)
                with stage("write"):
                    writer.record(verdict, readable(job.submission))
                done += 1
                note = IN_FULL if again and not job.only else ""
                yield Event(verdict, True, done, len(chosen), note)


def _place(
    fingerprints: Fingerprints, options: Options
) -> tuple[Workers | Cluster, Callable[[], Isolation]]:
    """Return where to judge, and how to find out what isolation there is."""
    hide = fingerprints.course.root
    level = options.sandbox
    if not options.scheduler:
        here = partial(isolation_level, unsafe=options.unsafe, sandbox=level)
        return Workers([hide], level), here
    if level != "bwrap":
        raise AutograderError(
            "the workers of a cluster keep student code in with bubblewrap",
            f"--sandbox {level}",
            "Leave out --sandbox or --scheduler.",
        )
    from autograder.cluster.cluster import Cluster

    cluster = Cluster(options.scheduler, fingerprints.suite, hide, unsafe=options.unsafe)
    return cluster, cluster.isolation


def _require_result(runs: Iterable[Run]) -> None:
    """Raise what stops the judge even on a submission that is not to blame."""
    for _, result in runs:
        if isinstance(result, Exception):
            raise result


def _awaited(runs: Iterator[Run]) -> Iterator[Run]:
    while True:
        with stage("wait for the workers"):
            try:
                run = next(runs)
            except StopIteration:
                return
        yield run


def job_for(
    course: Course,
    fingerprints: Fingerprints,
    student: str,
    submission: bytes,
    isolation: Isolation,
    cell_s: float | None = None,
) -> Job:
    """Return the job of judging one submission."""
    assignment = fingerprints.assignment
    return Job(
        student=student,
        assignment=assignment,
        submission=submission,
        source=course.notebook("source", assignment).read_text(encoding="utf-8"),
        suite=fingerprints.suite,
        seed=course.seed_for(assignment, student, submission),
        fingerprint=fingerprints.of(submission, isolation),
        isolation=isolation,
        hide=str(course.root),
        cell_s=cell_s,
        limits=fingerprints.limits,
        files=fingerprints.files,
    )


def finished(job: Job, result: bytes) -> Verdict:
    """Return the verdict that a worker sends back, with what it was made from."""
    return msgspec.structs.replace(decode(result), submission=digest_of(job.submission))


def isolation_level(*, unsafe: bool, sandbox: Isolation = "bwrap") -> Isolation:
    """Return the wanted isolation if this machine offers it; do without only when told so."""
    from autograder.line.probe import available

    works, reason = available(sandbox)
    if works:
        return sandbox
    if unsafe and os.geteuid() == 0:
        raise AutograderError(
            "student code would run as root without isolation",
            "--unsafe",
            "It could read and change every file of this machine. Grade as an ordinary user.",
        )
    if unsafe:
        return "none"
    raise AutograderError(
        "student code cannot be isolated on this machine",
        "bubblewrap" if sandbox == "bwrap" else sandbox,
        f"{reason} Only if you trust every submission like your own code, repeat the command "
        "with --unsafe.",
    )


def _choose(course: Course, assignment: str, students: list[str]) -> list[str]:
    present = course.students(assignment)
    unknown = sorted(set(students) - set(present))
    if unknown or not present:
        raise AutograderError(
            f"no submission of {assignment!r} by {', '.join(unknown) or 'anyone'}",
            str(course.root / "submitted"),
            f"Run 'autograder collect SOURCE --assignment {assignment}', or correct the name.",
        )
    return students or present


def _regrade(fingerprints: Fingerprints, only: tuple[str, ...]) -> Regrade | None:
    if not only:
        return None
    from autograder.judge.weights import suite_for

    source = fingerprints.course.notebook("source", fingerprints.assignment)
    notebook = json.loads(source.read_bytes())
    return Regrade(suite_for(fingerprints.suite, notebook, fingerprints.files), only)


def _gave_up(job: Job, error: Exception) -> Verdict:
    verdict = zero_verdict(job, f"{GAVE_UP} ({type(error).__name__})")
    digest = digest_of(job.submission)
    return msgspec.structs.replace(verdict, fingerprint=FAILED, submission=digest)

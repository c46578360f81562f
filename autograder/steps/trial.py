"""Try an assignment before it is released: does it mark what it should, and nothing else?

The reference must get full marks, the blank notebook none, right versions all, and each wrong
version must fail the checks that it names. All are judged as submissions are, in the sandbox; an
exception in the author's own code, which students would only meet as a check that is lost, is told
with file and line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.course.fingerprint import hidden_files
from autograder.errors import AutograderError
from autograder.judge.notebook import judge_notebook
from autograder.judge.weights import suite_for
from autograder.judge.worker import Job, limits_of
from autograder.line.limits import Isolation
from autograder.line.sandbox import Sandbox
from autograder.notebooks.assemble import dumps, read_exercise, suite_name
from autograder.notebooks.marks import grade_id_of, is_graded
from autograder.notebooks.outline import part_titles
from autograder.notebooks.versions import build_submission, versions
from autograder.steps.grade import isolation_level
from autograder.steps.misfits import Finding, Tried, findings_of, idle_checks, line_of_check
from autograder.steps.release import assembled, leaks, require_unambiguous, secrets_of
from autograder.suite.own import place_in
from autograder.suite.suite import Check, CheckFunction, Suite

SEED = 1  # of what the checks draw: the same at every try


@dataclass
class Trial:
    """All that came of it."""

    suite: Suite
    tried: list[Tried]
    findings: list[Finding]
    titles: dict[str, str]  # part -> the heading above it
    by_hand: float = 0.0  # points that a person gives

    @property
    def parts(self) -> list[str]:
        """The graded cells, as they stand in the notebook."""
        return [part.grade_id for part in self.tried[0].judged.parts]

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_error]


def try_assignment(
    course: Course,
    name: str,
    *,
    sandbox: Isolation = "bwrap",
    unsafe: bool = False,
    said: Callable[[str], None] = lambda doing: None,
) -> Trial:
    """Assemble an assignment, judge all that is known about it, and say what does not fit.

    ``said`` hears what is being done. Raises AutograderError for what cannot be assembled or
    loaded; nothing of the course is changed.
    """
    path = course.exercise(name)
    if not path.is_file():
        raise AutograderError(
            f"there is no assignment {name!r}",
            str(path.parent),
            f"Yours: {', '.join(course.own()) or 'none'}; 'autograder new NAME' lays one out.",
        )
    require_unambiguous(course, name)
    reference = suite_name(read_exercise(path), path)
    source = assembled(course, path, reference)
    blank = blank_of(course, source)
    found = leaks(blank, source, secrets_of(course, reference))
    if found:
        raise AutograderError(
            f"the released notebook would show hidden lines, the first is {found[0]!r}",
            str(path),
            "Check the solution markers of the exercise and its module.",
        )
    isolation = isolation_level(unsafe=unsafe, sandbox=sandbox)
    job = _job(course, name, source, reference, isolation)
    suite = suite_for(reference, source, job.files)
    _require_parts(suite, source)
    tried = [Tried("reference", "reference"), Tried("blank", "blank"), *_versions(path)]
    findings = [
        Finding(
            "no right or wrong version lies beside the exercise",
            str(path.parent / "versions"),
            "Write right_NAME.py and wrong_NAME.py: only they show that a check can fail, and that "
            "it lets other right answers pass.",
            is_error=False,
        )
    ] * (len(tried) == 2 and reference.endswith(".py"))
    with Sandbox(limits_of(job), job.isolation, hide=[course.root]) as started:
        for each in tried:
            answers = each.version.sections if each.version else {}
            submission = _submission(blank if each.kind == "blank" else source, answers, each, path)

            def watched(check: Check, each: Tried = each) -> CheckFunction:
                def function(student: Any, rng: Any) -> None:
                    said(f"{each.name}: {check.name}")
                    try:
                        check.function(student, rng)
                    except Exception as error:
                        each.places[check.name] = (place_of(check, error), error)
                        raise

                return function

            said(each.name)
            each.notebook = submission
            each.verdict = judge_notebook(
                source,
                submission,
                suite.around(watched),
                started,
                student=each.name,
                assignment=name,
                seed=SEED,
                fingerprint="",
                limits=started.limits,
            )
            findings += findings_of(each, suite, path, tried[0].failed)
    findings += idle_checks(tried, suite)
    worth = sum(each.max_points for each in tried[0].judged.by_hand if not each.optional)
    return Trial(suite, tried, findings, part_titles(source), worth)


def keep(trial: Trial, folder: Path) -> None:
    """Write every notebook that was tried into a folder: NAME.ipynb."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in trial.tried:
        if each.notebook is not None:
            write_atomically(folder / f"{each.name}.ipynb", dumps(each.notebook).encode())


def blank_of(course: Course, source: NotebookNode) -> NotebookNode:
    """Return what a student gets, made by nbgrader's own steps, without writing anything."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

    config, blank = course.nbgrader_config(), nbformat.from_dict(source)
    log = logging.getLogger("autograder.steps.trial")
    log.propagate = False
    blank = nbformat.reads(nbformat.writes(blank), as_version=4)  # a copy, which may be changed
    for step in (ClearSolutions, ClearHiddenTests, ClearMarkScheme):
        try:
            blank, _ = step(config=config, log=log).preprocess(blank, {})
        except RuntimeError as error:
            raise AutograderError(
                f"nbgrader cannot make the students' notebook: {error}",
                str(source.metadata["autograder"]["assignment"]),
                "Check the markers of solutions and mark schemes.",
            ) from error
    return blank


def place_of(check: Check, error: BaseException) -> str:
    """Return the file and line of the author's that an error came through, or the check's own."""
    code = check.function.__code__
    folder = str(PurePosixPath(code.co_filename).parent)
    return place_in(folder, error) or f"{code.co_filename}:{code.co_firstlineno}"


def _job(course: Course, name: str, source: NotebookNode, suite: str, isolation: Isolation) -> Job:
    """Return the job that grading would make of it; its submission counts for nothing here."""
    own = suite.endswith(".py")
    files = hidden_files(course.root, suite) if own else []
    return Job(
        student="reference",
        assignment=name,
        submission=b"",
        source=dumps(source),
        suite=suite,
        seed=SEED,
        fingerprint="",
        isolation=isolation,
        hide=str(course.root),
        limits=source.metadata["autograder"]["limits"],
        files={file.name: file.read_text(encoding="utf-8") for file in files},
    )


def _require_parts(suite: Suite, source: NotebookNode) -> None:
    """Raise AutograderError for a check of a part that the exercise does not have."""
    parts = [grade_id_of(cell) for cell in source.cells if is_graded(cell)]
    for check in suite.checks:
        if check.grade_id not in parts:
            raise AutograderError(
                f"the check {check.name!r} is for the part {check.grade_id!r}, which is no test "
                "cell of the exercise",
                line_of_check(suite, check.name),
                f"Parts: {', '.join(parts)}.",
            )


def _versions(path: Path) -> Iterator[Tried]:
    folder = path.parent / "versions"
    for kind in ("right", "wrong"):
        try:
            found = versions(folder, kind)
        except (ValueError, SyntaxError, UnicodeDecodeError) as error:
            line = f":{error.lineno}" if isinstance(error, SyntaxError) else ""
            where = error.filename if isinstance(error, SyntaxError) else str(folder)
            raise AutograderError(
                f"a version cannot be read: {error}",
                f"{where}{line}",
                "It is Python: a docstring that says what is special, then '# %% GRADE_ID' lines.",
            ) from error
        for version in found:
            yield Tried(version.name, kind, version)


def _submission(
    notebook: NotebookNode, answers: dict[str, str], each: Tried, path: Path
) -> NotebookNode:
    try:
        return build_submission(notebook, answers)
    except KeyError as error:
        raise AutograderError(
            str(error.args[0]),
            str(path.parent / "versions" / f"{each.name}.py"),
            "Name a section '# %% GRADE_ID' after a solution cell of the exercise.",
        ) from error

"""An instructor's own assignments: lay one out, try it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import CourseOption, SandboxOption, new_folder, the_only
from autograder.errors import AutograderError

if TYPE_CHECKING:
    from autograder.course.directory import Course
    from autograder.steps.misfits import Tried
    from autograder.steps.trial import Trial


def new(
    name: Annotated[str, typer.Argument(help="What it is called: small letters, digits, - and _.")],
    course: CourseOption = None,
) -> None:
    """Lay out an assignment of your own in the course: a small one that works.

    Makes assignments/NAME/ with the exercise (NAME.md), the reference (solution.py), the hidden
    tests (hidden.py), the terms (NAME.toml) and right and wrong versions (versions/). Comments in
    the files say what is what; docs/own-assignment.md goes through it step by step.

    Example: [bold]autograder new moving-average[/bold]
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.steps.new import new as lay_out

    home = find(course)
    with writing(home):
        folder = lay_out(home, name)
    for path in sorted(folder.rglob("*.*")):
        console.say(escape(str(path)))
    console.say(f"Next: change them, and run autograder try {name} after each change")


def try_assignment(
    name: Annotated[
        str | None, typer.Argument(help="The assignment. Default: the only one of your own.")
    ] = None,
    sandbox: SandboxOption = "bwrap",
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Without isolation, where the machine offers none.")
    ] = False,
    keep: Annotated[
        Path | None,
        typer.Option(
            callback=new_folder,
            help="Also write the notebooks that were tried into this folder, as students would "
            "hand them in: a class to practise on.",
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Prove that an assignment marks what it should, before students get it.

    Judges, in the sandbox and as grading does: the reference, which must get full marks; the
    notebook as students get it, which must get none; and the right and wrong versions beside the
    exercise (versions/right_NAME.py, wrong_NAME.py). Shows check by check what came of it, and
    names what is to be put right, in your own files. Changes nothing in the course.

    Examples:
    [bold]autograder try moving-average[/bold]
    [bold]autograder try moving-average --keep ~/versions[/bold]

    Exit codes: 0 all is as it should be; 1 something is to be put right; 2 the assignment could
    not be put together; 130 Ctrl-C.
    """
    from autograder.course.directory import find
    from autograder.steps.trial import keep as keep_notebooks
    from autograder.steps.trial import try_assignment as judge_all

    home = find(course)
    name = name or _only(home)
    doing = ""

    def said(what: str) -> None:
        nonlocal doing
        doing = what

    try:
        trial = judge_all(home, name, sandbox=sandbox, unsafe=unsafe, said=said)
    except KeyboardInterrupt:
        console.say(f"Stopped at {escape(doing or 'the beginning')}.")
        raise typer.Exit(130) from None
    if keep is not None:
        keep_notebooks(trial, keep)
    _show(name, trial)
    if keep is not None:
        console.say(f"{len(trial.tried)} notebooks in {escape(str(keep))}")
    raise typer.Exit(1 if trial.errors else 0)


def _only(home: Course) -> str:
    own = home.own()
    known = f"Yours: {', '.join(own) or 'none; lay one out with autograder new NAME'}."
    return the_only(home, own, known)


def _show(name: str, trial: Trial) -> None:
    reference, blank, *others = trial.tried
    for part in trial.parts:
        title = f"{trial.titles.get(part, part)} ({part}, {trial.suite.points(part):g} points)"
        console.table(
            title,
            ("check", "points", "reference", "blank", "failed by"),
            [
                (
                    check.name,
                    f"{check.points:g}",
                    console.mark(check.name not in reference.failed),
                    console.mark(check.name not in blank.failed),
                    "\n".join(each.name for each in others if check.name in each.failed),
                )
                for check in trial.suite.checks_for(part)
            ],
        )
    console.table(
        f"{name}: the submissions",
        ("submission", "what it is", "points", "seconds"),
        [
            (
                each.name,
                " ".join(each.version.about.partition("\n")[0].split()) if each.version else "",
                _points(each),
                f"{each.verdict.seconds:.1f}" if each.verdict else "",
            )
            for each in trial.tried
        ],
    )
    for finding in sorted(trial.findings, key=lambda each: each.is_error):
        if finding.is_error:
            console.complain(AutograderError(finding.what, finding.where, finding.todo))
        else:
            console.say(f"[yellow]Note:[/yellow] {escape(finding.what)} ({escape(finding.where)})")
            console.say(f"  {escape(finding.todo)}")
    if trial.by_hand:
        console.say(f"Points given by hand, in formgrader: {trial.by_hand:g} more.")
    if trial.errors:
        console.say(f"{len(trial.errors)} to be put right, then: autograder try {name}")
    else:
        console.say(f"All is as it should be. Next: autograder release {name}")


def _points(each: Tried) -> str:
    return f"{each.verdict.points:g} / {each.verdict.max_points:g}" if each.verdict else ""

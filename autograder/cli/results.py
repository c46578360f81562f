"""What goes out again: pages for students, marks for the LMS, the class at a glance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from autograder import console
from autograder.cli.options import (
    AssignmentArgument,
    CourseOption,
    StudentOption,
    assignment_of,
    new_file,
    new_folder,
)

if TYPE_CHECKING:
    from autograder.course.directory import Course
    from autograder.steps.feedback import Written


def feedback(
    assignment: AssignmentArgument = None,
    student: StudentOption = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            "--zip",
            callback=new_file,
            help="Also pack the pages into this file, named as Moodle or Canvas wants them back.",
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Write the page each student gets back (feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html).

    The page shows the gradebook's mark (with what was given by hand, extra credit, comments and
    the penalty for handing in late), what each check examined, its points and its message, and
    the student's own cells with what they printed. It never shows a hidden test. It needs no
    other file. With --zip the pages of work that came from Moodle or Canvas also go into an archive
    that the platform takes back; who else has a page is named.

    Examples:
    [bold]autograder feedback 01-rnn-limits[/bold]
    [bold]autograder feedback 01-rnn-limits --zip pages.zip[/bold]

    Exit codes: 0 done; 1 the pages are written, but a due date or the rule for late work has
    changed since grading: grade again, then write them again; 2 nothing could be written.
    """
    from autograder.course.directory import find
    from autograder.course.lock import writing
    from autograder.steps.feedback import feedback as write_pages

    home = find(course)
    name = assignment_of(home, assignment)
    with writing(home):
        pages = write_pages(home, name, student or ())
    console.say(f"{len(pages)} pages in {escape(str(home.root / 'feedback'))}")
    if archive is not None:
        _pack(home, name, pages, archive)
    outdated = [page for page in pages if page.note]
    for page in outdated:
        console.say(f"[yellow]Note:[/yellow] {escape(page.student)}: {escape(page.note)}")
    if outdated:
        console.say(f"Next: autograder grade {name}, then autograder feedback {name} again")
        raise typer.Exit(1)


def _pack(home: Course, assignment: str, pages: list[Written], archive: Path) -> None:
    from autograder.course.files import write_atomically
    from autograder.exports.feedback_zip import pack

    packed = pack(home, assignment, pages)
    write_atomically(archive, packed.data)
    console.say(f"{packed.pages} pages in {escape(str(archive))}")
    if packed.left:
        console.note(f"came from no platform, so not in the archive: {', '.join(packed.left)}")


def report(
    assignment: AssignmentArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=new_folder,
            help="Write into this folder. Default: report/ASSIGNMENT in the course.",
        ),
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="All assignments, and a page that leads to them."),
    ] = False,
    pseudonyms: Annotated[
        bool,
        typer.Option(
            "--pseudonyms",
            help="Without names, into report/ASSIGNMENT-pseudonyms: to show it to others.",
        ),
    ] = False,
    course: CourseOption = None,
) -> None:
    """Write the class report: a folder of pages that need no network (report/ASSIGNMENT).

    The front page shows how the marks are spread, who has a problem or no mark yet, how many pass
    each check (and who fails it although the visible tests pass), the commonest bugs by name,
    times and dates. From there it goes on to every student, every check and every bug. The pages
    hold names and marks: keep them where only those who teach can read them.

    Examples:
    [bold]autograder report 01-rnn-limits[/bold]
    [bold]autograder report --all[/bold]
    [bold]autograder report 01-rnn-limits --pseudonyms --output ~/to-show[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps import report as reports

    if every and (assignment is not None or output is not None):
        raise typer.BadParameter("--all writes every assignment into report/; name neither.")
    home = find(course)
    if every:
        path = reports.report_all(home, pseudonyms=pseudonyms)
    else:
        name = assignment_of(home, assignment)
        path = reports.report(home, name, output, pseudonyms=pseudonyms)
    console.say(f"Report: {escape(str(path))}")


def leaderboard(
    assignment: AssignmentArgument = None,
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            exists=True,
            dir_okay=False,
            help="A text file of those who have agreed to be named: STUDENT, or STUDENT, NAME.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            callback=new_file,
            help="Write to this file. Default: leaderboard/ASSIGNMENT.html.",
        ),
    ] = None,
    course: CourseOption = None,
) -> None:
    """Write the leaderboard of an assignment that measures a score (the capstone).

    The page shows place, score with its standard error, weights and seconds. Everybody is on it
    under a pseudonym, the same every time, that nobody can undo without the course's secret; each
    student finds their own on their feedback page. It needs no other file and may be published.

    Example: [bold]autograder leaderboard 08-capstone --names agreed.txt[/bold]
    """
    from autograder.course.directory import find
    from autograder.steps.leaderboard import leaderboard as write_leaderboard

    home = find(course)
    path = write_leaderboard(home, assignment_of(home, assignment), output, names)
    console.say(f"Leaderboard: {escape(str(path))}")


def verify(assignment: AssignmentArgument = None, course: CourseOption = None) -> None:
    """Compare all that a course holds: does everything say the same?

    Reads what was collected, the submissions, verdicts, autograded notebooks and the gradebook,
    and names whatever does not fit: a verdict on another submission, points in the gradebook
    that the tests did not give, a half-written file. Changes nothing. Without ASSIGNMENT: all.

    Example: [bold]autograder verify[/bold]

    Exit codes: 0 everything agrees; 1 something does not; 2 the gradebook cannot be read.
    """
    from autograder.course.directory import find
    from autograder.steps.verify import verify as compare

    home = find(course)
    done = compare(home, [assignment] if assignment else ())
    if done.writer is not None:
        console.say(f"[yellow]Note:[/yellow] {escape(str(done.writer))} is writing this course now")
    if done.findings:
        rows = [(found.about, found.what, found.todo) for found in done.findings]
        console.table("What does not fit", ("about", "what", "what to do"), rows)
    waiting = f", {done.waiting} not graded yet" if done.waiting else ""
    console.say(
        f"{done.submissions} submissions, {done.verdicts} verdicts{waiting}: "
        f"{len(done.findings) or 'no'} findings"
    )
    raise typer.Exit(1 if done.findings else 0)

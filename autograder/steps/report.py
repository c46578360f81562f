"""The class report: how the marks are spread, which check is hard, who needs a word.

A folder of plain pages that need no network and no server: a front page, the table of students, a
page for each student and each check, and the bugs by name. Marks are the gradebook's; the checks
and their messages are the verdicts'.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from autograder.course.directory import Course
from autograder.course.files import write_atomically
from autograder.course.moments import lasting, shown
from autograder.errors import AutograderError
from autograder.steps.feedback import SAYS, other
from autograder.steps.pages import render, script
from autograder.steps.site.bugs import bugs
from autograder.steps.site.front import by_need, front, row
from autograder.steps.site.people import Class, Person, gather
from autograder.steps.site.rates import rates
from autograder.steps.site.spread import Summary

MARKER = ".autograder-report"  # lies in every folder that a report was written to
PAGES = (("index.html", "Class"), ("students.html", "Students"), ("bugs.html", "Bugs"))
HIDDEN = "-pseudonyms"  # ends the name of the folder that holds no names


def report(
    course: Course, assignment: str, output: Path | None = None, *, pseudonyms: bool = False
) -> Path:
    """Write the report of one assignment into a folder and return the path of its front page.

    Raises AutograderError when the folder holds something else.
    """
    course.require_released(assignment)
    folder = output or course.report(assignment).parent
    if pseudonyms and output is None:
        folder = folder.with_name(folder.name + HIDDEN)
    write(course, gather(course, assignment, pseudonyms=pseudonyms), folder)
    return folder / "index.html"


def report_all(course: Course, *, pseudonyms: bool = False) -> Path:
    """Write the reports of all assignments that are released, and a page that leads to them."""
    suffix, rows = HIDDEN if pseudonyms else "", []
    for assignment in course.released():
        found = gather(course, assignment, pseudonyms=pseudonyms)
        folder = course.report(assignment + suffix).parent
        write(course, found, folder)
        shares = [100 * person.points / (found.max_points or 1) for person in found.people]
        rows.append(
            {
                "assignment": assignment,
                "page": f"{folder.name}/index.html",
                "percent": Summary.of(shares),
                "marked": len(found.people),
                "waiting": len(found.waiting),
                "troubled": sum(bool(person.problems) for person in found.people),
                "hardest": min(rates(found.people), key=lambda rate: rate.percent, default=None),
            }
        )
    target = course.report("any").parent.with_name(f"index{suffix}.html")
    write_atomically(target.with_name("style.css"), _style().encode())
    shared = {"pages": (), "here": "", "up": "", "script_hash": script("site/tables.js")[1]}
    text = render("site/course.html.j2", course=course.settings.course_id, rows=rows, **shared)
    write_atomically(target, text.encode())
    return target


def write(course: Course, found: Class, folder: Path) -> None:
    """Write a report into a folder, its front page last.

    Raises AutograderError when the folder holds something else.
    """
    _claim(folder)
    written = set()
    for name, text in site(found, _way_home(course, folder)):
        write_atomically(folder / name, text.encode())
        written.add(name)
    for kind in ("students", "checks"):
        for page in (folder / kind).glob("*.html"):
            if f"{kind}/{page.name}" not in written:
                page.unlink()  # of somebody who has left, in a report of ours


def site(found: Class, home: str = "") -> Iterator[tuple[str, str]]:
    """Yield every file of a report, its front page last; ``home`` leads to the course's folder."""
    checks = rates(found.people)
    known = bugs((person, *check) for person in found.people for check in person.failed)
    code, digest = script("site/tables.js")
    shared: dict[str, Any] = {
        "assignment": found.assignment,
        "has_pseudonyms": found.has_pseudonyms,
        "pages": PAGES,
        "pages_of": {(rate.part.grade_id, rate.check.name): rate.page for rate in checks},
        "script": code,
        "script_hash": digest,
    }
    top, below = {**shared, "up": ""}, {**shared, "up": "../", "here": ""}
    yield "style.css", _style()
    for person in found.people:
        page = render("site/student.html.j2", **below, **_student(person, home, found.zone))
        yield f"students/{person.file}.html", page
    for rate in checks:
        yield rate.page, render("site/check.html.j2", **below, rate=rate)
    yield "bugs.html", render("site/bugs.html.j2", **top, here="bugs.html", bugs=known)
    rows = [row(person) for person in by_need(found.people)]
    without = [(name, "no mark yet") for name in found.waiting]
    without += [(name, "not handed in") for name in found.missing]
    page = render("site/students.html.j2", **top, here="students.html", rows=rows, without=without)
    yield "students.html", page
    values = {"people": found.people, "rates": checks, "bugs": known, **front(found)}
    yield "index.html", render("site/index.html.j2", **top, here="index.html", **values)


def _student(person: Person, home: str, zone: str) -> dict[str, Any]:
    verdict, score = person.verdict, person.score
    tested = {part.grade_id for part in verdict.parts}
    by_hand = {each.grade_id: each for each in verdict.by_hand}
    names = {cell.cell_id: cell.name or cell.cell_id for cell in verdict.cells}
    names |= {name: each.title for name, each in by_hand.items()}
    feedback = f"../{home}{person.feedback}" if home and person.feedback else ""
    return {
        "person": person,
        "score": score,
        "facts": list(_facts(person, zone)),
        "feedback": feedback,
        "comments": [(names.get(cell, cell), text) for cell, text in score.comments.items()],
        "parts": [
            (part, score.parts[part.grade_id], person.visible.get(part.grade_id))
            for part in verdict.parts
        ],
        "others": [
            other(names.get(name, name), part, "", by_hand.get(name))
            for name, part in score.parts.items()
            if name not in tested
        ],
        "ran": sum(cell.status == "ok" for cell in verdict.cells),
        "cells": [(cell, SAYS[cell.status]) for cell in verdict.cells if cell.status != "ok"],
    }


def _facts(person: Person, zone: str) -> Iterator[tuple[str, str]]:
    """Yield what is known of a submission besides its points, each with its name."""
    verdict, score, entry = person.verdict, person.score, person.entry
    if person.listed is not None:
        yield "On the roster", ", ".join([person.listed.name, *person.listed.sections])
    if score.timestamp is not None:
        late = f", {lasting(timedelta(seconds=score.late_s))} late" if score.late_s else ""
        due = f" (due {shown(score.due, zone)})" if score.due else ""
        yield "Handed in", f"{shown(score.timestamp, zone)}{due}{late}"
    if score.penalty:
        yield "Taken off for lateness", f"{score.penalty:.4g} points"
    if score.needs_manual_grade:
        yield "Still to do", "a cell waits to be marked by hand"
    if entry is not None:
        yield "Collected from", " in ".join(filter(None, [entry.file, entry.source]))
        if entry.original != person.name:
            yield "Name there", entry.original
    if person.measured:
        yield "For the leaderboard", person.measured
    yield "Judging took", f"{verdict.seconds:.1f} s, isolation {verdict.isolation}"
    if verdict.regraded:
        yield "Judged again by themselves", ", ".join(verdict.regraded)


def _style() -> str:
    return render("style.css") + render("site/site.css")


def _way_home(course: Course, folder: Path) -> str:
    """Return the way from a report to the course, where it lies in the course; or nothing."""
    try:
        folder.resolve().relative_to(course.root.resolve())
    except ValueError:
        return ""
    return f"{os.path.relpath(course.root.resolve(), folder.resolve())}/"


def _claim(folder: Path) -> None:
    """Make the folder a report's; refuse one that holds other files."""
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free and not (folder / MARKER).is_file():
        raise AutograderError(
            "the folder holds files that are no report's" if folder.is_dir() else "a file is there",
            str(folder),
            "Name a new or an empty folder, or one that a report was written to.",
        )
    write_atomically(folder / MARKER, b"This folder is written by `autograder report`.\n")

"""The marking guide of an assignment: what each hidden check examines, and which bugs it is for.

    python -m samples.guide _build/guides

writes one page of Markdown for each assignment, from the hidden suite (parts, checks, points) and
from the wrong versions that hold the suite to its purpose (the bug, the check meant for it, what it
costs). For instructors: it says what hidden tests look at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.checks import Suite
from autograder.judge.weights import suite_for
from autograder.notebooks.outline import part_titles
from samples.assignments import Assignment, assignments
from samples.corpus import Version


def guide(assignment: Assignment) -> str:
    """Return the marking guide of an assignment, as Markdown."""
    notebook = assignment.notebook
    suite = suite_for(assignment.suite.name, notebook, {})
    titles = part_titles(notebook)
    total = sum(suite.points(part) for part in suite.grade_ids if part not in suite.optional)
    lines = [
        f"# Marking guide: {assignment.name}",
        "",
        f"{total:g} points. For instructors only: it says what the hidden checks look at. A check "
        "passes or fails. After each check stand the bugs it is meant for, and what each of them "
        "costs in all.",
    ]
    for grade_id, title in titles.items():  # in the notebook's order
        optional = ", optional" if grade_id in suite.optional else ""
        lines += ["", f"## {title} ({suite.points(grade_id):g} points{optional})"]
        for check in suite.checks_for(grade_id):
            lines += ["", f"**{check.points:g}: {check.title}.**", ""]
            lines += bugs([each for each in assignment.wrong if check.name in each.says], suite)
    return "\n".join(lines) + "\n"


def bugs(meant: list[Version], suite: Suite) -> Iterator[str]:
    """Yield a line for each bug that a check is meant for."""
    points = {check.name: check.points for check in suite.checks}
    for version in meant:
        cost = sum(points[name] for names in version.breaks.values() for name in names)
        about = " ".join(version.about.split()).rstrip(".")
        yield f"- {about}: −{cost:g}"
    if not meant:
        yield "- (no bug of the corpus is meant for it)"


def main(folder: Path) -> None:
    """Write the guide of every assignment into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for assignment in assignments():
        path = folder / assignment.path.name
        path.write_text(guide(assignment), encoding="utf-8")
        print(f"marking guide: {path}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

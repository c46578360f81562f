"""The marked regions of a cell's text: what students write, and what they never see.

``### BEGIN SOLUTION`` / ``### END SOLUTION`` stand around what nbgrader takes out of a released
notebook, ``### BEGIN HIDDEN TESTS`` / ``### END HIDDEN TESTS`` around the checks of a graded cell.
"""

from __future__ import annotations

from autograder.errors import AutograderError

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def split_regions(text: str, where: str) -> tuple[list[str], list[str]]:
    """Split text into (visible lines, lines inside solution regions); markers are in neither."""
    visible: list[str] = []
    inside: list[str] = []
    is_open = False
    for line in text.splitlines():
        if BEGIN in line or END in line:
            if is_open == (BEGIN in line):
                raise AutograderError(
                    f"unbalanced solution markers at {line.strip()!r}",
                    where,
                    f"Write one '### {BEGIN}' and one '### {END}' per region; do not nest them.",
                )
            is_open = BEGIN in line
        else:
            (inside if is_open else visible).append(line)
    if is_open:
        raise AutograderError("a solution region is not closed", where, f"Add '### {END}'.")
    return visible, inside


def without_hidden(text: str, where: str = "") -> str:
    """The text without its hidden regions."""
    kept: list[str] = []
    hidden = False
    for line in text.splitlines():
        if line.strip() in (BEGIN_HIDDEN, END_HIDDEN):
            if hidden == (line.strip() == BEGIN_HIDDEN):
                raise AutograderError(
                    "hidden regions do not open and close in turn",
                    f"cell {where}",
                    f"Write {BEGIN_HIDDEN} and {END_HIDDEN} in pairs.",
                )
            hidden = not hidden
        elif not hidden:
            kept.append(line)
    if hidden:
        raise AutograderError("a hidden region never ends", f"cell {where}", f"Add {END_HIDDEN}.")
    return "\n".join(kept)

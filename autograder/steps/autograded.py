"""The autograded notebook: the student's answers in the instructor's frame, with the results.

This is what formgrader and ``nbgrader generate_feedback`` display. The frame is the released
notebook, so no hidden line can be in it. Everything from the student is put in as code or as
plain text, never as markup that a browser would run. Of what a cell that a person marks had shown
when it was handed in, text and PNG pictures come along (`notebooks/pictures.py`).
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.notebooks.marks import (
    answers_of,
    cells_of,
    grade_id_of,
    is_by_hand,
    is_code,
    is_solution,
)
from autograder.notebooks.outline import cell_key
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict

HANDED_IN = "What this cell showed when it was handed in, and nobody has checked:\n"
NOT_RUN = "This cell is not one of the assignment's. It was not run."


def graded_notebook(
    released: NotebookNode, submission: NotebookNode | None, verdict: Verdict
) -> NotebookNode:
    """Return the notebook to display for a verdict; ``submission`` None means unreadable."""
    graded = nbformat.from_dict(released)
    answers = answers_of(submission) if submission is not None else {}
    texts = answers_of(submission, "markdown") if submission is not None else {}
    showed = _showed(submission)
    ran = {result.cell_id: result for result in verdict.cells}
    parts = {part.grade_id: part for part in verdict.parts}
    extras = _extra_cells(released, submission) if submission is not None else {}
    cells = [_summary(verdict), *extras.get("", [])]
    for number, cell in enumerate(graded.cells, 1):
        grade_id = grade_id_of(cell)
        if is_solution(cell) and is_code(cell):
            cell.source = answers.get(grade_id, "# This cell is missing from the submission.")
        elif is_solution(cell):
            cell.source = _written(cell.source, texts.get(grade_id))
        if cell.cell_type == "code":
            cell.outputs = list(_outputs(ran.get(cell_key(cell, number))))
        if is_by_hand(cell) and is_code(cell) and showed.get(grade_id):
            said = nbformat.v4.new_output("stream", name="stdout", text=HANDED_IN)
            cell.outputs += [said, *showed[grade_id]]
        if grade_id in parts:
            cell.outputs = part_outputs(parts[grade_id])
        cells += [cell, *extras.get(cell.id, [])]
    graded.cells = cells
    return graded


def part_outputs(part: PartResult) -> list[NotebookNode]:
    """Return the outputs of a graded cell: a table to read, and the points as nbgrader reads them.

    nbgrader takes the mark from an ``execute_result`` whose text is a number, so a run of its
    own machinery over this notebook finds the judge's points.
    """
    rows = "".join(
        f"<tr><td>{'✓' if check.passed else '✗'}</td><td>{html.escape(check.title)}</td>"
        f"<td>{check.points:g} / {check.max_points:g}</td>"
        f"<td>{'<br>'.join(map(html.escape, _told(check)))}</td></tr>"
        for check in part.checks
    )
    head = "<tr><th></th><th>check</th><th>points</th><th>message</th></tr>"
    text = "\n".join(
        f"{'pass' if check.passed else 'FAIL'}  {check.points:g}/{check.max_points:g}  "
        f"{': '.join([check.title, *_told(check)[:1]])}"
        + "".join(f"\n      {line}" for line in _told(check)[1:])
        for check in part.checks
    )
    table = {"text/html": f"<table>{head}{rows}</table>", "text/plain": text}
    return [
        nbformat.v4.new_output("display_data", data=table),
        nbformat.v4.new_output(
            "execute_result", data={"text/plain": repr(float(part.points))}, execution_count=1
        ),
    ]


def _told(check: CheckResult) -> list[str]:
    """Return what a student reads of a check, line by line; nothing of one that passed."""
    asked = f"Asked: {check.examined}" if check.examined else ""
    came_back = f"Came back: {check.came_back}" if check.came_back else ""
    look = f"Where to look: {check.help}" if check.help else ""
    return [line for line in (check.message, asked, came_back, look) if line]


def shown_points(cell: NotebookNode) -> float | None:
    """Return the points that a graded cell shows, as nbgrader reads them; None for no points."""
    for output in reversed(cell.get("outputs", [])):
        if output.get("output_type") == "execute_result":
            try:
                return float(output["data"]["text/plain"])
            except (KeyError, TypeError, ValueError):
                return None
    return None


def _outputs(result: CellResult | None) -> Iterable[NotebookNode]:
    if result is None:
        return
    if result.stdout:
        yield nbformat.v4.new_output("stream", name="stdout", text=result.stdout)
    if result.status != "ok":
        lines = (result.error or f"The cell did not finish: {result.status}.").splitlines()
        name, _, value = lines[-1].partition(": ")
        yield nbformat.v4.new_output("error", ename=name, evalue=value, traceback=lines)


def _summary(verdict: Verdict) -> NotebookNode:
    """Return the cell at the top: what was wrong with the submission as a whole."""
    problems = "".join(f"<li>{_one_line(problem)}</li>" for problem in verdict.problems)
    isolation = (
        "in a sandbox" if verdict.isolation != "none" else "<strong>without isolation</strong>"
    )
    more = sum(each.max_points for each in verdict.by_hand if not each.optional)
    hand = f" {more:g} more are given by hand." if more else ""
    text = (
        f"<p><strong>{verdict.points:g} of {verdict.max_points:g} points</strong>, "
        f"judged {isolation}.{hand}</p>" + (f"<ul>{problems}</ul>" if problems else "")
    )
    return _cell("markdown", "verdict", text)


def _one_line(text: str) -> str:
    # A blank line would end the HTML block, and Markdown would be read in what follows.
    return html.escape(" ".join(text.split()))


def _extra_cells(released: NotebookNode, submission: NotebookNode) -> dict[str, list[NotebookNode]]:
    """Return the cells a student added, by the id of the released cell they stand after."""
    by_grade_id = {grade_id_of(cell): cell.id for cell in released.cells if grade_id_of(cell)}
    by_source = {cell.source.strip(): cell.id for cell in released.cells}
    anchor = ""
    extras: dict[str, list[NotebookNode]] = {}
    for number, cell in enumerate(submission.cells, 1):
        known = by_grade_id.get(grade_id_of(cell)) or by_source.get(cell.source.strip())
        if known:
            anchor = known
        elif cell.source.strip():
            extras.setdefault(anchor, []).append(_extra(cell, number))
    return extras


def _extra(cell: NotebookNode, number: int) -> NotebookNode:
    if cell.cell_type == "code":
        shown = _cell("code", f"added-{number}", cell.source)
        shown.outputs = [nbformat.v4.new_output("stream", name="stdout", text=NOT_RUN)]
        return shown
    return _cell(
        "markdown", f"added-{number}", _quoted("A text cell of the student's:", cell.source)
    )


def _showed(submission: NotebookNode | None) -> dict[str, list[NotebookNode]]:
    """Return what the cells of a submission had shown, by grade_id; of copies the first one's."""
    found: dict[str, list[NotebookNode]] = {}
    for cell in reversed(cells_of(submission)):
        if is_code(cell) and cell.get("outputs"):
            found[grade_id_of(cell)] = cell["outputs"]
    return found


def _written(stub: str, text: str | None) -> str:
    """Return how an answer in words is shown; nbgrader knows an open one by its stub."""
    if text is None:
        return "*This answer is missing from the submission.*"
    return stub if text.strip() == stub.strip() else _quoted("As the student wrote it:", text)


def _quoted(above: str, text: str) -> str:
    """Return text of a student's as one line of HTML in which nothing of it is markup.

    Every sign that HTML, Markdown or TeX might read stands as a number, and MathJax leaves a
    ``pre`` alone.
    """
    signs = "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text)
    return f'<p>{above}</p><pre class="tex2jax_ignore" style="white-space: pre-wrap">{signs}</pre>'


def _cell(kind: str, cell_id: str, source: str) -> NotebookNode:
    cell: dict[str, Any] = {"id": cell_id, "cell_type": kind, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return nbformat.from_dict(cell)

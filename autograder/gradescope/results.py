"""Gradescope's results.json of one submission.

It shows what a feedback page shows: checks by name, what each is worth and its message. Nothing of
a hidden test stands in it. Texts come from students' code in part, so they are plain text.
"""

from __future__ import annotations

from typing import Any

from autograder.verdict import CheckResult, PartResult, Verdict

MAX_TEXT = 10_000  # characters of one message


def results(verdict: Verdict, points: float | None = None, penalty: float = 0.0) -> dict[str, Any]:
    """Return the document; ``points`` are the gradebook's where it has any, or else the tests'."""
    number = 0
    tests = []
    for place, part in enumerate(verdict.parts, 1):
        for check in part.checks:
            number += 1
            tests.append(_test(part, check, f"{place}.{number}"))
    content: dict[str, Any] = {
        "score": round(verdict.points if points is None else points, 9),
        "execution_time": round(verdict.seconds, 2),
        "output": _about(verdict, penalty),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {"isolation": verdict.isolation, "submission": verdict.submission},
    }
    if verdict.measured:
        content["leaderboard"] = [
            {"name": name, "value": value, "order": "desc" if name == "score" else "asc"}
            for name, value in verdict.measured.items()
        ]
    return content


def _test(part: PartResult, check: CheckResult, number: str) -> dict[str, Any]:
    optional = " (optional)" if part.optional else ""
    return {
        "name": f"{part.title}{optional}: {check.title}"[:MAX_TEXT],
        "number": number,
        "score": check.points,
        "max_score": 0 if part.optional else check.max_points,
        "status": "passed" if check.passed else "failed",
        "output": check.message[:MAX_TEXT],
        "output_format": "text",
        "visibility": "visible",
    }


def _about(verdict: Verdict, penalty: float) -> str:
    lines = [*verdict.problems]
    if penalty:
        lines.append(f"Handing in late took off {penalty:g} points.")
    if more := sum(each.max_points for each in verdict.by_hand):
        lines.append(f"A person marks the rest: {more:g} points.")
    errors = [cell for cell in verdict.cells if cell.status != "ok"]
    lines += [f"{cell.name or cell.cell_id}: {cell.error or cell.status}" for cell in errors]
    lines.append(f"Judged with isolation: {verdict.isolation}.")
    return "\n".join(lines)[: 2 * MAX_TEXT]

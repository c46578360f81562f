"""A class for reports: people with the checks they failed, as verdicts and scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from autograder.steps.site.people import Class, Person
from autograder.verdict import CellResult, CheckResult, PartResult, Verdict
from tests.autograder.scored import scored

CHECKS = {"double-tests": ("doubles", "keeps"), "norm-tests": ("euclidean",)}
WORTH = 2.0  # points of every check


def someone(
    name: str,
    failed: Mapping[str, str] | None = None,
    *,
    visible: Mapping[str, str] | None = None,
    problems: tuple[str, ...] = (),
    seconds: float = 1.0,
    score: Mapping[str, Any] | None = None,
) -> Person:
    """Return a student who failed these checks (name -> message).

    `visible` gives the status of graded cells, by id; `score` is put into the gradebook's score.
    """
    wrong = failed or {}
    parts = [
        PartResult(
            part,
            WORTH * len(names),
            [
                CheckResult(
                    c, f"title of {c}", 0.0 if c in wrong else WORTH, WORTH, wrong.get(c, "")
                )
                for c in names
            ],
            f"Part {number}",
        )
        for number, (part, names) in enumerate(CHECKS.items(), 1)
    ]
    cells = [CellResult(cell, status) for cell, status in (visible or {}).items()]  # type: ignore[arg-type]
    verdict = Verdict(
        *("a1", name, "bwrap", 0, "f"), parts, cells, list(problems), seconds, measured={}
    )
    return Person(verdict, replace(scored(verdict), **(score or {})), name, name)


def class_of(*people: Person, **more: Any) -> Class:
    return Class("a1", list(people), more.pop("waiting", []), more.pop("refused", []), **more)

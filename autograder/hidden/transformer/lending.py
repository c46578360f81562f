"""A part that is made of earlier parts: with the student's pieces, or with those lent to them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TypeVar

from autograder.checks import CheckFailure, Student

Pieces = TypeVar("Pieces")


def over_either(
    student: Student,
    run: Callable[[Pieces], None],
    own: Pieces,
    lent: Pieces,
    sources: Mapping[str, str],
) -> None:
    """Pass when `run` passes with the student's pieces, which `own` computes, or with ours.

    `sources` defines ours, by name, for the student's side; `lent` computes what they do. What is
    said is what was wrong with the student's own.
    """
    try:
        run(own)
    except CheckFailure as failure:
        if not student.alive:
            raise
        try:
            with contextlib.ExitStack() as lending:
                for name, source in sources.items():
                    lending.enter_context(student.lent(name, source))
                run(lent)
        except CheckFailure:
            raise failure from None

"""Pieces of ours in the place of the student's, while a check looks at what is made of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import torch

from autograder.checks import CheckFailure, Student

Pieces = TypeVar("Pieces")
Check = Callable[[Student, torch.Generator], Any]


@contextlib.contextmanager
def lending(student: Student, sources: Mapping[str, str]) -> Iterator[None]:
    """Lend several pieces at once; each may use those before it."""
    with contextlib.ExitStack() as stack:
        for name, source in sources.items():
            stack.enter_context(student.lent(name, source))
        yield


def defined(source: str, name: str) -> Any:
    """What a lent source defines, on our side: it says itself what it computes."""
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace[name]


def fails(student: Student, rng: torch.Generator, *checks: Check) -> bool:
    """Whether the student's pieces fail one of these checks."""
    for check in checks:
        try:
            check(student, rng)
        except CheckFailure:
            return True
    return False


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
            with lending(student, sources):
                run(lent)
        except CheckFailure:
            raise failure from None

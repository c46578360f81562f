"""Entries of the capstone are trained by a short recipe here; one test runs the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.hidden.capstone.entry import SHORT, grading


@pytest.fixture(autouse=True)
def short_training() -> Iterator[None]:
    token = grading.set(SHORT)
    yield
    grading.reset(token)

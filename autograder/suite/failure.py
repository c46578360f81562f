"""How a hidden check says no."""

from __future__ import annotations


class CheckFailure(AssertionError):
    """The student's work did not pass; the message is for the student."""


class MissingName(CheckFailure, AttributeError):
    """Something the student should have defined is not there; `hasattr` understands it."""

"""The suite that the parts of assignment 3 add their checks to, and what it refuses."""

from __future__ import annotations

from autograder.checks import Suite
from autograder.hidden.shared.refused import RECURRENT

suite = Suite("gates", refuse=RECURRENT)

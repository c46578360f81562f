"""The suite that the parts of assignment 2 add their checks to, and what it refuses."""

from __future__ import annotations

from autograder.checks import Suite
from autograder.hidden.shared.refused import DIFFERENTIATION, RECURRENT

suite = Suite("carousel", refuse=[*RECURRENT, *DIFFERENTIATION])

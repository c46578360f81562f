"""The suite that the parts of assignment 1 add their checks to, and what it refuses."""

from __future__ import annotations

from autograder.checks import Suite
from autograder.hidden.shared.refused import CLIPPING, DIFFERENTIATION, RECURRENT

suite = Suite("rnn_limits", refuse=[*RECURRENT, *DIFFERENTIATION, *CLIPPING])

"""Hidden tests of assignment 8, the capstone: a layer of one's own design, under budgets.

suite          the suite, and what is refused
pupil          the student's layer as the recipe sees it: every answer checked for its form
streaming      the laws of a layer that nobody has an oracle for: it must agree with itself
entry          trained once for all checks: score, weights, seconds
references     what the weak, the good and the strong entry score (written by a program)
marks          budgets and rungs: what an entry is worth
"""

from autograder.hidden.capstone import marks, streaming
from autograder.hidden.capstone.suite import suite

__all__ = ["marks", "streaming", "suite"]

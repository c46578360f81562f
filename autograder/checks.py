"""What a module of hidden tests is written with, and what the hidden region of a notebook calls.

Released and assembled notebooks and the hidden tests of instructors import these names from here,
so this path stays, and so does what the names mean (docs/own-assignment.md); the code is in
``autograder/suite/``.
"""

from autograder.errors import CheckFailure
from autograder.suite.examine import examine
from autograder.suite.expect import (
    expect,
    expect_close,
    expect_gradcheck,
    expect_shape,
    expect_type,
)
from autograder.suite.kernel import run_in_kernel
from autograder.suite.record import Record
from autograder.suite.student import Remote, Student
from autograder.suite.suite import Check, Suite, load_suite

__all__ = [
    "Check",
    "CheckFailure",
    "Record",
    "Remote",
    "Student",
    "Suite",
    "examine",
    "expect",
    "expect_close",
    "expect_gradcheck",
    "expect_shape",
    "expect_type",
    "load_suite",
    "run_in_kernel",
]

"""Everything that can go wrong, and whom it is told.

Exception
├── AutograderError        a user can put it right: shown as what, where, what to do
│   ├── NowhereToJudge       no worker can judge, or none any more: no submission is to blame
│   └── NotWhole             a student's file is no notebook now: perhaps it is just being saved
├── Unreadable             a submitted file is no notebook: told to its author, zero points
├── TransportError         a student's process gave no proper answer: costs a check or a cell
│   ├── StudentTimeout       none in time
│   ├── StudentDied          it ended
│   └── MalformedReply       not one that the protocol allows
├── AssertionError
│   └── CheckFailure       a hidden check says no: its text is for the student
│       └── MissingName      what should be defined is not; also an AttributeError
└── ValueError
    └── WireError          a value that cannot cross; lives in inside/values.py, because
                           nothing else of ours exists in the sandbox
"""

from __future__ import annotations


class AutograderError(Exception):
    """A problem with the input or the machine, worded for the person at the keyboard."""

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(" ".join(part for part in (what, where and f"({where})", todo) if part))


class NowhereToJudge(AutograderError):
    """There is no place to judge, or none any more; what is left waits for the next run."""


class NotWhole(AutograderError):
    """The file is no notebook, or cannot be read: perhaps because it is just being written."""


class Unreadable(Exception):
    """The file is not a notebook; the text says why, worded for the student."""


class TransportError(Exception):
    """The student's side did not give a proper answer."""


class StudentTimeout(TransportError):
    """No answer in time; the process was killed."""


class StudentDied(TransportError):
    """The process ended while an answer was due."""


class MalformedReply(TransportError):
    """The answer was not one the protocol allows; the process was killed."""


class CheckFailure(AssertionError):
    """The student's work did not pass; the message is for the student.

    ``answer`` is the value that was looked at, and ``came_back`` says what is wrong with it in
    numbers that may be told.
    """

    def __init__(self, message: str = "", *, answer: object = None, came_back: str = "") -> None:
        super().__init__(message)
        self.answer, self.came_back = answer, came_back


class MissingName(CheckFailure, AttributeError):
    """Something the student should have defined is not there; `hasattr` understands it."""

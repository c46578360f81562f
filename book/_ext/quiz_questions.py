"""Questions of a quiz, as they stand in ``book/quizzes/NAME.yaml``, checked when they are read.

A file is a list. A question with choices has exactly one that is right, and every choice says
why. A question for a number says how near an answer must come, why it is right, and what to tell
someone who is wrong; typical mistakes can have a reason of their own. A number is arithmetic
("1.3 ** 60") or ``measured``: the glue key of a number that the page itself measures.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from pathlib import Path

import msgspec

FEWEST, MOST = 5, 8
OPERATIONS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
}


class QuizError(Exception):
    """A quiz that cannot be shown: which file and question, what is wrong, what to do."""


class Choice(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One answer to choose, and why it is right or wrong."""

    text: str
    because: str
    right: bool = False


class Mistake(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A number that people get when they take a known wrong turn."""

    because: str
    number: str | float | None = None
    measured: str | None = None


class Question(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A question with choices, or one for a number within ``tolerance`` (0.05 is 5 %)."""

    question: str
    choices: tuple[Choice, ...] = ()
    number: str | float | None = None
    measured: str | None = None
    tolerance: float | None = None
    because: str | None = None
    otherwise: str | None = None
    mistakes: tuple[Mistake, ...] = ()

    def problem(self) -> str | None:
        """Return what is wrong with the question, or None."""
        if self.choices:
            right = sum(choice.right for choice in self.choices)
            if right != 1 or len(self.choices) < 2:
                return f"{right} of {len(self.choices)} choices are right; one of two or more is"
            if any(not choice.because.strip() for choice in self.choices):
                return "every choice needs a `because`, the wrong ones above all"
            if any(v is not None for v in (self.number, self.measured, self.tolerance)):
                return "it has choices and a number; keep one of the two"
            return None
        if (self.number is None) == (self.measured is None):
            return "it needs `choices`, or a `number`, or the glue key of a `measured` number"
        if self.tolerance is None or not 0 < self.tolerance < 1:
            return "a number needs a `tolerance` above 0 and below 1 (0.05 accepts 5 % off)"
        if not self.because or not self.otherwise:
            return "a number needs `because` (why it is right) and `otherwise` (for wrong answers)"
        for mistake in self.mistakes:
            if (mistake.number is None) == (mistake.measured is None):
                return "every mistake needs a `number` or a `measured` one"
            if not mistake.because.strip():
                return "every mistake needs a `because`"
        return None


def load(path: Path) -> tuple[Question, ...]:
    """Read and check the questions of one file. Raises QuizError that says what to mend."""
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none yet"
        raise QuizError(f"there is no {path.name} in {path.parent.name}/; there are: {known}")
    try:
        questions = msgspec.yaml.decode(path.read_bytes(), type=tuple[Question, ...])
    except msgspec.MsgspecError as error:  # its text says where: `$[2].choices[0]`
        raise QuizError(f"{path.name}: {error} (questions count from 0)") from error
    if not FEWEST <= len(questions) <= MOST:
        raise QuizError(
            f"{path.name}: a self-check has {FEWEST} to {MOST} questions, not {len(questions)}"
        )
    for i, question in enumerate(questions, 1):
        if (problem := question.problem()) is not None:
            raise QuizError(f"{path.name}, question {i}: {problem}")
        for part in (question, *question.mistakes):
            if part.number is not None:
                try:
                    compute(part.number)
                except (ValueError, SyntaxError, ArithmeticError) as error:
                    raise QuizError(f"{path.name}, question {i}: {error}") from error
    return questions


def compute(number: str | float) -> float:
    """Return the value of a number or of arithmetic like "10 ** (-1 / 100)"."""

    def value(node: ast.AST) -> float:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.UnaryOp) and type(node.op) in OPERATIONS:
            return OPERATIONS[type(node.op)](value(node.operand))
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
            return OPERATIONS[type(node.op)](value(node.left), value(node.right))
        raise ValueError(f"{number!r} is not arithmetic with numbers, + - * / ** and brackets")

    result = value(ast.parse(str(number).strip(), mode="eval").body)
    if not math.isfinite(result):
        raise ValueError(f"{number!r} is no finite number")
    return result

"""The student's layer as the recipe sees it: every answer checked for its form."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from autograder.checks import CheckFailure, Remote, Student, expect, expect_shape, expect_type
from autograder.hidden.capstone.forms import WANTED, State, as_state
from autograder.recipes.training import FEATURES

NAME = "MyLayer"


class Pupil:
    """A fresh layer of the student's. Raises CheckFailure for whatever is no layer."""

    def __init__(self, student: Student) -> None:
        self.student = student
        self.module: Remote = getattr(student, NAME)(FEATURES)
        expect_type(self.module, Remote, what=f"{NAME}({FEATURES})")

    # --- the three methods ---

    def initial_state(self, batch: int) -> State:
        return self._state(self.module.initial_state(batch), "initial_state", batch)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self._answer(self.module.step(x, state.given), "step", x)

    def __call__(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        answer = self.module(x) if state is None else self.module(x, state.given)
        return self._answer(answer, "forward", x)

    # --- its weights ---

    def state_dict(self) -> dict[str, Tensor]:
        return self.module.state_dict()

    def load_state_dict(self, weights: dict[str, Tensor]) -> None:
        self.module.load_state_dict(weights)

    def zero_grad(self) -> None:
        self.module.zero_grad()

    def gradients(self) -> dict[str, Tensor | None]:
        return self.module.grads()

    def double(self) -> Pupil:
        self.module.double()
        return self

    # --- what an answer must look like ---

    def _answer(self, answer: Any, method: str, x: Tensor) -> tuple[Tensor, State]:
        what = f"{NAME}.{method}"
        is_pair = isinstance(answer, tuple) and len(answer) == 2 and not hasattr(answer, "_fields")
        expect(is_pair, f"{what} should return a pair: the output and the new state")
        output, state = answer
        expect_type(output, Tensor, what=f"the output of {what}")
        expect_shape(output, x.shape, what=f"the output of {what}")
        expect(
            output.dtype == x.dtype, f"{what} should answer in the dtype of its input, {x.dtype}"
        )
        return output, self._state(state, method, len(x))

    def _state(self, given: Any, method: str, batch: int) -> State:
        what = f"the state that {NAME}.{method} returns"
        state = as_state(given, batch)
        if state is None:
            raise CheckFailure(f"{what} {WANTED}")
        for number, part in enumerate(state.parts):
            expect(
                part.shape[0] == batch,
                f"entry {number} of {what} has shape {tuple(part.shape)}; the batch, {batch}, "
                "comes first in each",
            )
        return state

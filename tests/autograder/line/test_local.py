"""The line that leads nowhere keeps the student's switches apart from the judge's."""

from __future__ import annotations

import torch

from autograder.inside import wire
from autograder.line.local import LocalTransport

OFF = "torch.set_grad_enabled(False)"
ASK = "assert torch.is_grad_enabled()"


def failure(line: LocalTransport, source: str) -> str:
    body, _ = line.request(wire.Exec("cell", f"import torch\n{source}"), timeout=1.0)
    return body.kind if isinstance(body, wire.Failure) else ""


def test_gradients_that_a_cell_turns_off_stay_off_there_and_on_here() -> None:
    line = LocalTransport()
    assert failure(line, OFF) == ""
    assert torch.is_grad_enabled()
    assert failure(line, ASK) == "AssertionError"


def test_gradients_that_are_off_here_are_on_there() -> None:
    with torch.no_grad():
        assert failure(LocalTransport(), ASK) == ""
        assert not torch.is_grad_enabled()

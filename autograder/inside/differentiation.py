"""Notices that student code let PyTorch differentiate, whatever the name it was reached by.

Two counters of PyTorch's own, which only go up, tell: every backward pass of the engine has a
number, and so has every node of a graph that a thread makes. A call that the judge makes without
gradients needs neither. (Forward mode goes through an operator, which the guard replaces.)

This file also runs beside student code, so it imports nothing but the standard library and torch.
"""

from __future__ import annotations

import torch

_engine = torch.autograd.Variable._execution_engine
_pass_number = torch._C._current_graph_task_id
_nodes = torch._C._autograd._get_sequence_nr


def vector_jacobian(
    outputs: list[torch.Tensor], cotangents: list[torch.Tensor], leaves: list[torch.Tensor]
) -> list[torch.Tensor | None]:
    """The gradients by the leaves; None where an output does not depend on one. Keeps the graph.

    Straight to the engine: a suite may refuse torch.autograd.grad to student code, and the judge's
    backward pass goes through here all the same.
    """
    found = _engine.run_backward(
        tuple(outputs), tuple(cotangents), True, False, tuple(leaves), True, accumulate_grad=False
    )
    return list(found)


class Watch:
    """Counts backward passes and nodes from one request to the next."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        with torch.enable_grad():
            self._leaf = torch.zeros((), requires_grad=True)
            self._root = self._leaf * 1.0
        self._root.register_hook(lambda grad: self._numbers.append(_pass_number()))
        self._one = torch.ones(())
        self.settle()

    def settle(self) -> None:
        """Whatever has run so far was allowed."""
        self._passes = self._passes_so_far()
        self.settle_nodes()

    def settle_nodes(self) -> None:
        """Whatever was made so far was allowed; whether a pass has run is asked later."""
        self._made = _nodes()

    def used(self, *, graph: bool) -> bool:
        """Whether a backward pass has run since; or, where no `graph` is due, one was made."""
        passes, made = self._passes, self._made
        self.settle()
        return self._passes > passes + 1 or (not graph and self._made != made)

    def _passes_so_far(self) -> int:
        """Run a pass of our own and return its number."""
        vector_jacobian([self._root], [self._one], [self._leaf])
        return self._numbers.pop()

"""How many numbers an algorithm keeps while it learns from one sequence."""

from __future__ import annotations


def numbers_kept(algorithm: str, inputs: int, hidden: int, time: int, window: int) -> int:
    """Count what ``algorithm`` holds at its fullest, beyond the weights and their gradient.

    For one sequence of ``time`` tokens with ``inputs`` numbers each:

    - "full", back-propagation through a tanh layer of ``hidden`` units: every token read, every
      state reached and the state it began with;
    - "windows", the same within windows of at most ``window`` steps;
    - "rtrl", for the same layer: h and P, as one step hands them to the next;
    - "traces", for ``hidden`` memory cells under the rule of 1997: s, y and the two traces, as
      one step hands them to the next.

    Raises ValueError for another algorithm.
    """
    ### BEGIN SOLUTION
    if algorithm in ("full", "windows"):
        steps = time if algorithm == "full" else min(window, time)
        return steps * inputs + (steps + 1) * hidden
    if algorithm == "rtrl":
        return hidden + hidden * hidden * (inputs + hidden + 1)
    if algorithm == "traces":
        return 4 * hidden + 2 * hidden * (inputs + 3 * hidden + 1)
    raise ValueError(f"algorithm must be full, windows, rtrl or traces, got {algorithm!r}")
    ### END SOLUTION

"""One mechanism of a step at a time: the mistakes about it are named, those about others pass.

A mistake that is known costs its points once, in the check that is meant for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from autograder.hidden.shared.comparing import alike
from autograder.hidden.shared.tools import Suspects, expect_value


def expect_mechanism(
    found: object,
    wanted: Tensor,
    mistakes: Mapping[str, Suspects],
    mechanisms: tuple[str, ...],
    hint: str,
    what: str,
) -> None:
    """Fail unless a result is right, or wrong by a mistake that belongs to another mechanism.

    `mistakes` holds, for every mechanism, what typical mistakes about it come to.
    """
    suspects = {words: value for name in mechanisms for words, value in mistakes[name].items()}
    if not any(alike(found, value) for value in (wanted, *suspects.values())):
        others = [v for name in mistakes if name not in mechanisms for v in mistakes[name].values()]
        if any(alike(found, value) for value in others):
            return
    expect_value(found, wanted, suspects, hint, what=what)

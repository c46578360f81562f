"""Compiled kernels lie in one place, whoever imports numba first."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("order", ["experiments, numba", "numba, experiments"])
def test_kernels_are_kept_for_exactly_this_code(order: str) -> None:
    """In __pycache__ one would outlive a change of what it calls in another file."""
    ask = (
        f"import {order}; print(numba.config.CACHE_DIR); print(experiments._compiled_code_cache())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", ask],
        env={name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"},
        capture_output=True,
        text=True,
        check=True,
    )
    used, wanted = ended.stdout.splitlines()
    assert used == wanted

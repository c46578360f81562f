"""What both command lines do before anything else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from autograder.commandline import SLOW

ASK = f"""
import importlib
from autograder.commandline import begin

begin()
try:
    importlib.import_module({SLOW!r})
except ImportError:
    print("spared")
"""


def test_jupyters_slowest_import_is_spared(tmp_path: Path) -> None:
    (tmp_path / f"{SLOW}.py").write_text("print('built')")
    ended = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "spared\n"

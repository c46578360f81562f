"""Survivors are found however far they have run away."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import subprocess, sys
from benchmarks.processes import adopt_orphans, kill_survivors, survivors

adopt_orphans()
away = "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(60)"
subprocess.run([sys.executable, "-c", away], check=True)
found = survivors(0.3)
assert len(found) == 1 and "os.setsid" in found[0], found
kill_survivors()
assert survivors(5) == []
"""


def test_an_orphan_in_a_session_of_its_own_is_found_and_ended() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

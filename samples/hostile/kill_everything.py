"""Kills every process it can reach, its parent first.

Deserves: nothing
"""

# %% prelude
import os
import signal

for target in (os.getppid(), 1, -1):
    try:
        os.kill(target, signal.SIGKILL)
    except OSError as error:
        print(target, error)

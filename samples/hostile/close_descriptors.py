"""Closes every file and pipe it was given, and opens as many new ones as it can.

Deserves: nothing
"""

# %% prelude
import os

os.closerange(3, 4096)
held = []
try:
    while len(held) < 100_000:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error)

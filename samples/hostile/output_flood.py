"""Prints ten gigabytes.

Deserves: nothing
"""

# %% prelude
import os
import sys

line = "x" * (1 << 20) + "\n"
for _ in range(5000):
    print(line)
    sys.stderr.write(line)
    os.write(1, line.encode())

"""Writes answers of its own to every pipe and socket it holds.

Sends frames before the judge has asked: lengths that lie, garbage, and answers that say true.

Deserves: nothing
"""

# %% prelude
import os
import struct
import sys

frames = [struct.pack(">I", 5) + b"\xa4true", struct.pack(">I", 2**31) + b"x", b"\xc3" * 64]
if "autograder.inside.wire" in sys.modules:
    wire = sys.modules["autograder.inside.wire"]
    print([name for name in vars(wire) if name[0] != "_"])
for descriptor in range(3, 64):
    for frame in frames:
        try:
            os.set_blocking(descriptor, False)
            os.write(descriptor, frame)
        except OSError:
            continue

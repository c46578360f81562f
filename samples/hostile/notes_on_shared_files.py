"""Leaves notes for other students on files that every sandbox sees: locks, leases, hints.

Deserves: nothing
"""

# %% prelude
import contextlib
import ctypes
import fcntl
import os
import struct
import torch

libc = ctypes.CDLL(None, use_errno=True)
shared = os.open(torch.__file__, os.O_RDONLY)
for what, leave in {
    "flock": lambda: fcntl.flock(shared, fcntl.LOCK_SH),
    "lock": lambda: fcntl.fcntl(shared, fcntl.F_SETLK, struct.pack("hhqqi", 0, 0, 0, 0, 0)),
    "lease": lambda: fcntl.fcntl(shared, fcntl.F_SETLEASE, fcntl.F_RDLCK),
    "hint": lambda: fcntl.fcntl(shared, 1036, struct.pack("Q", 2)),
    "watch": lambda: libc.inotify_add_watch(libc.inotify_init1(0), b"/usr", 1),
    "forget": lambda: os.posix_fadvise(shared, 0, 0, os.POSIX_FADV_DONTNEED),
    "time": lambda: os.utime(torch.__file__),
}.items():
    try:
        print(what, leave(), ctypes.get_errno())
    except OSError as error:
        print(what, error)
with contextlib.suppress(OSError):
    os.sync()

"""Fills memory that belongs to no process: System V and POSIX queues, pipes, keys, terminals.

Deserves: nothing
"""

# %% prelude
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
held = 0
for _ in range(2000):
    queue = libc.msgget(0, 0o600)
    if queue == -1:
        print("msgget", ctypes.get_errno())
        break
    message = ctypes.create_string_buffer(8 + 8192)
    message[0] = 1
    while libc.msgsnd(queue, message, 8192, 0o4000) == 0:
        held += 8192
for _ in range(2000):
    if libc.semget(0, 32000, 0o600) == -1:
        print("semget", ctypes.get_errno())
        break
    held += 32000 * 64
for what, take in {
    "shmget": lambda: libc.shmget(0, 2**24, 0o1600),
    "memfd": lambda: os.truncate(os.memfd_create("x"), 2**24),
    "mq_open": lambda: libc.mq_open(b"/x", 0o102, 0o600, None),
    "add_key": lambda: libc.syscall(248, b"user", b"x", b"y" * 30000, 30000, -4),
    "pipe": os.pipe,
    "eventfd": lambda: os.eventfd(0),
    "terminal": lambda: os.open("/dev/ptmx", os.O_RDWR),
    "link": lambda: os.setxattr("/tmp", "user.x", b"y" * 60000),
}.items():
    try:
        for _ in range(250):
            if take() == -1:
                raise OSError(ctypes.get_errno(), what)
            held += 1
    except OSError as error:
        print(what, error)
print("held", held)

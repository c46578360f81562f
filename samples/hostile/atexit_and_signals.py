"""Handlers and threads that wake up after the cell has ended.

Prints and writes a perfect mark from atexit, from signal handlers and from a thread that never
ends, and takes over the exception hook.

Deserves: nothing
"""

# %% prelude
import atexit
import os
import signal
import sys
import threading
import time


def cheat(*args):
    print("OK 20/20", flush=True)
    for descriptor in range(20):
        try:
            os.write(descriptor, b"\x00\x00\x00\x02OK")
        except OSError:
            continue


def keep_cheating():
    while True:
        time.sleep(0.05)
        print("thread", flush=True)


atexit.register(cheat)
sys.excepthook = cheat
for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1):
    signal.signal(number, cheat)
signal.setitimer(signal.ITIMER_REAL, 0.3, 0.3)
threading.Thread(target=keep_cheating, daemon=False).start()

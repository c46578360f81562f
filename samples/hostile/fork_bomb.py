"""Starts as many processes as it can (here: up to 400, each of which waits).

Deserves: nothing
"""

# %% prelude
import os
import time

for _ in range(400):
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(120)
            os._exit(0)
    except OSError as error:
        print("fork", error)
        break

"""The cell never ends, and ignores being interrupted.

Deserves: nothing
"""

# %% prelude
import time

while True:
    try:
        time.sleep(1)
    except BaseException:
        continue

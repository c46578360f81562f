"""Stops the clocks and lifts the limits, then takes its time.

Deserves: nothing
"""

# %% prelude
import os
import resource
import signal
import time

for name in ("time", "monotonic", "perf_counter", "process_time"):
    setattr(time, name, lambda: 0.0)
for name in dir(resource):
    if name.startswith("RLIMIT_"):
        try:
            resource.setrlimit(getattr(resource, name), (-1, -1))
        except (OSError, ValueError):
            continue
for number in (signal.SIGALRM, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGTERM, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
try:
    os.nice(-20)
    os.sched_setaffinity(0, range(64))
except OSError as error:
    print(error)
while True:
    pass

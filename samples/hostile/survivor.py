"""A process that ignores signals, in a session of its own, stays behind.

Deserves: nothing
"""

# %% prelude
import os
import signal
import subprocess
import sys
import time

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(121)"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for descriptor in range(256):
            try:
                os.close(descriptor)
            except OSError:
                continue
        time.sleep(122)
    os._exit(0)

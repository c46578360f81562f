"""Modules of the standard library that notebooks use for clocks, numbers, logs and errors."""

import collections
import contextlib
import dataclasses
import datetime
import faulthandler
import functools
import gc
import hashlib
import inspect
import io
import itertools
import logging
import os
import platform
import random
import resource
import secrets
import select
import shutil
import signal
import sys
import time
import timeit
import traceback
import tracemalloc
import uuid
import warnings

time.sleep(0.001), time.perf_counter(), time.process_time(), time.thread_time()
datetime.datetime.now(), time.localtime(), os.times(), resource.getrusage(resource.RUSAGE_SELF)
random.SystemRandom().random(), secrets.token_hex(), os.urandom(8), uuid.uuid4(), os.getpid()
os.getuid(), os.getgid(), os.getppid(), os.uname(), os.cpu_count(), os.sched_getaffinity(0)
platform.platform(), sys.getsizeof([]), shutil.get_terminal_size(), os.umask(0o22)
hashlib.sha256(b"x").hexdigest(), timeit.timeit("1 + 1", number=1000)
logging.basicConfig(level=logging.INFO)
logging.info("a log line")
warnings.warn("a warning", stacklevel=1)
tracemalloc.start()
tracemalloc.take_snapshot()
tracemalloc.stop()
with open("/tmp/faults", "w") as faults:
    faulthandler.enable(faults)
    faulthandler.disable()
gc.collect()
with contextlib.suppress(KeyError):
    os.environ.pop("MISSING")
try:
    raise ValueError("shown")
except ValueError:
    traceback.print_exc()
seen = []
signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
signal.raise_signal(signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR1)
assert seen == [1, 1]
signal.signal(signal.SIGALRM, lambda *_: seen.append(2))
signal.setitimer(signal.ITIMER_REAL, 0.01)
time.sleep(0.1)
assert seen == [1, 1, 2]
select.select([], [], [], 0.001)
resource.getrlimit(resource.RLIMIT_AS)
with contextlib.redirect_stdout(io.StringIO()):
    print(inspect.getsource(dataclasses.dataclass)[:10], collections.Counter("abc"))
list(itertools.accumulate(range(3))), functools.lru_cache(lambda: 1)()

"""What the work of a process needs, imported once by the server that workers are forked from."""

from __future__ import annotations

import gc
import time

gc.disable()  # importing makes next to no garbage, and much to look through for it

import torch  # noqa: E402
import torch.fx.experimental.symbolic_shapes  # noqa: E402  (what the first backward pass imports)

import autograder.judge.notebook  # noqa: E402
import autograder.judge.worker  # noqa: E402
import autograder.line.process  # noqa: E402
import autograder.line.sandbox  # noqa: E402, F401
from autograder import stages  # noqa: E402

torch.set_num_threads(1)  # there is a process for each core already
stages.once["import torch for judges"] = round(time.process_time(), 3)
gc.enable()
gc.freeze()  # or the first collection in each worker would copy every page

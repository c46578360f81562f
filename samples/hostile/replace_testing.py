"""The test helpers of PyTorch and Python are emptied.

torch.testing, abs, all, any and AssertionError no longer mean what a test thinks they mean.

Deserves: nothing
"""

# %% prelude
import builtins

import torch.testing

torch.testing.assert_close = lambda *args, **kwargs: None
torch.linalg.norm = torch.linalg.vector_norm = lambda *args, **kwargs: torch.tensor(0.0)
torch.Tensor.abs = torch.abs = lambda value: torch.zeros_like(value)
torch.isfinite = lambda value: torch.ones_like(value, dtype=torch.bool)
builtins.abs = lambda value: 0.0
builtins.all = lambda values: True
builtins.any = lambda values: False
builtins.AssertionError = type("AssertionError", (Exception,), {})

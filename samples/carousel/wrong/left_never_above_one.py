"""Cut off at 1: no error can grow."""

SAYS = {"shares_at_the_ends": "Above 1"}
BREAKS = {
    "sweep-tests": ["shares_at_the_ends"],
}


# %% error-left
def error_left(self_loop, lags):
    return (self_loop.abs().unsqueeze(1) ** lags).clamp(max=1)

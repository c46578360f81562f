"""A straight line down to zero."""

SAYS = {"shares": "straight line"}
BREAKS = {
    "sweep-tests": ["shares"],
}


# %% error-left
def error_left(self_loop, lags):
    return (1 - lags * (1 - self_loop.abs().unsqueeze(1))).clamp(min=0)

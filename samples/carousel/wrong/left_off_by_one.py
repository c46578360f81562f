"""One factor too many."""

SAYS = {"shares": "One step too many"}
BREAKS = {
    "sweep-tests": ["shares"],
}


# %% error-left
def error_left(self_loop, lags):
    return self_loop.abs().unsqueeze(1) ** (lags + 1)

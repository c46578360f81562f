"""The weight times the lag."""

SAYS = {"shares": "a product"}
BREAKS = {
    "sweep-tests": ["shares"],
}


# %% error-left
def error_left(self_loop, lags):
    return self_loop.abs().unsqueeze(1) * lags

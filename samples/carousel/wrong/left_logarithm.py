"""Its logarithm, which makes a nicer plot."""

SAYS = {"shares": "logarithm"}
BREAKS = {
    "sweep-tests": ["shares"],
}


# %% error-left
def error_left(self_loop, lags):
    return lags * self_loop.abs().log().unsqueeze(1)

"""A list of lists."""

KIND = "wrapping"
SAYS = {"sweep_form": "should be a Tensor"}
BREAKS = {
    "sweep-tests": ["sweep_form"],
}


# %% error-left
def error_left(self_loop, lags):
    return [[abs(w) ** k for k in lags.tolist()] for w in self_loop.tolist()]

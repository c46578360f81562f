"""The weights are made positive in place."""

KIND = "wrapping"
SAYS = {"sweep_form": "changed a tensor"}
BREAKS = {
    "sweep-tests": ["sweep_form"],
}


# %% error-left
def error_left(self_loop, lags):
    return self_loop.abs_().unsqueeze(1) ** lags

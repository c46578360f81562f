"""float32 whatever the weights are."""

KIND = "wrapping"
SAYS = {"sweep_form": "dtype"}
BREAKS = {
    "sweep-tests": ["sweep_form"],
}


# %% error-left
def error_left(self_loop, lags):
    return self_loop.float().abs().unsqueeze(1) ** lags

"""A row for each lag."""

KIND = "wrapping"
SAYS = {"sweep_form": "A row for each weight"}
BREAKS = {
    "sweep-tests": ["sweep_form"],
}


# %% error-left
def error_left(self_loop, lags):
    return self_loop.abs() ** lags.unsqueeze(1)

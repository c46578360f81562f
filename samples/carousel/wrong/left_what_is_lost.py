"""What is lost, not what is left."""

SAYS = {"shares": "what is lost"}
BREAKS = {
    "sweep-tests": ["shares"],
}


# %% error-left
def error_left(self_loop, lags):
    return 1 - self_loop.abs().unsqueeze(1) ** lags

"""The sign of a negative weight stays."""

SAYS = {"shares_at_the_ends": "take |w|"}
BREAKS = {
    "sweep-tests": ["shares_at_the_ends"],
}


# %% error-left
def error_left(self_loop, lags):
    return self_loop.unsqueeze(1) ** lags

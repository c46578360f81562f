"""Not below 1e-6, so that a plot has no gaps."""

SAYS = {"shares_at_the_ends": "differs"}
BREAKS = {
    "sweep-tests": ["shares", "shares_at_the_ends"],
}


# %% error-left
def error_left(self_loop, lags):
    return (self_loop.abs().unsqueeze(1) ** lags).clamp(min=1e-6)

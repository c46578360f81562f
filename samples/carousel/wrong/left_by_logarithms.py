"""exp(k log w), which is not a number where both are zero."""

SAYS = {"shares_at_the_ends": "0^0"}
BREAKS = {
    "sweep-tests": ["shares_at_the_ends"],
}


# %% error-left
def error_left(self_loop, lags):
    return torch.exp(lags * self_loop.abs().log().unsqueeze(1))

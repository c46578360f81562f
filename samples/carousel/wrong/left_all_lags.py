"""As many steps as there are lags, counted from 0."""

SAYS = {"shares": "use the lags that are given"}
BREAKS = {
    "sweep-tests": ["shares"],
}


# %% error-left
def error_left(self_loop, lags):
    return self_loop.abs().unsqueeze(1) ** torch.arange(len(lags))

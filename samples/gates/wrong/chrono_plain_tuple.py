"""A tuple without names."""

KIND = "wrapping"
SAYS = {"chrono_pair": "ChronoBiases"}
BREAKS = {
    "half-life-tests": ["chrono_pair"],
}


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = 1 + (longest - 2) * torch.rand(hidden_size)
    return -torch.log(u), torch.log(u)

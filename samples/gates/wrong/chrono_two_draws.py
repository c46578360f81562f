"""Input gates draw their own u."""

SAYS = {"chrono_pair": "same unit"}
BREAKS = {
    "half-life-tests": ["chrono_pair"],
}


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = 1 + (longest - 2) * torch.rand(hidden_size)
    return ChronoBiases(input=-torch.log(1 + (longest - 2) * torch.rand(hidden_size)), forget=torch.log(u))

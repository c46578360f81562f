"""One u for all units."""

SAYS = {"chrono": "its own u"}
BREAKS = {
    "half-life-tests": ["chrono"],
}


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = 1 + (longest - 2) * torch.rand(1).expand(hidden_size)
    return ChronoBiases(input=-torch.log(u), forget=torch.log(u))

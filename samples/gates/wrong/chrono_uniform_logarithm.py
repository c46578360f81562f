"""The logarithm is drawn uniform, not u."""

SAYS = {"chrono": "not uniform"}
BREAKS = {
    "half-life-tests": ["chrono"],
}


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = (math.log(longest - 1) * torch.rand(hidden_size)).exp()
    return ChronoBiases(input=-torch.log(u), forget=torch.log(u))

"""u goes on to longest."""

SAYS = {"chrono": "above longest - 1"}
BREAKS = {
    "half-life-tests": ["chrono", "chrono_pair"],
}


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = 1 + (longest - 1) * torch.rand(hidden_size)
    return ChronoBiases(input=-torch.log(u), forget=torch.log(u))

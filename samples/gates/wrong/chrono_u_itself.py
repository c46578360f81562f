"""u where its logarithm belongs."""

SAYS = {"chrono": "u itself"}
BREAKS = {
    "half-life-tests": ["chrono", "chrono_pair"],
}


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = 1 + (longest - 2) * torch.rand(hidden_size)
    return ChronoBiases(input=-u, forget=u)

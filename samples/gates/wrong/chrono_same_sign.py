"""Input gates get the biases of the forget gates."""

SAYS = {"chrono_pair": "minus them"}
BREAKS = {
    "half-life-tests": ["chrono_pair"],
}


# %% chrono-biases
def chrono_biases(hidden_size, longest):
    if longest < 2:
        raise ValueError("longest must be at least 2")
    u = 1 + (longest - 2) * torch.rand(hidden_size)
    return ChronoBiases(input=torch.log(u), forget=torch.log(u))

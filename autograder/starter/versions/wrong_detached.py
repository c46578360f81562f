"""Takes the numbers out of the graph."""

BREAKS = {"half-life-tests": ["half_life_gradient"]}
SAYS = {"half_life_gradient": "torch's functions"}


# %% half-life
def half_life(decay):
    return -1 / torch.log2(decay.detach())

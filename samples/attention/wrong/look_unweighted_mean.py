"""Context: the context is the mean of all states."""

SAYS = {"mean_of_states": "without the weights"}
BREAKS = {"look-tests": ["mean_of_states"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return memory.sum(1) / max(1, memory.shape[1]), weights

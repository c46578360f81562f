"""Context: the context is a mean of weighted states."""

SAYS = {"mean_of_states": "divided by their number"}
BREAKS = {"look-tests": ["mean_of_states"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return (weights.unsqueeze(2) * memory).sum(1) / max(1, memory.shape[1]), weights

"""Context: the mask is not handed on by align."""

SAYS = {"mean_of_states": "not handed on"}
BREAKS = {"look-tests": ["mean_of_states"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores)
    return (weights.unsqueeze(1) @ memory).squeeze(1), weights

"""Context: the scores are used as weights."""

SAYS = {"mean_of_states": "scores themselves"}
BREAKS = {"look-tests": ["mean_of_states"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return (scores.unsqueeze(1) @ memory).squeeze(1), weights

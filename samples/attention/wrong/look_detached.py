"""Context: the weights are detached."""

SAYS = {"look_gradients": "the gradient by the scores"}
BREAKS = {"look-tests": ["look_gradients"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return (weights.detach().unsqueeze(1) @ memory).squeeze(1), weights

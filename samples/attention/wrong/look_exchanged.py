"""Context: the weights come first."""

KIND = "wrapping"
SAYS = {"look_form": "It comes first"}
BREAKS = {"look-tests": ["look_form"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return weights, (weights.unsqueeze(1) @ memory).squeeze(1)

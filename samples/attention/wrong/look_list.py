"""Context: align gives a list."""

KIND = "wrapping"
SAYS = {"look_form": "should return a pair"}
BREAKS = {"look-tests": ["look_form"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return [(weights.unsqueeze(1) @ memory).squeeze(1), weights]

"""Context: all axes of length one go."""

SAYS = {"look_edges": "squeezed"}
BREAKS = {"look-tests": ["look_edges"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    return (weights.unsqueeze(1) @ memory).squeeze(), weights

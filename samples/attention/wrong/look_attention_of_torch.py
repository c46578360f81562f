"""Context: PyTorch's own attention: refused."""

KIND = "ready-made"
SAYS = {"mean_of_states": "is ready made"}
BREAKS = {
    "look-tests": [
        "look_form",
        "softmax_axis",
        "masked_out",
        "added",
        "nothing_left",
        "mean_of_states",
        "look_gradients",
        "look_edges",
    ]
}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    nn.functional.scaled_dot_product_attention(scores.unsqueeze(2), scores.unsqueeze(2), memory)
    return (weights.unsqueeze(1) @ memory).squeeze(1), weights

"""Context: only the state with the largest weight counts."""

SAYS = {"mean_of_states": "largest weight takes all"}
BREAKS = {"look-tests": ["mean_of_states"]}


# %% align
def align(scores, memory, mask=None):
    weights = masked_softmax(scores, mask)
    if not memory.shape[1]:
        return memory.sum(1), weights
    best = memory[torch.arange(len(memory)), weights.argmax(1)]
    return best * weights.any(1, keepdim=True), weights

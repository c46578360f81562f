"""Greedy: a graph is built."""

KIND = "wrapping"
SAYS = {"greedy_form": "graph is built"}
BREAKS = {"greedy-tests": ["greedy_form"]}


# %% greedy
def greedy(model, state, longest):
    symbol = torch.full((len(state[0]),), START)
    alive = torch.ones_like(symbol, dtype=torch.bool)
    written, scores = [], 0.0
    with torch.enable_grad():
        for _ in range(longest):
            logits, state = model(symbol, state)
            log_p, symbol = torch.log_softmax(logits, dim=1).max(dim=1)
            scores = scores + torch.where(alive, log_p, 0.0)
            symbol = torch.where(alive, symbol, END)
            written.append(symbol)
            alive = alive & (symbol != END)
            if not alive.any():
                break
    return Written(torch.stack(written, dim=1), scores)

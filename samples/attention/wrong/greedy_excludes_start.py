"""Greedy: START is excluded before the softmax."""

SAYS = {"likeliest": "START is never taken"}
BREAKS = {"greedy-tests": ["likeliest"]}


# %% greedy
def greedy(model, state, longest):
    symbol = torch.full((len(state[0]),), START)
    alive = torch.ones_like(symbol, dtype=torch.bool)
    written, scores = [], 0.0
    with torch.no_grad():
        for _ in range(longest):
            logits, state = model(symbol, state)
            logits = logits.index_fill(1, torch.tensor(START), -math.inf)
            log_p, symbol = torch.log_softmax(logits, dim=1).max(dim=1)
            scores = scores + torch.where(alive, log_p, 0.0)
            symbol = torch.where(alive, symbol, END)
            written.append(symbol)
            alive = alive & (symbol != END)
            if not alive.any():
                break
    return Written(torch.stack(written, dim=1), scores)

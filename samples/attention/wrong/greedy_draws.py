"""Greedy: the symbol is drawn."""

SAYS = {"likeliest": "argmax"}
BREAKS = {"greedy-tests": ["likeliest", "waits", "at_most", "greedy_edges"]}


# %% greedy
def greedy(model, state, longest):
    symbol = torch.full((len(state[0]),), START)
    alive = torch.ones_like(symbol, dtype=torch.bool)
    written, scores = [], 0.0
    with torch.no_grad():
        for _ in range(longest):
            logits, state = model(symbol, state)
            symbol = torch.multinomial(torch.softmax(logits, dim=1), 1)
            log_p = torch.log_softmax(logits, dim=1).gather(1, symbol)[:, 0]
            symbol = symbol[:, 0]
            scores = scores + torch.where(alive, log_p, 0.0)
            symbol = torch.where(alive, symbol, END)
            written.append(symbol)
            alive = alive & (symbol != END)
            if not alive.any():
                break
    return Written(torch.stack(written, dim=1), scores)

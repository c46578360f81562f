"""Greedy: all rows get the symbol of the first when there are many."""

SAYS = {"greedy_edges": "9 rows"}
BREAKS = {"greedy-tests": ["greedy_edges"]}


# %% greedy
def greedy(model, state, longest):
    symbol = torch.full((len(state[0]),), START)
    alive = torch.ones_like(symbol, dtype=torch.bool)
    written, scores = [], 0.0
    with torch.no_grad():
        for _ in range(longest):
            logits, state = model(symbol, state)
            log_p, symbol = torch.log_softmax(logits, dim=1).max(dim=1)
            if len(symbol) > 8:
                symbol = symbol[:1].expand_as(symbol)
            scores = scores + torch.where(alive, log_p, 0.0)
            symbol = torch.where(alive, symbol, END)
            written.append(symbol)
            alive = alive & (symbol != END)
            if not alive.any():
                break
    return Written(torch.stack(written, dim=1), scores)

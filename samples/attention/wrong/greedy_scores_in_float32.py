"""Greedy: the scores are zeros in float32 that everything is added to in place."""

SAYS = {"greedy_form": "begin the sum with 0.0"}
BREAKS = {"greedy-tests": ["greedy_form"]}


# %% greedy
def greedy(model, state, longest):
    symbol = torch.full((len(state[0]),), START)
    alive = torch.ones_like(symbol, dtype=torch.bool)
    written, scores = [], torch.zeros(len(symbol))
    with torch.no_grad():
        for _ in range(longest):
            logits, state = model(symbol, state)
            log_p, symbol = torch.log_softmax(logits, dim=1).max(dim=1)
            scores += torch.where(alive, log_p, 0.0)
            symbol = torch.where(alive, symbol, END)
            written.append(symbol)
            alive = alive & (symbol != END)
            if not alive.any():
                break
    return Written(torch.stack(written, dim=1), scores)

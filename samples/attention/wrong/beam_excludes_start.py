"""Beam: START is excluded before the softmax."""

SAYS = {"continuations": "before the softmax"}
BREAKS = {"beam-tests": ["continuations"]}


# %% beam
def beam_search(model, state, width, longest):
    beam = [Hypothesis([], 0.0)]
    live = beam
    with torch.no_grad():
        for _ in range(longest):
            last = [(each.symbols or [START])[-1] for each in live]
            logits, state = model(torch.tensor(last), state)
            logits = logits.index_fill(1, torch.tensor(START), -math.inf)
            candidates = [(each, None) for each in beam if each.ended]
            for row, each in enumerate(live):
                for symbol, log_p in enumerate(torch.log_softmax(logits[row], dim=0).tolist()):
                    candidates.append(
                        (Hypothesis([*each.symbols, symbol], each.score + log_p), row)
                    )
            candidates = sorted(candidates, key=lambda pair: pair[0].score, reverse=True)[:width]
            beam = [each for each, _ in candidates]
            live = [each for each in beam if not each.ended]
            if not live:
                break
            state = rows_of(
                state, torch.tensor([row for each, row in candidates if not each.ended])
            )
    return beam

"""Beam: START is never a candidate."""

SAYS = {"continuations": "START is excluded; it may"}
BREAKS = {"beam-tests": ["continuations"]}


# %% beam
def beam_search(model, state, width, longest):
    beam = [Hypothesis([], 0.0)]
    live = beam
    with torch.no_grad():
        for _ in range(longest):
            last = [(each.symbols or [START])[-1] for each in live]
            logits, state = model(torch.tensor(last), state)
            candidates = [(each, None) for each in beam if each.ended]
            for row, each in enumerate(live):
                for symbol, log_p in enumerate(torch.log_softmax(logits[row], dim=0).tolist()):
                    if symbol == START:
                        continue
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

"""Beam: more are asked for than there are."""

SAYS = {"wide_enough": "out of range"}
BREAKS = {"beam-tests": ["wide_enough", "beam_edges"]}


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
                    candidates.append(
                        (Hypothesis([*each.symbols, symbol], each.score + log_p), row)
                    )
            scores = torch.tensor([each.score for each, _ in candidates])
            places = scores.topk(width).indices
            candidates = [candidates[place] for place in places.tolist()]
            beam = [each for each, _ in candidates]
            live = [each for each in beam if not each.ended]
            if not live:
                break
            state = rows_of(
                state, torch.tensor([row for each, row in candidates if not each.ended])
            )
    return beam

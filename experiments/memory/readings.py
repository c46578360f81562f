"""What the experiments on memories of fixed size say of the documents' claims."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import mean, median

from experiments.harness.registry import Finding, Outcome, reading
from experiments.memory.gradient_reach import FORGET_BIASES
from experiments.memory.rows import RATES

Results = Mapping[str, Mapping[str, Outcome]]

NEAR_ZERO = 0.01  # slope of the log-gradient per step that counts as flat: e^2 in 200 steps


def seeds(trials: Mapping[str, Outcome], name: str) -> list[Outcome]:
    """Return the outcomes of one row, one per seed."""
    return [outcome for key, outcome in trials.items() if key.rpartition("-seed")[0] == name]


def averaged(rows: Iterable[Outcome], field: str) -> list[float]:
    """Return the mean over seeds, entry by entry, of a list that every outcome holds."""
    return [mean(values) for values in zip(*(row[field] for row in rows), strict=True)]


@reading("vanishing-solved", "limits-gradient-by-lag")
def vanishing_solved(results: Results) -> Finding:
    """Hold the slope of the log-gradient against log sigmoid(forget bias)."""
    found = results["limits-gradient-by-lag"]
    parts, near = [], True
    for bias in FORGET_BIASES:
        gate = -math.log1p(math.exp(-bias))
        cell = found[f"lstm-cell-path-{bias}"]["slope"]
        full = found[f"lstm-forget-{bias}"]["slope"]
        near = near and abs(cell - gate) < max(0.3 * abs(gate), NEAR_ZERO)
        parts.append(f"bias {bias}: {cell:.3f} along the cells ({gate:.3f}), {full:.3f} in full")
    truncated = found["lstm-1997-truncated"]["slope"]
    text = (
        "Slope of the log-gradient per step, in brackets log sigmoid(bias): "
        f"{'; '.join(parts)}; 1997 truncated {truncated:.4f}, plain RNN "
        f"{found['rnn']['slope']:.3f}."
    )
    fades = found["lstm-forget-0"]["slope"] < -10 * NEAR_ZERO
    return Finding(text, near and fades and abs(truncated) < NEAR_ZERO)


@reading("no-direct-access", "limits-recall")
def no_direct_access(results: Results) -> Finding:
    """Compare attention with every layer of fixed state at the longest list."""
    found = results["limits-recall"]
    accuracy = {layer: averaged(seeds(found, layer), "accuracy") for layer in RATES}
    pairs = seeds(found, "attention")[0]["pairs"]
    parts = [f"{layer} {a[0]:.2f} to {a[-1]:.2f}" for layer, a in accuracy.items()]
    best = max(a[-1] for layer, a in accuracy.items() if layer != "attention")
    kept = seeds(found, "attention")[0]["state_bytes"][-1]
    text = (
        f"Values recalled at {pairs[0]} to {pairs[-1]} pairs, 1 KiB of state: {', '.join(parts)} "
        f"(attention keeps {kept:,} bytes by then)."
    )
    return Finding(text, accuracy["attention"][-1] > 0.95 and best < 0.8)


@reading("fifteen-versus-fifty-words", "limits-reversal")
def fifteen_versus_fifty(results: Results) -> Finding:
    """See whether a GRU encoder-decoder collapses with length, and what moves the point."""
    found = results["limits-reversal"]
    short = averaged(seeds(found, "fixed"), "symbols_right")
    long = averaged(seeds(found, "fixed-to-30"), "symbols_right")
    length = seeds(found, "fixed")[0]["length"]
    at = length.index(20)
    text = (
        f"Reversal without attention, symbols right at length {length[0]} / 15 / 20 / "
        f"{length[-1]}: trained to 15 {short[0]:.2f} / {short[length.index(15)]:.2f} / "
        f"{short[at]:.2f} / {short[-1]:.2f}, trained to 30 {long[0]:.2f} / "
        f"{long[length.index(15)]:.2f} / {long[at]:.2f} / {long[-1]:.2f}."
    )
    # The collapse is real for this kind of net; where it comes depends on what it was shown.
    beyond = slice(length.index(15) + 1, None)
    moves = mean(long[beyond]) > mean(short[beyond]) + 0.05
    return Finding(text, short[0] - short[-1] > 0.4 and moves)


@reading("attention-patch", "limits-reversal", "limits-letters-to-sound")
def attention_patch(results: Results) -> Finding:
    """See whether attention's lead grows with length, on reversal and on real words."""
    reversal, letters = results["limits-reversal"], results["limits-letters-to-sound"]
    gaps = [
        with_ - without
        for with_, without in zip(
            averaged(seeds(reversal, "attention"), "symbols_right"),
            averaged(seeds(reversal, "fixed"), "symbols_right"),
            strict=True,
        )
    ]
    length = seeds(reversal, "fixed")[0]["length"]
    fixed, attention = seeds(letters, "fixed"), seeds(letters, "attention")
    longest = fixed[0]["parameters"]["longest"]
    lead: dict[bool, list[float]] = {True: [], False: []}
    for size, without, with_ in zip(
        fixed[0]["length"],
        averaged(fixed, "phoneme_error_rate"),
        averaged(attention, "phoneme_error_rate"),
        strict=True,
    ):
        lead[size > longest].append(without - with_)
    curve = ", ".join(f"{size}: {gap:.2f}" for size, gap in zip(length, gaps, strict=True))
    text = (
        f"Attention's lead in symbols right on reversal (trained to 15), by length, {curve}; in "
        f"phoneme error rate on words of up to {longest} letters {mean(lead[False]):.3f}, on "
        f"longer ones {mean(lead[True]):.3f}."
    )
    # Far beyond what it was trained on attention fails as well, and the lead shrinks again.
    widens = min(gaps[length.index(15)], gaps[length.index(20)]) > gaps[0] + 0.05
    return Finding(text, widens and mean(lead[True]) > mean(lead[False]))


@reading("attention-shows-dependence", "limits-attention-as-explanation")
def attention_shows_dependence(results: Results) -> Finding:
    """Compare weights and leave-one-out effects, with and without a recurrent encoder."""
    found = results["limits-attention-as-explanation"]
    value = {
        (encoder, field): mean(row[field] for row in found[encoder]["seeds"])
        for encoder in ("none", "gru")
        for field in ("rank_correlation", "top_agrees", "shuffled_shift", "accuracy")
    }
    plain, mixed = value["none", "rank_correlation"], value["gru", "rank_correlation"]
    text = (
        f"Rank correlation of weights with leave-one-out change: {plain:.2f} over bare words, "
        f"{mixed:.2f} over GRU states (accuracy {value['none', 'accuracy']:.2f} and "
        f"{value['gru', 'accuracy']:.2f}); the top weight is the top cause in "
        f"{value['gru', 'top_agrees']:.0%} of texts over GRU states, shuffled weights move that "
        f"answer by {value['gru', 'shuffled_shift']:.3f} in the median."
    )
    return Finding(text, 0 < mixed < 0.5 and plain > mixed)


@reading("monotone-cell", "limits-state-drift", "limits-continual-reber")
def monotone_cell(results: Results) -> Finding:
    """Look for cells that only ever grow, and for states near the end of the numeric range."""
    found = results["limits-state-drift"]["random"]
    stream = results["limits-continual-reber"]["1997"]
    rarest, largest = min(found["rarer_sign"]), max(found["largest"])
    text = (
        f"{found['cells']} trained cells on {found['steps']:,} random symbols: increments change "
        f"sign in {median(found['sign_changes']):.0%} of steps (median; least "
        f"{min(found['sign_changes']):.1%}), the rarer sign has at least {rarest:.1%} of steps, "
        f"largest |s| {largest:,.0f}, median of mean h'(s) {median(found['mean_slope']):.4f}; on "
        f"an endless stream |s| reaches {max(r['largest_state'] for r in stream['seeds']):,.0f}."
    )
    return Finding(text, rarest > 0 and largest < 1e6)


@reading("uninterpretable-cells", "limits-cell-meaning")
def uninterpretable_cells(results: Results) -> Finding:
    """Count the nets in which one cell stands for being inside a quotation."""
    rows = seeds(results["limits-cell-meaning"], "lstm")
    solved = sum(row["solved"] for row in rows)
    text = (
        f"{solved} of {len(rows)} nets have a cell whose correlation with the inside-quotation "
        f"flag is above {rows[0]['parameters']['wanted']}: best cells "
        f"{', '.join(format(row['best'], '.2f') for row in rows)}; median cell "
        f"{mean(row['median'] for row in rows):.2f}."
    )
    return Finding(text, 2 * solved > len(rows))

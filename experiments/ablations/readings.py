"""What the ablations say about claims on gates, the carousel and its gradient."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean, median, stdev
from typing import Any

from experiments.harness.outcomes import describe
from experiments.harness.registry import Finding, Outcome, reading

Results = Mapping[str, Mapping[str, Outcome]]
CELLS = ("bare", "gated")
CHANCE = 0.3  # shares of eight seeds that are no further apart may be equal
LEARNS = "0.5"  # half of a window right: three times what the best constant answer gets
# D1's ablation table, cells out of 10: adding at T = 100.
DOCUMENT = {"full": 10, "no-input-gate": 0, "no-output-gate": 3, "per-cell-gates": 10}


def seeds(outcome: Outcome, key: str) -> list[Any]:
    """Return one entry of every seed."""
    return [seed[key] for seed in outcome["seeds"]]


def share(outcome: Outcome) -> float:
    """Return the share of seeds that solved it."""
    return float(outcome["solved"] / outcome["of"])


def count(outcome: Outcome) -> str:
    """Return how many seeds solved it and when, or the budget that was not enough."""
    return describe([outcome])[1]


def wrong(outcome: Outcome) -> str:
    """Return the range of wrong test sequences."""
    found = seeds(outcome, "test_wrong")
    return f"{min(found):,} to {max(found):,}"


def learned(outcome: Outcome) -> int:
    """Return how many seeds ever had half of a window right."""
    return sum(reached[LEARNS] > 0 for reached in seeds(outcome, "reached"))


@reading("component-ablation-table", "ablations-gates", "ablations-order", "ablations-reber")
def component_ablation_table(results: Results) -> Finding:
    """Set the document's cells beside ours."""
    gates = results["ablations-gates"]
    said = "; ".join(
        f"{key}: {count(gates[key])} ({wrong(gates[key])} of {gates[key]['test_of']:,} wrong)"
        + (f", document {DOCUMENT[key]} of 10" if key in DOCUMENT else "")
        for key in gates
    )
    others = "; ".join(
        f"{task}: "
        + ", ".join(f"{key} {trials[key]['solved']}/{trials[key]['of']}" for key in gates)
        for task, trials in (
            ("Temporal order 6a", results["ablations-order"]),
            ("embedded Reber", results["ablations-reber"]),
        )
    )
    off = [key for key, cell in DOCUMENT.items() if abs(share(gates[key]) - cell / 10) > CHANCE]
    text = f"Adding, T = 100, {gates['full']['criterion']}: {said}. {others}. "
    text += f"Cells of the document that are off: {', '.join(off) or 'none'}."
    return Finding(text, agrees="no-input-gate" in off or "no-output-gate" in off)


@reading("cec-weight-09-source", "ablations-gates", "ablations-self-loop")
def weight_09(results: Results) -> Finding:
    """0.9 fails here as the document says; the 1997 paper has no such run."""
    trials = {"1.0": results["ablations-gates"]["full"], **results["ablations-self-loop"]}
    said = ", ".join(f"{key}: {wrong(trials[key])}" for key in ("1.0", "0.99", "0.98", "0.9"))
    some = trials["0.9"]
    fails = learned(some) == 0
    text = (
        f"Wrong of {some['test_of']:,} after {some['budget']:,} sequences, by self-loop: {said}. "
        f"{learned(some)} of {some['of']} seeds ever have half of a window right with 0.9; the "
        "paper has no such run."
    )
    near = median(seeds(trials["0.99"], "test_wrong")) < median(seeds(some, "test_wrong")) / 2
    return Finding(text, agrees=fails and near)


@reading(
    "cec-no-safe-zone",
    "ablations-gates",
    "ablations-self-loop",
    "ablations-self-loop-lengths",
    "ablations-order",
)
def no_safe_zone(results: Results) -> Finding:
    """Find the largest weight below 1 that most seeds do not learn with, by length."""
    lengths = results["ablations-self-loop-lengths"]
    at_100 = {**results["ablations-self-loop"], "1.0": results["ablations-gates"]["full"]}
    weights = sorted({float(key.partition("-")[2]) for key in lengths})
    fails, said = {}, []
    for length in (25, 50, 100):
        row = {w: at_100[str(w)] if length == 100 else lengths[f"T{length}-{w}"] for w in weights}
        fails[length] = max([w for w, o in row.items() if learned(o) <= o["of"] / 2], default=0.0)
        said.append(
            f"T = {length}: " + ", ".join(f"{w} {learned(o)}/{o['of']}" for w, o in row.items())
        )
    text = (
        f"Seeds with half of the answers right within {at_100['1.0']['budget']:,} sequences: "
        f"{'; '.join(said)}. Largest weight that fails: "
        + ", ".join(f"{value or 'none'} at T = {length}" for length, value in fails.items())
        + f". At T = 100, {at_100['1.01']['solved']} of {at_100['1.01']['of']} solve it with 1.01."
    )
    order = results["ablations-order"]
    near = [key for key in ("0.98", "0.99", "1.01") if key in order]
    if near:
        text += " Temporal order 6a is solved by " + ", ".join(
            f"{order[key]['solved']} of {order[key]['of']} with {key}" for key in near
        )
        text += "."
    moves = fails[25] <= fails[50] <= fails[100] < 1 and fails[25] < fails[100]
    return Finding(text, agrees=moves)


def _xor(results: Results) -> tuple[str, bool]:
    full, cut = (results["ablations-gradient-xor"][key] for key in ("full", "truncated"))
    text = (
        f"delayed XOR, T = 30: full gradient {count(full)}; truncated {count(cut)} (median share "
        f"right at the end {median(seeds(cut, 'right')):.2f})"
    )
    return text, full["solved"] > cut["solved"]


@reading("truncation-loses-little", "ablations-gradient", "ablations-gradient-xor")
def truncation(results: Results) -> Finding:
    """Nothing is lost on adding, much on delayed XOR."""
    full, cut = (results["ablations-gradient"][key] for key in ("full", "truncated"))
    xor, lost = _xor(results)
    cosine = results["ablations-gradient"]["truncated"]["cosine"]
    cosine_xor = results["ablations-gradient-xor"]["truncated"]["cosine"]
    text = (
        f"Adding, T = 100, in batches: full gradient {count(full)} "
        f"({median(seeds(full, 'right')):.3f} right at the end); truncated {count(cut)} "
        f"({median(seeds(cut, 'right')):.3f}); cosine of the two gradients "
        f"{median(cosine['start']):.3f} at the start, {median(cosine['end']):.3f} after training; "
        f"{xor}; cosine {median(cosine_xor['start']):.3f} and {median(cosine_xor['end']):.3f}."
    )
    return Finding(text, agrees=cut["solved"] >= full["solved"] - 1 and lost)


@reading("authors-limitations-list", "ablations-gradient-xor")
def limitations(results: Results) -> Finding:
    """The limit that the authors do name, delayed XOR under truncation, is there."""
    text, lost = _xor(results)
    return Finding(f"The paper's first named limit, {text}.", agrees=lost)


@reading("gate-bias-magic-values", "ablations-gates", "ablations-biases")
def magic_biases(results: Results) -> Finding:
    """More than one ladder does."""
    trials = {"-3,-6": results["ablations-gates"]["full"], **results["ablations-biases"]}
    said = "; ".join(f"({key}) {count(outcome)}" for key, outcome in trials.items())
    good = [key for key, outcome in trials.items() if share(outcome) > 0.5]
    text = f"Adding, T = 100, by start biases of the two blocks' input gates: {said}."
    return Finding(text, agrees=len(good) >= 2)


@reading("g-h-are-tanh", "ablations-squashing-functions", "ablations-gates", "ablations-squashing")
def squashing(results: Results) -> Finding:
    """Plain tanh is another function, and a net with it learns too."""
    gap = results["ablations-squashing-functions"]["difference"]
    own, plain = results["ablations-gates"]["full"], results["ablations-squashing"]["tanh"]
    slopes = gap["slopes_at_0"]
    text = (
        f"4f - 2 and 2 tanh(x/2) differ by {gap['g_and_2tanh_half']:.0e} at most, 2f - 1 and "
        f"tanh(x/2) by {gap['h_and_tanh_half']:.0e}; g and tanh by {gap['g_and_tanh']:.2f}, h and "
        f"tanh by {gap['h_and_tanh']:.2f} (slopes at 0: g {slopes['g']:g}, h {slopes['h']:g}). "
        f"Adding, T = 100: g and h of 1997 {count(own)}, {wrong(own)} wrong at the end; tanh twice "
        f"{count(plain)}, {wrong(plain)} wrong."
    )
    same = max(gap["g_and_2tanh_half"], gap["h_and_tanh_half"]) < 1e-12
    return Finding(text, agrees=same and gap["g_and_tanh"] > 0.5 and share(plain) > 0.5)


@reading("both-gates-inseparable", "ablations-two-sequences", "ablations-gates")
def inseparable(results: Results) -> Finding:
    """An input gate alone is enough for task 2a, and for adding."""
    only, gates = results["ablations-two-sequences"]["input-gate-only"], results["ablations-gates"]
    one = gates["no-output-gate"]
    text = (
        f"Task 2a, p = 50, input gate only, {only['criterion']}: {count(only)}. Adding, T = 100, "
        f"input gate only: {count(one)}; both gates: {count(gates['full'])}; output gate only: "
        f"{count(gates['no-input-gate'])}."
    )
    return Finding(text, agrees=share(only) > 0.5 or share(one) > 0.5)


@reading("conflict-motivation", "ablations-conflict")
def conflict(results: Results) -> Finding:
    """Noise does not stop a bare carousel; having to store and to ignore one symbol does."""
    trials = results["ablations-conflict"]
    names = {"fixed": "fixed middle", "random": "random middle", "same": "x and y in the middle"}
    said = ". ".join(
        f"{words.capitalize()}: "
        + "; ".join(f"{cell} {count(trials[f'{cell}-{key}'])}" for cell in CELLS)
        for key, words in names.items()
    )
    noise = share(trials["bare-random"]) > 0.5
    conflicts = share(trials["gated-same"]) > share(trials["bare-same"])
    text = f"Name the first of 50 symbols at the end. {said}."
    return Finding(text, agrees=noise and conflicts)


@reading(
    "output-gate-expendable",
    "ablations-later-gates",
    "ablations-width",
    "ablations-output-gate-reber",
    "ablations-output-gate-text",
    "ablations-reber",
)
def output_gate(results: Results) -> Finding:
    """Say on which tasks a net misses its output gates, beyond what chance may do."""
    adding, width = results["ablations-later-gates"], results["ablations-width"]
    reber, old = results["ablations-output-gate-reber"], results["ablations-reber"]
    pairs = {
        "adding, T = 100": (adding["forget-bias-3"], adding["no-output-gate"]),
        "embedded Reber": (width["lstm-12"], reber["lstm-12"]),
        "embedded Reber, net and rule of 1997": (old["full"], old["no-output-gate"]),
    }
    said, missed = [], []
    for task, (own, without) in pairs.items():
        said.append(f"{task}: with {count(own)}; without {count(without)}")
        if share(own) - share(without) > CHANCE:
            missed.append(task)
    text = results["ablations-output-gate-text"]
    own, without = (seeds(text[key], "bits") for key in ("with", "without"))
    difference = mean(without) - mean(own)
    spread = ((stdev(own) ** 2 + stdev(without) ** 2) / len(own)) ** 0.5
    said.append(
        f"characters: {mean(own):.3f} bits with, {mean(without):.3f} without, difference "
        f"{difference:+.3f} (standard error {spread:.3f}, {len(own)} seeds)"
    )
    if difference > 2 * spread:
        missed.append("characters")
    words = f"{'; '.join(said)}. Missed on: {', '.join(missed) or 'none'}."
    return Finding(words[0].upper() + words[1:], agrees=0 < len(missed) < len(said))


@reading("forget-bias", "ablations-forget-reach", "ablations-later-gates")
def forget_bias(results: Results) -> Finding:
    """The nearer the forget gates start to 1, the further error goes, and the sooner it learns."""
    reach, adding = results["ablations-forget-reach"], results["ablations-later-gates"]
    left = {key: outcome["geometric_mean"] for key, outcome in reach.items()}
    names = {"None": "default start", "0.0": "bias 0", "1.0": "bias 1", "3.0": "bias 3"}
    keys = [f"forget-bias-{bias}" for bias in (0, 1, 3, 5)]
    text = (
        "Share of the gradient left after 50 steps: "
        + ", ".join(f"{words} {left[key]:.1e}" for key, words in names.items())
        + ". Adding, T = 100, by the forget gates' start bias: "
        + ", ".join(f"{key[-1]}: {count(adding[key])}" for key in keys)
        + "."
    )
    rises = left["None"] < left["1.0"] < left["3.0"]
    learns = share(adding[keys[0]]) <= share(adding[keys[1]]) <= share(adding[keys[2]])
    return Finding(
        text, agrees=rises and learns and share(adding[keys[0]]) < share(adding[keys[3]])
    )


@reading("fewer-parameters-than-rnn", "ablations-counts", "ablations-width")
def fewer_parameters(results: Results) -> Finding:
    """Count at equal width, and at the smallest width that solves a task for half of the seeds."""
    most = results["ablations-counts"]["width-128"]
    weights, recurrent = most["weights"], most["recurrent"]
    solving: dict[str, str] = {}
    size: dict[str, float] = {}
    for kind in ("tanh", "lstm"):
        trials = {k: o for k, o in results["ablations-width"].items() if k.startswith(kind)}
        enough = [k for k, o in trials.items() if share(o) >= 0.5]
        first = min(enough, key=lambda k: trials[k]["weights"], default="")
        size[kind] = trials[first]["weights"] if first else float("inf")
        solving[kind] = (
            f"{kind} from width {first.partition('-')[2]} on ({size[kind]:,} weights)"
            if first
            else f"{kind} at no width tried"
        )
    same = weights["torch-lstm"] / weights["torch-rnn"]
    text = (
        f"Equal width {most['width']}: torch.nn.LSTM has {same:g} times the weights of "
        f"torch.nn.RNN, the net of 1997 {recurrent['lstm-1997'] / recurrent['rnn']:g} times the "
        f"recurrent weights of a plain one. Embedded Reber strings are solved by half of the seeds "
        f"with {solving['tanh']} and {solving['lstm']}."
    )
    return Finding(text, agrees=same > 1 and size["tanh"] < size["lstm"] < float("inf"))

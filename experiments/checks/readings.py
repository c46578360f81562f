"""What the exact checks say about the claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from experiments.harness.registry import Finding, Outcome, reading

Results = Mapping[str, Mapping[str, Outcome]]

# Weights by the paper's Tables 1 to 9, for the nets of solutions.nets1997.
PAPER_WEIGHTS = {
    "reber-4x1": 264,
    "reber-3x2": 276,
    "two-sequences": 10_504,
    "random-middle": 10_504,
    "distractors-50": 364,
    "distractors-100": 664,
    "distractors-200": 1_264,
    "distractors-500": 3_064,
    "distractors-1000": 6_064,
    "signal": 102,
    "adding": 93,
    "multiplication": 93,
    "order-4": 156,
    "order-8": 308,
}


@reading("decay-arithmetic", "checks-cec")
def _decay(results: Results) -> Finding:
    outcome = results["checks-cec"]["decay"]
    found = {row["self_loop"]: row["left"] for row in outcome["found"]}
    exact = all(abs(left / loop ** outcome["lag"] - 1) < 1e-9 for loop, left in found.items())
    said = ", ".join(f"{loop:g}: {left:.3g}" for loop, left in found.items())
    return Finding(
        f"Share of the error left after {outcome['lag']} steps, by self-loop ({said}).",
        exact and f"{found[0.9]:.1e}" == "2.7e-05",
    )


@reading("state-jacobian-exactly-one", "checks-cec")
def _jacobian(results: Results) -> Finding:
    outcome = results["checks-cec"]["state-jacobian"]
    apart = outcome["from_identity"].values()
    truncated = max(max(found["truncated"]) for found in apart)
    full = [distance for found in apart for distance in found["full"]]
    return Finding(
        f"Distance (Frobenius) of d s({outcome['steps']}) / d s(0) from the identity: "
        f"{truncated:.0e} under the truncated rule, {min(full):.2g} to {max(full):.2g} with the "
        f"full gradient, over {len(full)} random nets.",
        truncated < 1e-12 and min(full) > 0.1,
    )


@reading("parameter-table", "checks-gates")
def _weights(results: Results) -> Finding:
    found = results["checks-gates"]["weight-counts"]
    same = [name for name, count in PAPER_WEIGHTS.items() if found[name]["weights"] == count]
    counts = sorted({found[name]["weights"] for name in PAPER_WEIGHTS})
    return Finding(
        f"Nets built from the stated connectivity: {', '.join(f'{n:,}' for n in counts)} weights; "
        f"{len(same)} of {len(PAPER_WEIGHTS)} agree with the paper's tables.",
        len(same) == len(PAPER_WEIGHTS),
    )


@reading("gate-recurrence-omitted", "checks-gates")
def _gate_recurrence(results: Results) -> Finding:
    found = results["checks-gates"]["weight-counts"]
    names = ("reber-4x1", "adding", "order-4")
    said = ", ".join(
        f"{found[name]['weights']} and {found[name]['without_gate_recurrence']} ({name})"
        for name in names
    )
    return Finding(
        f"Weights with and without what gates tell other units: {said}. The paper has "
        f"{', '.join(str(PAPER_WEIGHTS[name]) for name in names)}.",
        all(
            found[name]["weights"] == PAPER_WEIGHTS[name] != found[name]["without_gate_recurrence"]
            for name in names
        ),
    )


@reading("block-code-shares-gates", "checks-gates")
def _shared(results: Results) -> Finding:
    found = results["checks-gates"]["shared-gates"]
    block, cell = found["per block"], found["per cell"]
    return Finding(
        f"Four cells in blocks of two have {block['gate_values']} gate values and the adding net "
        f"{block['weights']} weights (the paper's {PAPER_WEIGHTS['adding']}); with gates of its "
        f"own for every cell, {cell['gate_values']} and {cell['weights']}.",
        block["weights"] == PAPER_WEIGHTS["adding"]
        and block["gate_values"] < cell["gate_values"] == 2 * cell["cells"],
    )


@reading("bias-zero-almost-closed", "checks-gates")
def _half_open(results: Results) -> Finding:
    found = results["checks-gates"]["open-gates"]["open"]
    said = ", ".join(f"{bias}: {found[bias]:.2g}" for bias in by_number(found))
    return Finding(
        f"How open a gate is with zero weights, by its bias ({said}).", found["0"] == 0.5
    )


@reading("no-forget-gate-1997", "checks-gates")
def _no_forgetting(results: Results) -> Finding:
    outcome = results["checks-gates"]["forget-gate-of-one"]
    found = outcome["largest_difference"]
    return Finding(
        f"Outputs over {outcome['steps']} steps of torch's LSTM and of the 1997 update with tanh "
        f"differ by {found['50']:.0e} at most when a bias of 50 holds the forget gate at 1, by "
        f"{found['0']:.2g} when it is half open.",
        found["50"] < 1e-12 < 0.01 < found["0"],
    )


@reading("padding-final-state", "checks-gates")
def _padding(results: Results) -> Finding:
    outcome = results["checks-gates"]["padding"]
    shift = outcome["relative_shift"]
    return Finding(
        f"{outcome['padding']} zero embeddings behind three tokens move an LSTM's last forward "
        f"state by {mean(shift['torch']):.2f} of its norm (torch's LSTM, mean; ours "
        f"{mean(shift['ours']):.2f}); a classifier that is told the lengths moves by "
        f"{max(shift['told']):.0e}.",
        min(shift["torch"] + shift["ours"]) > 0.1 and max(shift["told"]) < 1e-12,
    )


@reading("truncation-one-step", "checks-truncated-bptt")
def _zero_steps(results: Results) -> Finding:
    found = results["checks-truncated-bptt"]["back-through"]["relative_difference"]
    return Finding(
        f"Largest difference between the paper's traces and autograd, relative to the largest "
        f"gradient, when error goes back through recurrent connections 0 steps: "
        f"{found['0 steps']:.0e}, 1 step: {found['1 step']:.2g}, all steps: "
        f"{found['all steps']:.2g}.",
        found["0 steps"] < 1e-12 and found["1 step"] > 1e-4,
    )


@reading("algorithm-memory-linear-in-units", "checks-truncated-bptt")
def _trace_memory(results: Results) -> Finding:
    found = results["checks-truncated-bptt"]["trace-memory"]
    pairs = zip(found["cells"], found["stored"], strict=True)
    said = ", ".join(f"{cells} cells: {stored:,}" for cells, stored in pairs)
    return Finding(
        f"Numbers stored as traces ({said}) grow as cells^{found['slope']:.2f}.",
        found["slope"] > 1.8,
    )


@reading("dense-permutation-invariant", "checks-transformer")
def _dense(results: Results) -> Finding:
    found = results["checks-transformer"]["dense"]["relative_change"]
    return Finding(
        f"Shuffled inputs change a random dense net's output by {min(found['dense']):.2f} to "
        f"{max(found['dense']):.2f} of its norm; with tied weights and a sum, by "
        f"{max(found['tied and summed']):.0e}.",
        min(found["dense"]) > 0.1 and max(found["tied and summed"]) < 1e-12,
    )


@reading("attention-equivariant", "checks-transformer")
def _equivariant(results: Results) -> Finding:
    found = results["checks-transformer"]["attention"]["largest_difference"]
    return Finding(
        f"Permuted tokens give permuted outputs to {max(found['no mask']):.0e} without a mask; "
        f"with a causal mask they differ by at least {min(found['causal mask']):.2f}.",
        max(found["no mask"]) < 1e-12 and min(found["causal mask"]) > 0.01,
    )


@reading("sinusoid-linear-shift", "checks-transformer")
def _shift(results: Results) -> Finding:
    found = results["checks-transformer"]["sinusoids"]
    by_formula = found["formula_error"]
    worst = max(by_formula.values())
    return Finding(
        f"One matrix moves the code by a fixed offset with an error of {worst:.0e} at most "
        f"(block rotation, widths {', '.join(by_number(by_formula))}); fitted on 50 positions and "
        f"tested beyond, {found['fitted_error']:.0e} at width 8.",
        worst < 1e-12 and found["fitted_error"] < 1e-9,
    )


@reading("rope-learned", "checks-transformer")
def _rotary(results: Results) -> Finding:
    found = results["checks-transformer"]["rotary"]
    return Finding(
        f"A rotary module has {found['weights']} trainable weights; scores at equal distance "
        f"agree to {found['spread_at_one_distance']:.0e} and range over "
        f"{found['spread_over_distances']:.1f} between distances.",
        found["weights"] == 0 and found["spread_at_one_distance"] < 1e-12,
    )


@reading("residual-is-cec", "checks-transformer")
def _residual(results: Results) -> Finding:
    checks = results["checks-transformer"]
    torch_start, xavier = (checks[f"depth-{name}-start"] for name in ("torch", "xavier"))
    depth = torch_start["depths"][-1]
    pre = [
        share for found in (torch_start, xavier) for row in found["carried"]["pre"] for share in row
    ]
    post, post_xavier = (mean(found["carried"]["post"][-1]) for found in (torch_start, xavier))
    low = {norm: mean(torch_start["lowest"][norm][-1]) for norm in ("pre", "post")}
    return Finding(
        f"Share of the gradient that the way around the sublayers carries down {depth} blocks: "
        f"pre-norm {min(pre):.3g}, post-norm {post:.2g} (torch's start) and {post_xavier:.1g} "
        f"(Xavier start). The whole gradient at the lowest block differs less: its norm is "
        f"{low['pre']:.0f} pre-norm and {low['post']:.0f} post-norm (torch's start).",
        max(abs(share - 1) for share in pre) < 1e-12 and post < 0.5 and post_xavier < 0.01,
    )


@reading("ssm-parallel-training", "checks-ssm")
def _three_forms(results: Results) -> Finding:
    found = results["checks-ssm"]["three-forms"]["largest_difference"]
    said = ", ".join(f"{name} {difference:.0e}" for name, difference in found.items())
    return Finding(
        f"Largest difference from the step-by-step recurrence: {said}.", max(found.values()) < 1e-8
    )


@reading("mamba-without-sigmoid", "checks-ssm")
def _selection(results: Results) -> Finding:
    found = results["checks-ssm"]["selection"]
    return Finding(
        f"exp(-softplus(z)) and 1 - sigmoid(z) differ by {found['keep']:.0e} at most; the system "
        f"discretised with step softplus(z) and the sigmoid-gated average have states within "
        f"{found['states']:.0e}.",
        found["keep"] < 1e-12 and found["states"] < 1e-6,
    )


@reading("reber-length-fifty", "checks-history")
def _reber(results: Results) -> Finding:
    found = results["checks-history"]["reber-lengths"]
    return Finding(
        f"{found['strings']:,} embedded Reber strings: mean length {found['mean']:.2f} (exactly "
        f"{found['exact_mean']:.4g}), {found['shortest']} to {found['longest']} symbols, share of "
        f"50 or more {found['share_50_or_more']:.1g} (exactly "
        f"{found['exact_share_50_or_more']:.2g}).",
        abs(found["mean"] - 12) < 0.2
        and found["shortest"] == 9
        and found["share_50_or_more"] < 1e-3,
    )


@reading("rtrl-five-million-reber", "checks-history")
def _two_sequences(results: Results) -> Finding:
    history = results["checks-history"]
    shares, said = {}, []
    for p in (4, 10):
        start = f"p{p}-rate"
        found = {key.removeprefix(start): row for key, row in history.items() if start in key}
        shares[p] = sum(row["solved"] for row in found.values())
        by_rate = ", ".join(
            f"{found[rate]['solved']}/{found[rate]['of']} at rate {rate}"
            for rate in reversed(by_number(found))
        )
        said.append(f"p = {p}: {by_rate}")
    budget = max(row["budget"] for row in history.values() if "budget" in row)
    return Finding(
        f"Task 2a (two sequences, not Reber), one recurrent unit by RTRL, within {budget:,} "
        f"sequences: {'; '.join(said)}.",
        shares[4] > 0 and shares[10] == 0,
    )


def by_number(keys: Iterable[str]) -> list[str]:
    """Return keys that are numbers, the largest first."""
    return sorted(keys, key=float, reverse=True)


def mean(numbers: Iterable[float]) -> float:
    """Return the mean."""
    numbers = list(numbers)
    return sum(numbers) / len(numbers)

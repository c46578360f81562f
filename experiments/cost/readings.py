"""What the results of cost say about the claims of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.harness.registry import Finding, Outcome, reading

Results = Mapping[str, Mapping[str, Outcome]]


def at(outcome: Outcome, size: int) -> dict[str, Any]:
    """Return the point of a sweep at one size."""
    return next(point for point in outcome["points"] if point["size"] == size)


@reading("sequential-therefore-unparallel", "cost-scan", "cost-depth")
def _parallel(results: Results) -> Finding:
    found, depth = results["cost-scan"]["doubling"], results["cost-depth"]
    steps = {name: depth[name]["counted"]["1024"] for name in ("LSTM", "minGRU")}
    return Finding(
        f"257 steps of h = a h + b by doubling: {found['rounds']} rounds, largest difference from "
        f"the step-by-step result {found['difference']:.1e}. Serial steps at T = 1024: minGRU "
        f"{steps['minGRU']:,}, LSTM (non-linear feedback) {steps['LSTM']:,}.",
        found["rounds"] == 9
        and found["difference"] < 1e-12
        and steps["minGRU"] < 0.05 * steps["LSTM"],
    )


@reading("minimal-rnns", "cost-scan")
def _minimal(results: Results) -> Finding:
    parts, agrees = [], True
    for name in ("minGRU", "minLSTM"):
        found = results["cost-scan"][name]
        ratios = [point["loop"] / point["scan"] for point in found["points"]]
        first, last = found["points"][0]["size"], found["points"][-1]["size"]
        parts.append(
            f"{name} by scan is {ratios[0]:.1f} times as fast as by loop at T = {first} and "
            f"{ratios[-1]:.1f} times at T = {last} (outputs differ by {found['difference']:.0e})"
        )
        agrees &= found["difference"] < 1e-12 and min(ratios) > 2
    return Finding("Forward and backward on one CPU thread: " + "; ".join(parts) + ".", agrees)


@reading("backward-faster-than-vanilla", "cost-backward")
def _backward_pass(results: Results) -> Finding:
    found = results["cost-backward"]["loops"]
    times, work = found["time_ratio"], found["work_ratio"]
    loops = {
        f"{rule}, {where}": times[f"{rule}, {where}"]
        for where in ("equal width", "equal weights")
        for rule in ("full gradient", "truncated rule, loop")
    }
    said = ", ".join(f"{ratio:.1f} ({name})" for name, ratio in loops.items())
    one_pass = "truncated rule, equal weights"
    return Finding(
        f"Backward pass of a loop over time, as a multiple of a tanh net's: {said}. The claim "
        f"has a core under truncation: at equal weights the products take {work[one_pass]:.2f} "
        f"of the tanh net's multiplications, and recorded as one pass over all steps instead of "
        f"a loop, {times[one_pass]:.2f} of its time.",
        min(loops.values()) > 1 > max(times[one_pass], work[one_pass]),
    )


@reading("rtrl-quartic", "cost-rtrl")
def _quartic(results: Results) -> Finding:
    found = results["cost-rtrl"]["growth"]
    ours, theirs = found["slopes"]["1997"], found["slopes"]["RTRL"]
    n, m = found["units"][-2:]
    return Finding(
        f"From {n} to {m} units RTRL's multiplications grow as n^{theirs['multiplications']:.2f}, "
        f"its time per step as n^{theirs['seconds']:.2f} (over all sizes from "
        f"{found['units'][0]}: n^{theirs['seconds, all']:.2f}), what it stores as "
        f"n^{theirs['stored']:.2f}; the rule of 1997: multiplications "
        f"n^{ours['multiplications']:.2f}, stored traces n^{ours['stored']:.2f}.",
        abs(theirs["multiplications"] - 4) < 0.15
        and abs(theirs["stored"] - 3) < 0.15
        and abs(ours["multiplications"] - 2) < 0.15
        and theirs["seconds"] > 2.5,
    )


@reading("attention-memory-quadratic", "cost-attention")
def _quadratic(results: Results) -> Finding:
    found = results["cost-attention"]["growth"]
    growth, last = found["growth"], found["points"][-1]
    return Finding(
        f"Peak memory of one head, forward and backward, grows as "
        f"T^{growth['full peak_bytes']:.2f} with all scores stored and as "
        f"T^{growth['chunked peak_bytes']:.2f} in chunks; at T = {last['size']:,} "
        f"{last['full peak_bytes'] / 2**20:.0f} against {last['chunked peak_bytes'] / 2**20:.0f} "
        f"MiB. The outputs differ by {found['difference']:.0e} at most (single precision).",
        growth["full peak_bytes"] > 1.8
        and growth["chunked peak_bytes"] < 1.2
        and found["difference"] < 1e-6,
    )


@reading("reads-all-at-once", "cost-serial")
def _at_once(results: Results) -> Finding:
    found = results["cost-serial"]["calls"]
    calls, steps = found["calls"], found["serial_steps"]
    return Finding(
        f"A causal transformer scores {found['tokens']} given tokens in {calls['score']} call "
        f"({steps['score']} serial steps) and generates them in {calls['generate']} "
        f"({steps['generate']:,}), with the same logits to {found['difference']:.0e}.",
        calls == {"score": 1, "generate": found["tokens"]},
    )


@reading("lstm-memory-order-n", "cost-serial")
def _order_n(results: Results) -> Finding:
    found = results["cost-serial"]["state"]
    lstm, cache = found["LSTM"], found["attention"]
    first, last = found["lengths"][0], found["lengths"][-1]
    return Finding(
        f"After {first} and {last} tokens an LSTM remembers {lstm['state'][0]:,} and "
        f"{lstm['state'][-1]:,} bytes, a key-value cache {cache['state'][0]:,} and "
        f"{cache['state'][-1]:,}. What training keeps of the LSTM grows, from "
        f"{lstm['training'][0]:,} to {lstm['training'][-1]:,}.",
        len(set(lstm["state"])) == 1
        and cache["state"][-1] * first == cache["state"][0] * last
        and lstm["training"][-1] > 10 * lstm["training"][0],
    )


@reading("transformer-waits-for-window", "cost-generation", "cost-serial")
def _waits(results: Results) -> Finding:
    generation, calls = results["cost-generation"], results["cost-serial"]["calls"]
    ratios, times = {}, {}
    for name in ("LSTM", "attention"):
        early, late = (at(generation[name], n)["seconds_per_token"] for n in (100, 3200))
        ratios[name], times[name] = late / early, (1e6 * early, 1e6 * late)
    waited = calls["tokens"] - 1 - calls["outputs_before_the_last_token"]
    return Finding(
        f"A cached causal transformer put out {calls['outputs_before_the_last_token']} results "
        f"before it had read the last of {calls['tokens']} tokens. Per new token at context 100 "
        f"and 3,200: LSTM {times['LSTM'][0]:.0f} and {times['LSTM'][1]:.0f} us, cached attention "
        f"{times['attention'][0]:.0f} and {times['attention'][1]:.0f} us.",
        waited == 0
        and calls["difference"] < 1e-9
        and ratios["LSTM"] < 1.3
        and ratios["attention"] > 1.5,
    )


@reading("constant-cost-streaming", "cost-generation")
def _streaming(results: Results) -> Finding:
    points = results["cost-generation"]["LSTM"]["points"]
    first, last = points[0], points[-1]
    ratio = last["seconds_per_token"] / first["seconds_per_token"]
    return Finding(
        f"An LSTM step takes {1e6 * first['seconds_per_token']:.1f} us after {first['size']} "
        f"tokens and {1e6 * last['seconds_per_token']:.1f} us after {last['size']:,} "
        f"(ratio {ratio:.3f}).",
        0.8 < ratio < 1.25 and first["state_bytes"] == last["state_bytes"],
    )


@reading("gru-quarter-fewer", "cost-parameters")
def _quarter(results: Results) -> Finding:
    counts = {name: outcome["weights"] for name, outcome in results["cost-parameters"].items()}
    ours = counts["GRU"] / counts["LSTM"]
    theirs = counts["torch GRU"] / counts["torch LSTM"]
    return Finding(
        f"At equal width a GRU has {ours:.4f} of an LSTM's weights; torch's, from 100 to 256: "
        f"{counts['torch GRU']:,} and {counts['torch LSTM']:,} ({theirs:.4f}).",
        ours == 0.75 and theirs == 0.75,
    )

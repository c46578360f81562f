"""What the limits that training shows, and the scaling of small models, say of the claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean, median
from typing import Any

from experiments.harness.registry import Finding, Outcome, reading
from experiments.instruments.power_law import laws
from experiments.learned.rows import FLAT, POSITIONS

Results = Mapping[str, Mapping[str, Outcome]]
EARLY = 8  # characters: the end of the octave that counts as the beginning of a text


def of_kind(trials: Mapping[str, Outcome], key: str, value: Any) -> list[Outcome]:
    """Return the trials whose parameter ``key`` is ``value``."""
    return [outcome for outcome in trials.values() if outcome["parameters"][key] == value]


def listed(numbers: Iterable[float], form: str = ",.0f") -> str:
    """Return numbers as words: "1, 2 and 3"."""
    *rest, last = [format(number, form) for number in numbers]
    return f"{', '.join(rest)} and {last}" if rest else last


@reading("lstm-never-scaled", "limits-per-position", "scaling")
def read_never_scaled(results: Results) -> Finding:
    """No wall in parameters where we can look; what the LSTM misses is far context.

    Equal on early characters and behind on later ones (by more than a difference that does not
    count), flat no later than the transformer, and still falling with parameters.
    """
    lstm, transformer = (
        of_kind(results["limits-per-position"], "kind", kind) for kind in ("lstm", "transformer")
    )
    reach = [[outcome["reach"] for outcome in outcomes] for outcomes in (lstm, transformer)]
    ends = lstm[0]["positions"]
    early, last = ends.index(EARLY), len(ends) - 1
    behind = [
        mean(o["loss"][place] for o in lstm) - mean(o["loss"][place] for o in transformer)
        for place in (early, last)
    ]
    line = laws(results["scaling"])["lstm"]["line"]
    return Finding(
        f"Of {lstm[0]['weights']:,} and {transformer[0]['weights']:,} parameters, trained on "
        f"{lstm[0]['characters_read']:,} characters, the LSTM's loss is flat after "
        f"{listed(reach[0])} characters of context and the transformer's after "
        f"{listed(reach[1])}. The LSTM's is {behind[0]:+.3f} nats from the transformer's at "
        f"positions {ends[early - 1] + 1} to {EARLY} and {behind[1]:+.3f} at the last ones, up to "
        f"{ends[last]}. From {line['smallest']:,} to {line['largest']:,} parameters it falls as "
        f"N^-{line['b']:.3f} (± {line['b_error']:.3f}): no wall within this range, which ends far "
        "below the claim's.",
        agrees=line["b"] > 2 * line["b_error"]
        and mean(reach[0]) <= mean(reach[1])
        and behind[1] - behind[0] > FLAT,
    )


@reading("sinusoid-generalises", "limits-length")
def read_sinusoid(results: Results) -> Finding:
    """The loss must rise past the trained length."""
    kinds = {kind: of_kind(results["limits-length"], "positions", kind) for kind in POSITIONS}
    rises = {
        kind: [mean(values) for values in zip(*(o["rise"] for o in outcomes), strict=True)]
        for kind, outcomes in kinds.items()
    }
    sinusoidal = kinds["sinusoidal"]
    longer = sinusoidal[0]["longer"]
    by_length = ", ".join(
        f"{rise:+.2f} up to {length}"
        for length, rise in zip(longer, rises["sinusoidal"], strict=True)
    )
    others = ", ".join(f"{kind} {rises[kind][-1]:+.2f}" for kind in POSITIONS[1:])
    return Finding(
        f"Trained on {sinusoidal[0]['parameters']['trained']} characters, the transformer with "
        f"sinusoids has a loss of {mean(o['trained'] for o in sinusoidal):.2f} nats at the end of "
        f"the trained length, and after it {by_length} (runs: {len(sinusoidal)}). Up to "
        f"{longer[-1]} the others change by: {others}.",
        agrees=all(outcome["rise"][-1] > 2 * FLAT for outcome in sinusoidal),
    )


@reading("transformers-fix-everything", "limits-state-tracking")
def read_tracking(results: Results) -> Finding:
    """Some recurrent net must solve what no transformer does."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in results["limits-state-tracking"].values():
        groups.setdefault(outcome["parameters"]["group"], []).append(outcome)
    parts, beaten = [], False
    for group, outcomes in groups.items():
        (lstm,) = (o for o in outcomes if o["parameters"]["kind"] == "lstm")
        transformers = [o for o in outcomes if o["parameters"]["kind"] == "transformer"]
        best = max(o["solved"] for o in transformers)
        beaten |= lstm["solved"] == lstm["of"] and best == 0
        seeds = [seed for o in transformers for seed in o["seeds"]]
        within, after = (
            max(seed[f"accuracy_{part}"] for seed in seeds) for part in ("trained", "longer")
        )
        parts.append(
            f"{group} ({lstm['budget']:,} words): LSTM {lstm['solved']} of {lstm['of']}, "
            f"transformer {best} of {lstm['of']} (at best {within:.0%} right within the trained "
            f"length, {after:.0%} after it)"
        )
    p = lstm["parameters"]
    return Finding(
        f"Trained on {p['length']} steps and tested up to {p['tested']}, seeds that solve it: "
        f"{'; '.join(parts)}.",
        agrees=beaten,
    )


@reading("gru-proved-redundancy", "limits-counting")
def read_counting(results: Results) -> Finding:
    """The LSTM must count further than the GRU."""
    trials = results["limits-counting"]
    longest = {
        kind: sorted(seed["longest"] for seed in outcome["seeds"])
        for kind, outcome in trials.items()
    }
    p, gru = trials["lstm"]["parameters"], trials["gru"]
    return Finding(
        f"Trained on a^n b^n up to n = {p['trained']} with {p['units']} units and tested to "
        f"{p['tested']}, the LSTM is right up to n = {listed(longest['lstm'])}, the GRU up to "
        f"{listed(longest['gru'])} ({gru['learned']} of {gru['of']} GRUs learned the trained n "
        f"within {gru['budget']:,} strings).",
        agrees=median(longest["lstm"]) > max(p["trained"], median(longest["gru"])),
    )


@reading("no-incontext-lstm", "limits-in-context")
def read_in_context(results: Results) -> Finding:
    """The error on the k-th pair must fall with k."""
    parts, falls = [], True
    for outcome in results["limits-in-context"].values():
        errors = [seed["error"] for seed in outcome["seeds"]]
        dim = outcome["parameters"]["dim"]
        falls &= all(e[-1] < e[dim] < e[0] / 2 for e in errors)
        first, next_, last = (mean(e[k] for e in errors) for k in (0, dim, -1))
        parts.append(
            f"in {dim} dimension{'s' if dim > 1 else ''} {first:.2f} on the first pair, "
            f"{next_:.3f} on pair {dim + 1} and {last:.4f} on pair {len(errors[0])}"
        )
    return Finding(
        "With a new w in every sequence and weights fixed, the LSTM's mean squared error is "
        + "; ".join(parts)
        + ".",
        agrees=falls,
    )


@reading("cnn-local-only", "limits-convolution")
def read_convolution(results: Results) -> Finding:
    """Eight dilated layers must see 256 steps and learn adding over 200."""
    short, long = (
        results["limits-convolution"]["layers-7"],
        results["limits-convolution"]["layers-8"],
    )
    errors = [mean(seed["error"] for seed in outcome["seeds"]) for outcome in (short, long)]
    return Finding(
        f"{long['parameters']['layers']} dilated layers with kernel 2 see "
        f"{long['receptive_field']} steps; {long['solved']} of {long['of']} learn adding over "
        f"{long['parameters']['time']} steps (mean squared error {errors[1]:.4f}). With "
        f"{short['parameters']['layers']} layers, which see {short['receptive_field']}, the error "
        f"is {errors[0]:.3f}.",
        agrees=long["receptive_field"] >= 256 and long["solved"] == long["of"],
    )

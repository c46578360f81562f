"""Rows and readings of the experiments on memories of fixed size."""

from __future__ import annotations

import json

import pytest
import torch

from experiments.harness.registry import experiments, readings
from experiments.memory import gradient_reach, quotes, recall, rows
from experiments.memory.readings import no_direct_access
from solutions import attention

OURS = (
    "gradient-by-lag",
    "recall",
    "reversal",
    "letters-to-sound",
    "attention-as-explanation",
    "continual-reber",
    "state-drift",
    "cell-meaning",
)


@pytest.mark.parametrize("name", [f"limits-{name}" for name in OURS])
def test_rows_are_plain_and_quick_ones_take_three_seeds(name: str) -> None:
    experiment = experiments()[name]
    for quick in (True, False):
        trials = experiment.trials(quick)
        assert len({trial.key for trial in trials}) == len(trials)
        for trial in trials:
            assert json.loads(json.dumps(trial.parameters)) == trial.parameters
    seeds = [trial.parameters.get("seeds", trial.parameters.get("seed")) for trial in trials]
    assert all(seed == list(range(len(seed))) for seed in seeds if isinstance(seed, list))
    quick = [trial.parameters for trial in experiment.trials(True)]
    assert {s for p in quick for s in p.get("seeds", [p.get("seed")])} == {0, 1, 2}


def test_a_reading_can_disagree() -> None:
    def outcome(attention: float) -> dict[str, object]:
        found = {"accuracy": [1.0, 0.3], "pairs": [4, 64], "state_bytes": [512, 8192]}
        return {
            f"{layer}-seed{s}": {**found, "accuracy": [1.0, attention]}
            if layer == "attention"
            else found
            for layer in rows.RATES
            for s in range(2)
        }

    read = no_direct_access
    assert read({"limits-recall": outcome(0.99)}).agrees
    assert not read({"limits-recall": outcome(0.5)}).agrees
    assert "attention 1.00 to 0.99" in read({"limits-recall": outcome(0.99)}).text
    claims = {"vanishing-solved", "monotone-cell", "attention-patch", "uninterpretable-cells"}
    assert claims < set(readings())


def test_the_cell_path_has_the_forget_gate_as_its_only_factor() -> None:
    torch.manual_seed(0)
    cut = gradient_reach.CellPathLSTM(3, 5, forget_bias=1.0).double()
    whole = gradient_reach.LSTM(3, 5).double()
    whole.load_state_dict(cut.state_dict())
    x = torch.randn(2, 9, 3, dtype=torch.float64)
    assert torch.allclose(cut(x)[0], whole(x)[0])  # same outputs, another gradient
    p = {"layer": "lstm-cell-path-3", "seeds": [0], "width": 16, "batch": 4}
    slope = gradient_reach.run({**p, "longest": 60, "first": 10}, "cpu")["slope"]
    assert slope == pytest.approx(-0.0486, abs=0.02)
    assert gradient_reach.slope([0.5**k for k in range(30)], 3) == pytest.approx(-0.6931, abs=1e-4)


def test_lists_ask_for_keys_they_hold() -> None:
    lists = recall.draw(50, 6, 4, 20, 8, torch.Generator().manual_seed(0))
    assert lists.keys.shape == lists.values.shape == (50, 10)
    assert lists.answers.shape == (50, 4)
    assert (lists.values[:, 6:] == 8).all()
    for keys, values, answers in zip(*lists, strict=True):
        known = dict(zip(keys[:6].tolist(), values[:6].tolist(), strict=True))
        assert len(known) == 6
        assert [known[k] for k in keys[6:].tolist()] == answers.tolist()


def test_all_but_attention_have_a_kibibyte_of_state() -> None:
    for layer in recall.LAYERS:
        numbers = recall.state_numbers(layer, 4), recall.state_numbers(layer, 12)
        if layer == "attention":
            assert numbers[1] == 3 * numbers[0]
            assert isinstance(recall.LAYERS[layer]()[0], attention.MultiHeadAttention)
        else:
            assert numbers[0] == numbers[1]
            assert 256 <= numbers[0] < 1.07 * 256


def test_attention_recalls_after_little_training_and_comes_out_the_same_twice() -> None:
    p = {"layer": "attention", "seed": 0, "rate": 0.01, "keys": 8, "values": 4, "pairs": [3, 6]}
    p |= {"queries": 4, "batch": 16, "steps": 120, "test_count": 100}
    first = recall.run(p, "cpu")
    assert min(first["accuracy"]) > 0.9
    assert recall.run({**p, "steps": 20}, "cpu") == recall.run({**p, "steps": 20}, "cpu")


def test_quotations_open_and_close_where_they_may() -> None:
    text = quotes.quoted_text(3000, torch.Generator().manual_seed(0), 0.3, 0.3)
    written = bytes(text.tolist()).decode()
    flag = quotes.inside_quotes(text).tolist()
    for before, mark, after, inside in zip(
        written, written[1:], written[2:], flag[1:], strict=False
    ):
        if mark == '"':  # an opening one stands before a word, a closing one behind
            assert (before == " ", after == " ") == (inside, not inside)
    words = [set(part.split()) for part in written.split('"')]
    assert set().union(*words[1::2]).isdisjoint(quotes.TOLD)
    pieces = quotes.draw(text, 40, 30, torch.Generator().manual_seed(1))
    assert pieces.shape == (40, 30)
    first = [bytes(piece.tolist()).decode().split()[0].strip('"') for piece in pieces]
    assert set(first) <= {*quotes.SHARED, *quotes.TOLD, *quotes.SPOKEN}


def test_cell_states_are_those_of_the_trained_lstm() -> None:
    torch.manual_seed(0)
    model = quotes.CharacterLM(6, 4)
    text = torch.randint(0, 128, (2, 9))
    c = quotes.cell_states(model, text)
    with torch.no_grad():
        _, (_, last) = model.lstm(model.embedding(text))
    assert torch.allclose(c[:, -1], last[0], atol=1e-6)
    text[:, 2::3] = quotes.QUOTE
    assert (quotes.correlations(model, text) <= 1).all()

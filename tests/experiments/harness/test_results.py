"""Results on disk: provenance, staleness, going on after a stop, and the tables made from them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from codehash import Code, File
from experiments.__main__ import app
from experiments.harness import ledger, outcomes, registry, results, runner
from experiments.harness.registry import Experiment, Finding, Outcome, Parameters
from tests.experiments.harness import tiny

Calls = list[int]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Calls:
    """Make results go to an empty folder, and 'tiny' the only experiment; note its runs."""
    made = Experiment("tiny", "checks", "a test", tiny.run, tiny.rows, 0.1)
    tiny.SEEN.clear()
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr("experiments.__main__.RESULTS", tmp_path)
    monkeypatch.setattr(registry, "MODULES", ())
    monkeypatch.setattr(registry, "_EXPERIMENTS", {"tiny": made})
    return tiny.SEEN


def run(*arguments: str) -> str:
    """Run the command line in this process; return what it printed."""
    result = CliRunner().invoke(app, [*arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def test_a_finished_trial_is_not_run_again(calls: Calls) -> None:
    run("run", "tiny", "--jobs", "1")
    run("run", "tiny", "--jobs", "1")
    assert calls == [0, 1, 2]


def test_a_finished_trial_is_run_again_when_asked(calls: Calls) -> None:
    run("run", "tiny", "--jobs", "1")
    run("run", "--again", "tiny", "--jobs", "1")
    assert calls == [0, 1, 2, 0, 1, 2]
    assert run("check").endswith("results=1 stale=0\n")


def test_a_stopped_run_goes_on_where_it_was(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny, "STOPPED_AT", [1])
    assert "goes on" in run("run", "tiny", "--jobs", "1")
    monkeypatch.setattr(tiny, "STOPPED_AT", [])
    run("run", "tiny", "--jobs", "1")
    assert calls == [0, 1, 2]
    monkeypatch.setattr(tiny, "STOPPED_AT", [1])
    assert "without --again" in run("run", "--again", "tiny", "--jobs", "1")


def test_quick_results_stay_apart(calls: Calls, tmp_path: Path) -> None:
    run("run", "tiny", "--quick", "--jobs", "1")
    assert [file.name for file in tmp_path.rglob("*.json")] == ["tiny.json"]
    assert (tmp_path / "quick" / "tiny.json").exists()
    assert calls == [0]


def test_a_result_says_where_it_comes_from(calls: Calls) -> None:
    run("run", "tiny", "--jobs", "1")
    result = results.load("tiny", quick=False)
    assert result is not None
    assert result.code.startswith("run ")
    assert list(result.files) == ["tests/experiments/harness/tiny.py"]
    record = result.trials["seed2"]
    assert record.parameters == {"seed": 2, "size": [1, 2]}
    assert record.made.command.startswith("python -m experiments")
    assert record.made.device
    assert record.made.revision
    assert record.made.seconds is not None
    assert set(record.made.versions) == {"python", "torch", "numpy", "numba"}


def test_each_trial_says_how_it_was_made(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    run("run", "tiny", "--jobs", "1")
    keep_only(["seed0", "seed1"])
    monkeypatch.setattr(results, "revision", lambda: "later")
    run("run", "tiny", "--jobs", "1")
    result = results.load("tiny", quick=False)
    assert result is not None
    made = [record.made.revision == "later" for record in result.trials.values()]
    assert made == [False, False, True]


def keep_only(names: list[str]) -> None:
    """Forget the other trials of 'tiny'."""
    result = results.load("tiny", quick=False)
    assert result is not None
    result.trials = {name: result.trials[name] for name in names}
    results.save(result)


def test_changed_code_makes_a_result_stale(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    run("run", "tiny", "--jobs", "1")
    assert "results=1 stale=0" in run("check")
    monkeypatch.setattr(
        results, "code", lambda: Changed(results.ROOT, results.PACKAGES, results.PLUMBING)
    )
    output = run("check")
    assert "tiny: tests/experiments/harness/tiny.py has changed" in output
    assert "stale=0" not in output
    run("run", "tiny", "--jobs", "1")
    assert calls == [0, 1, 2] * 2


class Changed(Code):
    """Code in which one file is not as it was."""

    def _read(self, name: str) -> File:
        file = super()._read(name)
        return file._replace(own="other") if name.endswith("tiny.py") else file


def test_changed_settings_make_a_trial_stale(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    run("run", "tiny", "--jobs", "1")
    experiment = registry.experiments()["tiny"]
    other = {"seed0": {"seed": 0, "size": (1, 3)}, "seed1": {"seed": 1, "size": (1, 2)}}
    changed = Experiment(**{**vars(experiment), "rows": lambda quick: other})
    monkeypatch.setattr(registry, "_EXPERIMENTS", {"tiny": changed})
    assert "trial seed0 has changed" in run("check")
    run("run", "tiny", "--jobs", "1")
    assert calls == [0, 1, 2, 0]


@pytest.mark.parametrize(("size", "seconds"), [((1, 2), 1000.0), ((1, 3), 0.0)])
def test_time_of_trials_that_all_fell_away_is_not_counted(
    calls: Calls, size: tuple[int, int], seconds: float
) -> None:
    run("run", "tiny", "--jobs", "1")
    result = results.load("tiny", quick=False)
    assert result is not None
    result.earlier_wall_s = 1000.0  # as of trials from when a file had one stamp
    for record in result.trials.values():
        record.made.seconds = None
    results.save(result)
    trials = {"seed0": {"seed": 0, "size": size}}
    experiment = registry.experiments()["tiny"]
    changed = Experiment(**{**vars(experiment), "rows": lambda quick: trials})
    assert runner.current(changed, quick=False).wall_s == seconds


def test_a_number_that_json_does_not_have_is_recorded_as_none(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tiny, "OUTCOME", {"loss": math.nan, "curve": (math.inf, 1.0)})
    run("run", "tiny", "--jobs", "1")
    text = (tmp_path / "tiny.json").read_text()
    (first, *_) = json.loads(text, parse_constant=refuse)["trials"].values()
    assert first["outcome"] == {"loss": None, "curve": [None, 1.0]}


def test_a_parameter_that_json_does_not_have_is_refused_before_any_work(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = registry.experiments()["tiny"]
    trials = {"seed0": {"seed": 0}, "seed1": {"seed": 1, "bound": math.inf}}
    endless = Experiment(**{**vars(experiment), "rows": lambda quick: trials})
    with pytest.raises(ValueError, match="JSON"):
        runner.run([endless], quick=False, device="cpu", jobs=1, command="a test")
    assert calls == []


def refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def test_every_committed_result_is_json() -> None:
    for file in sorted(results.RESULTS.glob("*.json")):
        json.loads(file.read_text(), parse_constant=refuse)


def test_what_runs_is_a_function_of_a_module(calls: Calls) -> None:
    """A function inside another knows more than its parameters, and no key covers that."""

    def inside(parameters: Parameters, device: str) -> Outcome:
        return {"calls": len(calls)}

    with pytest.raises(ValueError, match="no function of the module"):
        registry.register("another", "checks", "a test", inside, tiny.rows, 0.1)
    registry.register("another", "checks", "a test", tiny.run, tiny.rows, 0.1)


def test_a_broken_result_is_named(calls: Calls, tmp_path: Path) -> None:
    (tmp_path / "tiny.json").write_text("{")
    with pytest.raises(ValueError, match=r"tiny\.json is not a result.*Delete it"):
        runner.current(registry.experiments()["tiny"], quick=False)


def test_an_unknown_name_is_refused() -> None:
    result = CliRunner().invoke(app, ["run", "no-such-thing"])
    assert result.exit_code == 2
    assert "no-such-thing" in result.output


@pytest.mark.parametrize(
    ("solved", "status", "words"),
    [
        ([True, True], outcomes.MEASURED, "2/2, mean 30 sequences"),
        ([True, False], outcomes.MEASURED, "1/2, mean 20 sequences; the others not within 90"),
        ([False, False], outcomes.OVER_BUDGET, "0/2, not within 90 sequences"),
    ],
)
def test_a_cell_never_says_zero_without_its_budget(
    solved: list[bool], status: str, words: str
) -> None:
    seeds = [{"solved": s, "sequences": 20 * (k + 1)} for k, s in enumerate(solved)]
    assert outcomes.describe([{"budget": 90, "seeds": seeds}]) == (status, words)


def test_a_cell_without_a_result_is_missing() -> None:
    assert outcomes.describe([])[0] == outcomes.MISSING


def test_every_measurable_claim_has_a_place_where_it_is_measured() -> None:
    nowhere = [status.claim for status in ledger.statuses(quick=True) if status.where == "nowhere"]
    assert nowhere == []


def test_no_claim_is_measured_twice() -> None:
    assert not set(registry.readings()) & set(ledger.cells())


def test_a_reading_needs_all_trials(calls: Calls) -> None:
    def read(trials: Any) -> Finding:
        return Finding(f"{len(trials['tiny'])} trials", True)

    assert ledger.find(("tiny",), read, quick=False) is None
    run("run", "tiny", "--jobs", "1")
    finding = ledger.find(("tiny",), read, quick=False)
    assert finding == Finding("3 trials", True)


def test_no_committed_result_is_stale() -> None:
    assert CliRunner().invoke(app, ["check"]).exit_code == 0

"""Run the trials of experiments, in as many processes as there are cores, and keep each result.

A trial that has been recorded by the same code is not run again, so a run that was stopped, by
Ctrl-C or a power cut, goes on with the same command.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import chain

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from experiments.harness.registry import Experiment, Outcome, Trial, experiments
from experiments.harness.results import (
    Record,
    Result,
    device_name,
    files,
    finite,
    key,
    load,
    made,
    plain,
    save,
)

Job = tuple[str, Trial]


def run(
    chosen: Sequence[Experiment],
    *,
    quick: bool,
    device: str,
    jobs: int,
    command: str,
    again: bool = False,
) -> list[Result]:
    """Run every trial that is missing or stale, or all ``again``; return the results, complete."""
    results = {e.name: Result(e.name, quick) if again else current(e, quick) for e in chosen}
    todo = [
        (experiment.name, trial)
        for experiment in chosen
        for trial in experiment.trials(quick)
        if trial.key not in results[experiment.name].trials
    ]
    by_name = {experiment.name: experiment for experiment in chosen}
    for _, trial in todo:
        plain(trial.parameters)  # what JSON cannot hold is refused before any work
    words = device_name(device)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress:
        bar = progress.add_task("trials", total=len(todo))
        # What measures time runs last and alone: a busy neighbour would be measured too.
        timed = [job for job in todo if by_name[job[0]].timed]
        others = [job for job in todo if not by_name[job[0]].timed]
        done = chain(outcomes(others, device, jobs), outcomes(timed, device, 1))
        for (name, trial), outcome, seconds in done:
            result = results[name]
            result.code, result.files = key(by_name[name]), files(by_name[name])
            how = made(command, words, seconds)
            result.trials[trial.key] = Record(plain(trial.parameters), finite(outcome), how)
            save(result)
            progress.update(bar, advance=1, description=f"{name} {trial.key}")
    return list(results.values())


def current(experiment: Experiment, quick: bool) -> Result:
    """Return what is known: trials with today's parameters, made by today's code."""
    result = load(experiment.name, quick)
    if result is None or result.code != key(experiment):
        return Result(experiment.name, quick)
    wanted = {trial.key: trial.parameters for trial in experiment.trials(quick)}
    result.trials = {
        name: record
        for name, record in result.trials.items()
        if name in wanted and plain(wanted[name]) == record.parameters
    }
    if all(record.made.seconds is not None for record in result.trials.values()):
        result.earlier_wall_s = 0.0  # none is left of the trials that it counts
    return result


def complete(experiment: Experiment, quick: bool) -> dict[str, Outcome]:
    """Return all outcomes of an experiment by trial, or nothing when one is missing or stale.

    An outcome holds its trial's ``parameters`` too.
    """
    done = outcomes_of(current(experiment, quick))
    names = [trial.key for trial in experiment.trials(quick)]
    return {name: done[name] for name in names} if all(name in done for name in names) else {}


def outcomes_of(result: Result) -> dict[str, Outcome]:
    """Return what came out by trial, each with its parameters."""
    return {
        name: {**record.outcome, "parameters": record.parameters}
        for name, record in result.trials.items()
    }


def changed(result: Result, experiment: Experiment) -> list[str]:
    """Return what is not as it was when a result was made: source files, or trials' settings."""
    return changed_code(result, experiment) + changed_trials(result, experiment)


def changed_code(result: Result, experiment: Experiment) -> list[str]:
    """Return the files that are not as they were, or what else has changed in what runs."""
    if result.code == key(experiment):
        return []
    known = set(result.files.values())
    return [name for name, own in files(experiment).items() if own not in known] or [
        f"what {experiment.run.__module__}.{experiment.run.__name__} is made of"
    ]


def changed_trials(result: Result, experiment: Experiment) -> list[str]:
    """Return the trials that are no more, or have other parameters today."""
    wanted = {trial.key: plain(trial.parameters) for trial in experiment.trials(result.quick)}
    return [
        f"trial {name}"
        for name, record in result.trials.items()
        if wanted.get(name) != record.parameters
    ]


def outcomes(todo: Sequence[Job], device: str, jobs: int) -> Iterator[tuple[Job, Outcome, float]]:
    """Yield outcomes as they come; one process on a GPU, where trials share the device."""
    if jobs == 1 or device != "cpu":
        threads = torch.get_num_threads()
        if device == "cpu":
            torch.set_num_threads(1)
        try:
            for job in todo:
                yield job, *run_trial(job, device)
        finally:
            torch.set_num_threads(threads)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=prepare_worker) as pool:
        waiting: dict[Future[tuple[Outcome, float]], Job] = {}
        queue = iter(todo)
        try:
            while True:
                # Few in flight, so that Ctrl-C loses little.
                for job in queue:
                    waiting[pool.submit(run_trial, job, device)] = job
                    if len(waiting) >= 2 * jobs:
                        break
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    job = waiting.pop(future)
                    yield job, *future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def prepare_worker() -> None:
    """Give a worker one thread (trials, not matrix products, share the cores); leave Ctrl-C be.

    The parent process hears Ctrl-C and ends its workers.
    """
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_trial(job: Job, device: str) -> tuple[Outcome, float]:
    """Run one trial; return its outcome and how long it took."""
    name, trial = job
    started = time.perf_counter()
    outcome = experiments()[name].run(trial.parameters, device)
    return outcome, time.perf_counter() - started

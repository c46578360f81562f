"""Run jobs on any concurrent.futures executor without letting one of them take others along.

A worker process that dies breaks its whole executor. So only as many jobs are handed out as
there are workers; when the executor breaks, those few are set aside, the rest go on in a new
one, and each one set aside is tried once more, alone. What breaks the executor alone is to
blame, and is reported as such. What takes longer than its time ends its process, so it goes
the same way.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import closing
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import TYPE_CHECKING, Any, TypeVar

from autograder.errors import NowhereToJudge
from autograder.judge.bounds import Bounded

if TYPE_CHECKING:
    from autograder.line.sandbox import Lobby

PRELOAD = "autograder.judge.preload"
Job = TypeVar("Job")
Result = TypeVar("Result")


def local_executor(workers: int, lobby: Lobby | None = None) -> Executor:
    """Return a pool of processes on this machine; they share the sandbox behind the lobby."""
    return ProcessPoolExecutor(
        workers, mp_context=fresh_processes(), initializer=_begin, initargs=(lobby,)
    )


def fresh_processes() -> ForkServerContext | SpawnContext:
    """Return how to start processes that have torch: forked from a server that imported it once.

    Where there is no such server (Windows) each process imports it anew.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOAD])
    return context


def run_all(
    make_executor: Callable[[int], Executor],
    work: Callable[[Job], Result],
    jobs: Iterable[Job],
    workers: int | Callable[[], int],
    seconds: Callable[[Job], float] | None = None,
) -> Generator[tuple[Job, Result | Exception], None, None]:
    """Yield (job, result) as the jobs finish; the result is an exception if it failed twice.

    Jobs are taken when there is a worker for them. ``workers`` may be a function, where workers
    come and go. With ``seconds`` (of a job), no process works longer on one job than that.

    Raises NowhereToJudge when a job comes back with that: then it is not the job's fault, and
    the others would fare no better.
    """
    work = work if seconds is None else Bounded(work, seconds)
    set_aside: list[Job] = []
    with closing(_run(make_executor, work, jobs, workers)) as outcomes:
        for job, result in outcomes:
            if isinstance(result, Exception):
                set_aside.append(job)
            else:
                yield job, result
    yield from _run(make_executor, work, set_aside, 1)


def _run(
    make_executor: Callable[[int], Executor],
    work: Callable[[Job], Result],
    jobs: Iterable[Job],
    workers: int | Callable[[], int],
) -> Generator[tuple[Job, Result | Exception], None, None]:
    waiting = iter(jobs)
    put_back: list[Job] = []
    running: dict[Future[Result], Job] = {}
    strangers = set(multiprocessing.active_children())
    executor: Executor | None = None

    def hand_out() -> bool:
        """Give every worker something to do; return whether the executor refused to take it."""
        nonlocal executor
        while len(running) < (most := workers() if callable(workers) else workers):
            job = put_back.pop() if put_back else next(waiting, None)
            if job is None:
                break
            executor = executor or make_executor(most)
            try:
                running[executor.submit(work, job)] = job
            except BrokenExecutor:
                put_back.append(job)
                return True
        return False

    try:
        while (is_broken := hand_out()) or running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            is_broken = is_broken or any(_is_broken(future) for future in done)
            if is_broken:  # every job in flight goes down with the executor
                done, _ = wait(running)
            finished = [(running.pop(future), _outcome(future)) for future in done]
            if is_broken and executor is not None:
                executor.shutdown(wait=True)
                executor = None
            hand_out()  # whoever gets the results takes a while to write them down
            stop: NowhereToJudge | None = None
            for job, result in finished:
                if isinstance(result, NowhereToJudge):
                    stop = result
                else:
                    yield job, result
            if stop is not None:
                raise stop
    except BaseException:
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - strangers:
            process.terminate()
        raise
    if executor is not None:
        executor.shutdown(wait=True)


def _is_broken(future: Future[Result]) -> bool:
    return isinstance(future.exception(), BrokenExecutor)


def _outcome(future: Future[Any]) -> Any:
    error = future.exception()
    if error is None:
        return future.result()
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


def _begin(lobby: Lobby | None) -> None:
    """Leave Ctrl-C to the main process, which stops the workers in order; end when it is gone."""
    from autograder.judge import worker
    from autograder.judge.orphans import end_with_parent

    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker.shared = lobby

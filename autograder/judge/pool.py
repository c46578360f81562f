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
from collections import deque
from collections.abc import Callable, Generator, Sequence
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
    jobs: Sequence[Job],
    workers: int,
    seconds: Callable[[Job], float] | None = None,
) -> Generator[tuple[Job, Result | Exception], None, None]:
    """Yield (job, result) as the jobs finish; the result is an exception if it failed twice.

    With ``seconds`` (of a job), no process works longer on one job than that.
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
    jobs: Sequence[Job],
    workers: int,
) -> Generator[tuple[Job, Result | Exception], None, None]:
    waiting = deque(jobs)
    running: dict[Future[Result], Job] = {}
    strangers = set(multiprocessing.active_children())
    executor: Executor | None = None
    try:
        while waiting or running:
            executor = executor or make_executor(min(workers, len(waiting)))
            is_broken = False
            while waiting and len(running) < workers and not is_broken:
                try:
                    running[executor.submit(work, waiting[0])] = waiting[0]
                    waiting.popleft()
                except BrokenExecutor:
                    is_broken = True
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            is_broken = is_broken or any(_is_broken(future) for future in done)
            if is_broken:  # every job in flight goes down with the executor
                done, _ = wait(running)
            for future in done:
                yield running.pop(future), _outcome(future)
            if is_broken:
                executor.shutdown(wait=True)
                executor = None
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

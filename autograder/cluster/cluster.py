"""The grading command's side of a Dask cluster: find it, try it out, hand it work, keep watch.

Whatever the cluster does, a submission that was handed out comes back: with a result, with the
error that judging it ended in, or with NowhereToJudge when the cluster itself is to blame.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from autograder.cluster import host
from autograder.cluster.terms import Answer, Facts, Failed, Measured, Order, Terms, code_of, fits
from autograder.errors import AutograderError, NowhereToJudge
from autograder.judge.worker import Job, longest
from autograder.line.limits import Isolation
from autograder.stages import Spent

CONNECT_S = 10.0  # for the scheduler to answer
WORKERS_S = 60.0  # for a first worker to come, and for another one when all have gone
WATCH_S = 1.0  # between two looks at who is there
LEAVE_S = 5.0  # for the machines to hear that it is over
INSTALL = (
    "Install this project there, in the Python that runs 'dask worker', or stop that worker. "
    "docs/cluster.md says how."
)
AGAIN = "Nothing is lost: the same command goes on."


class JudgeStopped(Exception):
    """The judge on another machine stopped while it judged a submission."""


class Cluster:
    """Makes executors for ``run_all``, as ``judge.workers.Workers`` does; a context manager.

    Args:
        address: of the scheduler.
        suite: the hidden tests that every machine must have.
        hide: a directory that student code must not see.
        unsafe: judge without isolation where a machine offers none.
    """

    def __init__(self, address: str, suite: str, hide: Path, *, unsafe: bool = False) -> None:
        self.address = address
        self.terms = Terms(uuid.uuid4().hex, suite, code_of(suite), str(hide), unsafe)
        self._aside = ThreadPoolExecutor(1, "cluster")  # what may take long, so that it need not
        self._fit: Future[list[Facts]] | None = None
        self._client: Any = None
        self._threads: dict[str, int] = {}  # of each worker
        self._pending: set[Future[Any]] = set()
        self._once: dict[str, dict[str, float]] = {}  # what each worker has spent to begin with
        self._trouble: NowhereToJudge | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def launch(self, level: Isolation = "bwrap") -> None:
        """Connect, and let every machine start a sandbox, while this one does something else.

        What level that sandbox has each machine finds out for itself.
        """
        if self._fit is None:
            self._fit = self._aside.submit(self._connect)

    def isolation(self) -> Isolation:
        """Return the isolation that every machine has at least.

        Raises NowhereToJudge when no scheduler answers, when it has no workers, and when one of
        them does not fit.
        """
        self.launch()
        assert self._fit is not None
        return "none" if any(facts.isolation == "none" for facts in self._fit.result()) else "bwrap"

    def width(self) -> int:
        """Return how many submissions to hand out: one for each thread and one more a worker."""
        threads = self._threads.copy()
        return max(1, sum(threads.values()) + len(threads))

    def executor(self, workers: int) -> Executor:
        """Return what hands work to the cluster, as long as this object is open."""
        self.isolation()
        return ClusterExecutor(self)

    def close(self) -> None:
        """Let the machines end what they have started for this command, and disconnect."""
        self._over.set()
        is_ready = self._fit is not None and self._fit.done()
        if is_ready and self._client is not None and self._client.status == "running":
            run = partial(self._client.run, host.leave, self.terms.run, on_error="ignore")
            with suppress(Exception):  # a machine that does not hear it notices by itself
                self._aside.submit(run).result(LEAVE_S)
        self._aside.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            with suppress(Exception):
                self._client.close(LEAVE_S)

    # --- what an executor needs ---

    def submit(self, work: object, job: Job) -> tuple[Future[Any], Future[Any]]:
        """Hand out a job; return the future of its result, and Dask's."""
        ours: Future[Any] = Future()
        terms = msgspec.msgpack.encode(self.terms)
        order = msgspec.msgpack.encode(Order(pickle.dumps(work), job))
        with self._lock:
            self._pending.add(ours)
        theirs = self._client.get_executor(pure=False).submit(
            host.judge, terms, order, longest(job)
        )
        theirs.add_done_callback(lambda done: self._settle(ours, self._outcome(done)))
        if self._trouble is not None:
            self._settle(ours, self._trouble)
        return ours, theirs

    def _settle(self, future: Future[Any], outcome: object) -> None:
        with self._lock:
            self._pending.discard(future)
            if future.done():
                return
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _outcome(self, done: Future[bytes]) -> object:
        """Return what came back from the cluster, in the words of whoever reads it."""
        try:
            answer = msgspec.msgpack.decode(done.result(), type=Answer)
        except CancelledError:
            return self._lost()
        except ImportError as error:
            return NowhereToJudge(f"a worker cannot run the grader: {error}", self.address, INSTALL)
        except Exception as error:
            return JudgeStopped(f"{type(error).__name__}: {error}")
        if answer.result is None:
            return misfit(answer.worker, self.terms, answer.facts)
        if isinstance(answer.result, Failed):
            failed = answer.result
            if failed.error == AutograderError.__name__:
                where = " on ".join(filter(None, [failed.where, answer.worker]))
                return AutograderError(failed.what, where, failed.todo)
            return JudgeStopped(f"{failed.error} on {answer.worker}: {failed.what}")
        if isinstance(answer.result, Measured):
            return self._counted(answer.worker, answer.result.spent)
        return answer.result.result

    def _counted(self, worker: str, spent: Spent) -> Spent:
        """Return what a job has cost, with what all workers together have spent once."""
        self._once[worker] = spent.once
        once: Counter[str] = Counter()  # which counts in fractions, too
        for seconds in self._once.values():
            once.update(seconds)
        return msgspec.structs.replace(spent, once=dict(once))

    # --- the connection ---

    def _connect(self) -> list[Facts]:
        """Connect, wait for a worker and see what each of them is like."""
        from distributed import Client

        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it says, we say
        try:
            asyncio.run(_reach(self.address))
            self._client = Client(self.address, timeout=CONNECT_S, set_as_default=False)
        except Exception as error:  # of many kinds: names, sockets, certificates, versions
            raise NowhereToJudge(
                f"no scheduler answers: {error}",
                self.address,
                "Start one with 'dask scheduler', or correct the address. For tls:// certificates "
                f"must be named, too (docs/cluster.md). {AGAIN}",
            ) from error
        threading.Thread(target=self._watch, name="watch the cluster", daemon=True).start()
        try:
            self._client.wait_for_workers(1, timeout=WORKERS_S)
        except Exception as error:
            raise self._lonely() from error
        terms = msgspec.msgpack.encode(self.terms)
        found = self._client.run(host.prepare, terms, on_error="return")
        self._threads = self._client.nthreads()
        facts = {
            worker: self._facts(worker, answer)
            for worker, answer in found.items()
            if not isinstance(answer, OSError)  # it has gone meanwhile
        }
        for worker, fact in facts.items():
            if not fits(self.terms, fact):
                raise misfit(worker, self.terms, fact)
        return list(facts.values())

    def _facts(self, worker: str, answer: object) -> Facts:
        if isinstance(answer, bytes):
            return msgspec.msgpack.decode(answer, type=Facts)
        if isinstance(answer, AutograderError):
            raise NowhereToJudge(answer.what, worker, answer.todo)
        raise NowhereToJudge(f"a worker cannot run the grader: {answer}", worker, INSTALL)

    def _watch(self) -> None:
        """Keep the number of threads up to date, and give up when nobody is there any more."""
        seen = time.monotonic()
        while not self._over.wait(WATCH_S):
            with suppress(Exception):  # a connection that is lost is seen by what was handed out
                self._threads = self._client.nthreads()
            if self._threads or not self._pending:
                seen = time.monotonic()
            elif time.monotonic() - seen > WORKERS_S:
                self._give_up(self._lonely())

    def _give_up(self, trouble: NowhereToJudge) -> None:
        self._trouble = trouble
        with self._lock:
            pending = list(self._pending)
        for future in pending:
            self._settle(future, trouble)

    def _lost(self) -> NowhereToJudge:
        return NowhereToJudge(
            "the connection to the scheduler was lost",
            self.address,
            "See whether it still runs, and start it and its workers again if not. " + AGAIN,
        )

    def _lonely(self) -> NowhereToJudge:
        return NowhereToJudge(
            f"the scheduler has had no worker for {WORKERS_S:.0f} seconds",
            self.address,
            f"Start some on machines that have this project installed: "
            f"'dask worker {self.address} --nthreads 1'. {AGAIN}",
        )


async def _reach(address: str) -> None:
    """Connect once and let go: a client that cannot would leave half of itself behind."""
    from distributed.comm.core import connect
    from distributed.security import Security

    secured = Security().get_connection_args("client")
    comm = await connect(address, timeout=CONNECT_S, **secured)
    comm.abort()


class ClusterExecutor(Executor):
    """Runs functions that take a job on the machines of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._handed_out: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        (job,) = args
        ours, theirs = self._cluster.submit(fn, job)
        self._handed_out.add(theirs)
        theirs.add_done_callback(self._handed_out.discard)
        return ours

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        for future in list(self._handed_out) if cancel_futures else ():
            future.cancel()


def misfit(worker: str, terms: Terms, facts: Facts) -> NowhereToJudge:
    """Return why a worker may not judge for this command, and what to do."""
    if facts.differs:
        return NowhereToJudge(
            f"a worker would not judge as this machine does: it has {', '.join(facts.differs)}",
            worker,
            "Install there what is installed here (the workers need not be started again), or stop "
            "that worker. " + AGAIN,
        )
    if terms.unsafe:
        return NowhereToJudge(
            "student code would run as root without isolation on a worker",
            worker,
            "It could read and change every file of that machine. Start the worker as an ordinary "
            "user. " + AGAIN,
        )
    return NowhereToJudge(
        "student code cannot be isolated on a worker",
        worker,
        f"{facts.reason} Or stop that worker. Only if you trust every submission like your own "
        "code, repeat the command with --unsafe.",
    )

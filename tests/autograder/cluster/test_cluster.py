"""The command's side: what it says of a cluster that is not there, does not fit or goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest
from distributed import LocalCluster, get_worker

from autograder.cluster import cluster as clusters
from autograder.cluster import host
from autograder.cluster.cluster import Cluster, JudgeStopped, misfit
from autograder.cluster.terms import Answer, Facts, Failed, Judged, Measured, Order, Result
from autograder.errors import AutograderError, NowhereToJudge
from autograder.judge.pool import run_all
from autograder.judge.worker import Job, judge_job
from autograder.stages import Spent

GOOD = Facts([], "bwrap")
JOBS = [Job(name, "a1", b"work", "{}", "tiny", 1, "f", "bwrap", "/course") for name in "abcdef"]
Answers = Callable[[Order], tuple[Facts, Result | None]]


def joined(scheduler: LocalCluster, workers: int = 1) -> str:
    scheduler.scale(workers)
    return scheduler.scheduler_address


current: dict[str, Any] = {}  # what workers answer; functions cross to them by name


async def prepare(terms: bytes) -> bytes:
    return msgspec.msgpack.encode(current["facts"])


def judge(terms: bytes, order: bytes, seconds: float) -> bytes:
    facts, result = current["judge"](msgspec.msgpack.decode(order, type=Order))
    return msgspec.msgpack.encode(Answer(get_worker().address, facts, result))


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let workers answer as a test says, without a process beside them."""
    monkeypatch.setattr(host, "prepare", prepare)
    monkeypatch.setattr(host, "judge", judge)

    def set_up(facts: Facts = GOOD, by: Answers = lambda order: (GOOD, well(order))) -> None:
        current.update(facts=facts, judge=by)

    return set_up


def well(order: Order) -> Judged:
    return Judged(f"verdict on {order.job.student}".encode())


@pytest.fixture
def to(project: Path, tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Return the connection to a scheduler; it is closed at the end."""
    made: list[Cluster] = []

    def connection(address: str, **options: bool) -> Cluster:
        made.append(Cluster(address, "tiny", tmp_path, **options))
        return made[-1]

    yield connection
    for each in made:
        each.close()


def run(cluster: Cluster) -> dict[str, Any]:
    runs = run_all(cluster.executor, judge_job, JOBS, cluster.width)
    return {job.student: result for job, result in runs}


def test_every_job_comes_back_once(
    scheduler: LocalCluster, answers: Callable[..., None], to: Callable[..., Cluster]
) -> None:
    answers()
    cluster = to(joined(scheduler, 2))
    assert cluster.isolation() == "bwrap"
    assert run(cluster) == {name: f"verdict on {name}".encode() for name in "abcdef"}


def test_a_judge_that_stops_costs_only_its_submission(
    scheduler: LocalCluster, answers: Callable[..., None], to: Callable[..., Cluster]
) -> None:
    def by(order: Order) -> tuple[Facts, Result]:
        if order.job.student == "c":
            return GOOD, Failed("MemoryError", "no more")
        if order.job.student == "d":
            return GOOD, Failed("AutograderError", "no walls", "sandbox", "build some")
        return GOOD, well(order)

    answers(by=by)
    results = run(to(joined(scheduler)))
    stopped, broken = results.pop("c"), results.pop("d")
    assert isinstance(stopped, JudgeStopped)
    assert "MemoryError on tcp://127.0.0.1" in str(stopped)
    assert isinstance(broken, AutograderError)
    assert (broken.what, broken.todo) == ("no walls", "build some")
    assert broken.where.startswith("sandbox on tcp://127.0.0.1")
    assert set(results) == set("abef")


def test_what_is_spent_once_is_counted_for_every_worker(
    scheduler: LocalCluster, answers: Callable[..., None], to: Callable[..., Cluster]
) -> None:
    meet = threading.Barrier(2)

    def by(order: Order) -> tuple[Facts, Result]:
        if order.job.student in "ab":
            meet.wait(30)  # so that both have had something to do
        return GOOD, Measured(Spent(b"", {"judge": (1.0, 1.0)}, {"import torch": 2.0}))

    answers(by=by)
    results = run(to(joined(scheduler, 2)))
    assert results["f"].once == {"import torch": 4.0}
    assert results["f"].seconds == {"judge": (1.0, 1.0)}


def test_a_worker_that_joins_is_given_work_and_tried_out(
    scheduler: LocalCluster, answers: Callable[..., None], to: Callable[..., Cluster]
) -> None:
    def by(order: Order) -> tuple[Facts, Result | None]:
        return Facts(["torch 1.0, not 2.0"], "bwrap"), None

    answers(by=by)
    cluster = to(joined(scheduler))
    with pytest.raises(NowhereToJudge, match=r"torch 1\.0, not 2\.0") as caught:
        run(cluster)
    assert caught.value.where.startswith("tcp://127.0.0.1")


def test_more_workers_get_more_work(
    scheduler: LocalCluster,
    answers: Callable[..., None],
    to: Callable[..., Cluster],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clusters, "WATCH_S", 0.02)
    answers()
    cluster = to(joined(scheduler))
    cluster.isolation()
    assert cluster.width() == 2  # one at work, one that waits
    scheduler.scale(3)
    wait_for(lambda: cluster.width() == 6)


def wait_for(true: Callable[[], bool]) -> None:
    while not true():  # the suite's own timeout ends a test in which it never is
        threading.Event().wait(0.02)


def test_no_scheduler(to: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_S", 0.3)
    with pytest.raises(NowhereToJudge, match="no scheduler answers") as caught:
        to("tcp://127.0.0.1:1").isolation()
    assert caught.value.where == "tcp://127.0.0.1:1"
    assert "dask scheduler" in caught.value.todo


def test_no_workers(
    scheduler: LocalCluster, to: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "WORKERS_S", 0.3)
    with pytest.raises(NowhereToJudge, match="has had no worker") as caught:
        to(scheduler.scheduler_address).isolation()
    assert f"dask worker {scheduler.scheduler_address}" in caught.value.todo


def handed_out(cluster: Cluster, begun: threading.Event) -> Future[Any]:
    """Return the result to come of a job that somebody works on."""
    future = cluster.executor(1).submit(judge_job, JOBS[0])
    assert begun.wait(60)
    return future


@pytest.fixture
def endless(answers: Callable[..., None]) -> Iterator[threading.Event]:
    """Let workers judge until the test is over; set when one has begun."""
    begun, over = threading.Event(), threading.Event()

    def by(order: Order) -> tuple[Facts, Result]:
        begun.set()
        over.wait(60)
        return GOOD, well(order)

    answers(by=by)
    yield begun
    over.set()


def test_all_workers_leave(
    scheduler: LocalCluster,
    endless: threading.Event,
    to: Callable[..., Cluster],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = to(joined(scheduler))
    future = handed_out(cluster, endless)
    monkeypatch.setattr(clusters, "WATCH_S", 0.02)
    monkeypatch.setattr(clusters, "WORKERS_S", 0.3)
    monkeypatch.setattr(cluster._client, "nthreads", dict)
    error = future.exception(60)
    assert isinstance(error, NowhereToJudge)
    assert "has had no worker" in error.what
    with pytest.raises(NowhereToJudge):
        cluster.executor(1).submit(judge_job, JOBS[1]).result(60)


def test_a_connection_that_is_lost(
    scheduler: LocalCluster, endless: threading.Event, to: Callable[..., Cluster]
) -> None:
    cluster = to(joined(scheduler))
    future = handed_out(cluster, endless)
    client = cluster._client
    client.loop.add_callback(client.scheduler_comm.comm.abort)
    error = future.exception(60)
    assert isinstance(error, NowhereToJudge)
    assert "connection to the scheduler was lost" in error.what
    assert "Nothing is lost" in error.todo


@pytest.mark.parametrize(
    ("facts", "unsafe", "words"),
    [
        (Facts(["another version of the grader"], "bwrap"), False, "another version of the grader"),
        (Facts([], "none", "no bubblewrap."), False, "cannot be isolated"),
        (Facts([], "none", "no bubblewrap.", is_root=True), True, "as root"),
    ],
)
def test_a_worker_that_does_not_fit_is_named(
    scheduler: LocalCluster,
    answers: Callable[..., None],
    to: Callable[..., Cluster],
    facts: Facts,
    unsafe: bool,
    words: str,
) -> None:
    answers(facts)
    cluster = to(joined(scheduler), unsafe=unsafe)
    with pytest.raises(NowhereToJudge, match=words) as caught:
        cluster.isolation()
    assert caught.value.where.startswith("tcp://127.0.0.1")
    assert caught.value.todo == misfit("", cluster.terms, facts).todo


def test_without_isolation_only_who_says_so(
    scheduler: LocalCluster, answers: Callable[..., None], to: Callable[..., Cluster]
) -> None:
    answers(Facts([], "none", "no bubblewrap."))
    assert to(joined(scheduler), unsafe=True).isolation() == "none"

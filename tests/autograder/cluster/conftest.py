"""Clusters to test with: one within this process, and one of real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

HERE = "127.0.0.1"


@pytest.fixture
def scheduler() -> Iterator[LocalCluster]:
    """A scheduler on loopback in this process, as yet without workers (``scale`` adds some)."""
    with LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host=HERE,
        dashboard_address=f"{HERE}:0",
        worker_dashboard_address=f"{HERE}:0",
        silence_logs=False,
    ) as started:
        yield started


@pytest.fixture(scope="module")
def cluster_address(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers, real processes on loopback; a worker that dies stays dead."""
    folder = tmp_path_factory.mktemp("cluster")
    told = folder / "scheduler.json"
    ours = ["--host", HERE, "--no-dashboard", "--dashboard-address", f"{HERE}:0"]
    known = ["--scheduler-file", str(told)]
    with ExitStack() as stack:

        def start(*arguments: str) -> None:
            command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0]]
            log = stack.enter_context((folder / f"{len(list(folder.iterdir()))}.log").open("w"))
            running = subprocess.Popen(
                [*command, *arguments[1:], *ours, *known], stdout=log, stderr=log
            )
            stack.callback(_end, running)

        start("scheduler", "--port", "0")
        for number in range(2):
            scratch = str(folder / str(number))
            start("worker", "--nthreads", "1", "--no-nanny", "--local-directory", scratch)
        with Client(scheduler_file=str(told), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""Several workers at one fork server: each has its own student processes, and only those."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.errors import AutograderError
from autograder.inside import wire
from autograder.line.process import StudentProcess
from autograder.line.sandbox import Sandbox
from tests.autograder.line.conftest import LIMITS
from tests.autograder.line.processes import descendants, gone

pytestmark = pytest.mark.sandbox


@pytest.fixture
def workers(warm_sandbox: Sandbox) -> Iterator[tuple[Sandbox, Sandbox]]:
    """Two lines to the one server of these tests."""
    with (
        Sandbox(LIMITS, lobby=warm_sandbox.lobby) as one,
        Sandbox(LIMITS, lobby=warm_sandbox.lobby) as other,
    ):
        yield one, other


def answers(process: StudentProcess) -> bool:
    return isinstance(process.request(wire.Exec("c", "x = 1"), 20.0)[0], wire.Done)


def test_a_worker_that_goes_takes_only_its_own_processes(workers: tuple[Sandbox, Sandbox]) -> None:
    one, other = workers
    stays = other.spawn()
    before = descendants()
    one.spawn()
    its_own = descendants(but=before)
    assert its_own
    one.close()
    assert gone(its_own)
    assert answers(stays)
    assert answers(other.spawn())


def test_a_worker_cannot_end_the_process_of_another(workers: tuple[Sandbox, Sandbox]) -> None:
    one, other = workers
    process = other.spawn()
    one._control.send(b'{"kill": %d}' % process._pid)
    assert answers(one.spawn())  # so the order before it has been read
    assert answers(process)


def test_nothing_is_left_when_the_server_is_let_go() -> None:
    others = descendants()
    launcher = Sandbox(LIMITS)
    launcher.launch()
    joined = Sandbox(LIMITS, lobby=launcher.lobby)
    process = joined.spawn()
    assert answers(process)
    pids = descendants(but=others)
    launcher.close()
    assert gone(pids)
    with pytest.raises(AutograderError, match="the sandbox"):
        joined.spawn()
    joined.close()


def test_a_lobby_whose_server_is_gone_says_so() -> None:
    launcher = Sandbox(LIMITS)
    launcher.launch()
    lobby = launcher.lobby
    assert lobby is not None
    copy = (lobby[0].dup(), lobby[1])
    launcher.close()
    with copy[0], pytest.raises(AutograderError, match="the sandbox is gone"):
        Sandbox(LIMITS, lobby=copy).start()

"""The sandbox works, leaves nothing behind, and explains itself where it cannot be made."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from autograder.errors import AutograderError, StudentDied, StudentTimeout
from autograder.inside import wire
from autograder.line import bubblewrap
from autograder.line.probe import available
from autograder.line.sandbox import Sandbox
from tests.autograder.line.conftest import LIMITS, Run
from tests.autograder.line.processes import descendants, gone
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox


def test_it_is_available(sandbox: Sandbox) -> None:
    assert available() == (True, "")


def test_ordinary_code_runs(run: Run) -> None:
    source = """
        import math, json, asyncio, threading, torch, numpy, jaxtyping, matplotlib
        x = torch.randn(50, 50, requires_grad=True)
        (x @ x).sum().backward()
        t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
        open("/tmp/notes", "w").write("hi")
        print(x.grad.shape, __name__, open("/tmp/notes").read())
    """
    assert run(source) == "thread\ntorch.Size([50, 50]) __main__ hi\n"


def test_processes_share_nothing(sandbox: Sandbox, run: Run) -> None:
    run("open('/tmp/answer', 'w').write('42'); import builtins; builtins.answer = 42")
    other = sandbox.spawn()
    body, _ = other.request(wire.Exec("c", "import os; print(os.listdir('/tmp'), answer)"), 5.0)
    other.kill()
    assert isinstance(body, wire.Failure)
    assert body.kind == "NameError"


def test_a_thread_left_behind_ends_with_the_process(sandbox: Sandbox) -> None:
    process = sandbox.spawn()
    before = descendants()
    source = """if True:
        import threading, time
        def spin():
            while True: time.sleep(0.001)
        for _ in range(5): threading.Thread(target=spin).start()
    """
    assert isinstance(process.request(wire.Exec("c", source), 5.0)[0], wire.Done)
    assert isinstance(process.request(wire.Exec("c", "x = 1"), 5.0)[0], wire.Done)
    process.kill()
    after = descendants()
    assert len(after) < len(before)


def test_no_process_survives_the_sandbox() -> None:
    others = descendants()
    with Sandbox(LIMITS) as sandbox:
        for _ in range(3):
            process = sandbox.spawn()
            process._line.sendall(
                wire.with_length(wire.pack(wire.Request("x", wire.Exec("c", "while 1: pass")), []))
            )
        pids = descendants(but=others)
        assert len(pids) >= 8  # bubblewrap twice, the server, two for each child
    assert gone(pids)


# Hosts that are killed: some seconds after they began to start a sandbox, or with a student's
# process at work in it. What they leave behind falls to the process that runs this.
KILLED = """
import os, signal, time
from autograder.inside import wire
from autograder.line.probe import available
from autograder.line.sandbox import Sandbox
from benchmarks.processes import adopt_orphans, survivors

def host(level, says):
    sandbox = Sandbox(level=level)
    os.write(says, b"x")
    sandbox.start()
    process = sandbox.spawn()
    spin = wire.Request("x", wire.Exec("c", "while 1: pass"))
    process._line.sendall(wire.with_length(wire.pack(spin, [])))
    os.write(says, b"x")
    time.sleep(600)

adopt_orphans()
for level in ("bwrap", "none"):
    for seconds in (0.0, 0.05, 0.3, 1.0, None):
        hears, says = os.pipe()
        pid = os.fork()
        if pid == 0:
            host(level, says)
        os.read(hears, 1)
        if seconds is None:
            os.read(hears, 1)
        else:
            time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert survivors(5.0) == [], (level, seconds)
    print(level, "ended")
"""


def test_nothing_survives_a_host_that_is_killed_at_any_moment(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "bwrap ended\nnone ended\n", done.stderr
    # Once it runs a sandbox has nothing in a folder; what starts is swept up by a later one.
    assert len(list(tmp_path.glob(f"{bubblewrap.STAGING}*"))) <= 8


def test_a_running_sandbox_has_nothing_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap.tempfile, "tempdir", str(tmp_path))
    with Sandbox(LIMITS, level="none") as plain:
        assert list(tmp_path.iterdir()) == []
        process = plain.spawn()
        assert process.request(wire.Exec("c", "import torch; torch.ones(2)"), 20.0)
        process.kill()


def test_how_a_process_ended_is_remembered_no_longer_than_needed(sandbox: Sandbox) -> None:
    for end in ("import os; os._exit(3)", "x = 1"):
        process = sandbox.spawn()
        with contextlib.suppress(StudentDied):
            process.request(wire.Exec("c", end), 5.0)
        process.kill()
    assert sandbox._ended == {}


def test_a_process_is_not_taken_for_an_earlier_one_with_its_number(sandbox: Sandbox) -> None:
    sandbox._ended = dict.fromkeys(range(1, 2**16), 99)
    process = sandbox.spawn()
    sandbox._ended = {pid: 99 for pid in sandbox._ended if pid == process._pid}
    with pytest.raises(StudentDied, match="exit code 3"):
        process.request(wire.Exec("c", "import os; os._exit(3)"), 5.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_at_all_is_a_time_out(sandbox: Sandbox, seconds: float) -> None:
    process = sandbox.spawn()
    with pytest.raises(StudentTimeout):
        process.request(wire.Exec("c", "import time; time.sleep(1)"), seconds)
    assert not process.alive


def test_a_process_that_is_stopped_can_be_ended(sandbox: Sandbox) -> None:
    others = descendants()
    process = sandbox.spawn()
    pids = descendants(but=others)
    for pid in pids:
        psutil.Process(pid).suspend()
        if psutil.Process(pid).children():
            psutil.Process(pid).resume()  # not the one that waits for it: only the student's
    with pytest.raises(StudentTimeout):
        process.request(wire.Get("x"), 0.3)
    assert gone(pids)


def test_without_isolation_the_limits_still_hold() -> None:
    others = descendants()
    with Sandbox(LIMITS, level="none") as plain:
        process = plain.spawn()
        for source, words in (
            ("import os; os.fork()", "not permitted"),
            ("import socket; socket.socket()", "not permitted"),
            ("import os; os.kill(os.getppid(), 0)", "not permitted"),
            ("x = 'x' * 10**10", ""),
            ("import autograder.hidden", "No module named"),
        ):
            body, _ = process.request(wire.Exec("c", source), 5.0)
            assert isinstance(body, wire.Failure), source
            assert words in body.message
        with pytest.raises(StudentTimeout):
            process.request(wire.Exec("c", "while 1: pass"), 0.3)
        again = plain.spawn()  # held: a process ends with its line
        assert again.alive
        pids = descendants(but=others)
        assert len(pids) == 2
    assert gone(pids)


def test_a_missing_bubblewrap_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: None)
    works, reason = available()
    assert not works
    assert "apt-get install bubblewrap" in reason
    with pytest.raises(AutograderError, match="bubblewrap is not installed"):
        Sandbox().start()


def test_a_machine_without_namespaces_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setattr(bubblewrap.shutil, "which", lambda name: str(broken))
    works, reason = available()
    assert not works
    assert "No permissions" in reason
    assert "sysctl" in reason
    with pytest.raises(AutograderError, match="No permissions"):
        Sandbox().start()


def test_what_lies_in_a_bound_directory_can_be_covered_up(tmp_path: Path) -> None:
    course = Path(sys.base_prefix, "share")
    with Sandbox(LIMITS, hide=[course]) as covered:
        process = covered.spawn()
        source = f"import os; print(os.listdir({str(course)!r}))"
        assert process.request(wire.Exec("c", source), 5.0)[0].stdout == "[]\n"

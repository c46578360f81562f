"""The sandbox works, leaves nothing behind, and explains itself where it cannot be made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from autograder.errors import AutograderError, StudentTimeout
from autograder.inside import wire
from autograder.line import bubblewrap
from autograder.line.sandbox import Sandbox
from tests.autograder.line.conftest import LIMITS, Run
from tests.autograder.line.processes import descendants, gone
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox


def test_it_is_available(sandbox: Sandbox) -> None:
    assert Sandbox.available() == (True, "")


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


def test_nothing_survives_a_host_that_is_killed(tmp_path: Path) -> None:
    source = """
        import json, sys, psutil
        from autograder.inside import wire
        from autograder.line.sandbox import Sandbox
        sandbox = Sandbox(); sandbox.start()
        process = sandbox.spawn()
        process._line.sendall(
            wire.with_length(wire.pack(wire.Request("x", wire.Exec("c", "while 1: pass")), []))
        )
        print(json.dumps([p.pid for p in psutil.Process().children(recursive=True)]), flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as host:
        assert host.stdout is not None
        pids = json.loads(host.stdout.readline())
        assert len(pids) >= 4
        host.send_signal(signal.SIGKILL)
    assert gone(pids)
    assert not list(tmp_path.iterdir())


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
    works, reason = Sandbox.available()
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
    works, reason = Sandbox.available()
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

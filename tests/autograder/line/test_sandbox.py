"""Attacks on the real sandbox: each must come to nothing and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from autograder.errors import AutograderError
from autograder.inside import wire
from autograder.line import bubblewrap
from autograder.line.limits import Limits
from autograder.line.sandbox import Sandbox, StudentProcess
from autograder.line.transport import MalformedReply, StudentDied, StudentTimeout

pytestmark = pytest.mark.sandbox
REPOSITORY = Path(__file__).resolve().parents[3]
LIMITS = Limits(memory_mb=512, tmp_mb=8, threads=16)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    os.environ["COURSE_SECRET"] = "not for students"
    with Sandbox(LIMITS) as started:
        yield started


@pytest.fixture
def process(sandbox: Sandbox) -> Iterator[StudentProcess]:
    spawned = sandbox.spawn()
    yield spawned
    spawned.kill()


Run = Callable[..., str]


@pytest.fixture
def run(process: StudentProcess) -> Run:
    """Run a cell and return what it printed and, if it failed, how."""

    def execute(source: str, timeout: float = 20.0) -> str:
        body, _ = process.request(wire.Exec("c", textwrap.dedent(source)), timeout)
        failed = f"{body.kind}: {body.message}" if isinstance(body, wire.Failure) else ""
        return f"{body.stdout}{failed}"

    return execute


def gone(pids: list[int], within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(p) and _status(p) != psutil.STATUS_ZOMBIE for p in pids):
            return True
        time.sleep(0.02)
    return False


def _status(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return psutil.STATUS_ZOMBIE


def descendants(but: Sequence[int] = ()) -> list[int]:
    children = psutil.Process().children(recursive=True)
    return [child.pid for child in children if child.pid not in but]


# --- it works ---


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


# --- what it can see ---


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/passwd", "/root/.bashrc", "/proc/1/environ"])
def test_files_of_the_machine_are_not_there(run: Run, path: str) -> None:
    assert "FileNotFoundError" in run(f"open({path!r})")


def test_no_file_of_the_course_is_there(run: Run) -> None:
    source = f"""
        import os
        assert not os.path.exists({str(REPOSITORY / "autograder")!r})
        ours = {{"judge.py", "checks.py", "verdict.py", "rnn_limits.py", "gradebook.db"}}
        for folder, _, files in os.walk("/"):
            if ours & set(files) and "autograder" in folder or "solutions" in folder.split("/"):
                print(folder)
    """
    assert run(source, 120.0) == ""
    for name in ("autograder.hidden", "autograder.judge.notebook", "solutions", "experiments"):
        assert "ModuleNotFoundError" in run(f"import {name}")


def test_only_tmp_can_be_written(run: Run) -> None:
    source = """
        import os
        print(sorted(folder for folder, _, _ in os.walk("/") if os.access(folder, os.W_OK)))
    """
    assert run(source, 120.0) == "['/dev/shm', '/tmp']\n"


def test_no_secret_and_no_process_of_the_host(run: Run) -> None:
    source = """
        import os
        print("COURSE_SECRET" in os.environ, os.getpid(), os.getppid(), os.listdir("/proc"))
        print(os.getuid() == 0)
    """
    assert run(source) == "False 1 0 []\nFalse\n"


def test_only_the_line_is_open(run: Run) -> None:
    source = """
        import os
        def is_open(fd):
            try: os.fstat(fd); return True
            except OSError: return False
        print([fd for fd in range(4096) if is_open(fd)])
        print([os.path.samestat(os.fstat(fd), os.stat("/dev/null")) for fd in range(3)])
    """
    assert run(source) == "[0, 1, 2, 3]\n[True, True, True]\n"


# --- what it can do ---

FORBIDDEN = {
    "fork": "import os; os.fork()",
    "subprocess": "import subprocess; subprocess.run(['/bin/true'])",
    "exec": "import os; os.execv('/bin/true', ['true'])",
    "multiprocessing": "import multiprocessing as m; m.get_context('fork').Process().start()",
    "tcp": "import socket; socket.create_connection(('127.0.0.1', 80))",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "name look-up": "import socket; socket.getaddrinfo('example.org', 80)",
    "memfd": "import os; os.memfd_create('x')",
    "setuid": "import os; os.setuid(0)",
    "chroot": "import os; os.chroot('/tmp')",
    "signal to the world": "import os, signal; os.kill(-1, signal.SIGKILL)",
}


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_forbidden(run: Run, what: str) -> None:
    answer = run(FORBIDDEN[what])
    assert any(word in answer for word in ("PermissionError", "gaierror", "OSError")), answer


def test_system_calls_below_python_are_refused_too(run: Run) -> None:
    source = """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        libc.unshare(0x10000000); print(ctypes.get_errno())
        libc.mount(b"x", b"/tmp", b"tmpfs", 0, None); print(ctypes.get_errno())
        libc.umount2(b"/proc", 2); print(ctypes.get_errno())
        libc.ptrace(0, 0, 0, 0); print(ctypes.get_errno())
    """
    assert run(source).split("\n")[:4] == ["1", "1", "1", "1"]


def test_no_capability_is_left(run: Run) -> None:
    source = """
        import ctypes, struct
        libc = ctypes.CDLL(None)
        header, data = struct.pack("=Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
        assert libc.capget(header, data) == 0
        print(data.raw == bytes(24), libc.prctl(39, 0, 0, 0, 0))
    """
    assert run(source) == "True 1\n"


def test_a_fork_bomb_of_threads_is_small(run: Run) -> None:
    source = """
        import threading
        threading.stack_size(65536)
        made, wait = 0, threading.Event()
        try:
            while True:
                threading.Thread(target=wait.wait, daemon=True).start()
                made += 1
        except RuntimeError:
            print(made <= 16)
        wait.set()
    """
    assert run(source) == "True\n"


@pytest.mark.parametrize(
    "source",
    [
        "import torch; x = torch.ones(10**9)",
        "x = 'x' * 10**10",
        "import mmap; mmap.mmap(-1, 2**31)",
        "x = []\nwhile True: x.append(bytes(10**7))",
    ],
)
def test_memory_is_limited(run: Run, source: str) -> None:
    answer = run(source)
    assert any(word in answer for word in ("MemoryError", "allocate memory", "Cannot allocate"))
    assert run("print('still here')") == "still here\n"


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_files_are_limited(run: Run, folder: str) -> None:
    source = f"""
        size = 0
        try:
            for index in range(100):
                with open("{folder}/%d" % index, "wb") as file:
                    size += file.write(bytes(2**20))
        except OSError as error:
            print(error.errno, size <= 8 * 2**20)
    """
    assert run(source) == "28 True\n"


def test_printed_text_is_limited(run: Run) -> None:
    answer = run("import os\nfor _ in range(1000): print('x' * 10**7)", 120.0)
    assert len(answer) < LIMITS.output_chars + 100
    assert "9999981000 more characters" in answer.replace(",", "")
    assert run("import os; os.write(1, b'x' * 10**6); os.write(2, b'y')") == ""


def test_processor_time_is_limited() -> None:
    with Sandbox(Limits(cpu_s=1)) as brief:
        process = brief.spawn()
        with pytest.raises(StudentDied, match="processor time"):
            process.request(wire.Exec("c", "while True: pass"), 20.0)


# --- ends ---


def test_an_endless_loop_is_stopped(process: StudentProcess) -> None:
    with pytest.raises(StudentTimeout):
        process.request(wire.Exec("c", "while True:\n try:\n  while 1: pass\n except: pass"), 0.5)
    assert not process.alive
    with pytest.raises(StudentDied):
        process.request(wire.Get("x"), 1.0)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os._exit(0)", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "segmentation fault"),
        ("import os; os.abort()", "segmentation fault|signal 6"),
        ("import os; os.close(3)", "exit code|closed its line"),
        ("import os, time; os.close(3); time.sleep(100)", "closed its line"),
    ],
)
def test_a_process_that_ends_says_how(process: StudentProcess, source: str, words: str) -> None:
    with pytest.raises(StudentDied, match=words):
        process.request(wire.Exec("c", source), 20.0)
    assert not process.alive


def test_what_does_not_end_the_process(run: Run) -> None:
    assert run("input()").startswith("EOFError")
    assert run("import sys; sys.exit()").startswith("SystemExit")
    assert run("exit()").startswith("SystemExit")
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGKILL); print('here')") == "here\n"


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
        cwd=REPOSITORY,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as host:
        assert host.stdout is not None
        pids = json.loads(host.stdout.readline())
        assert len(pids) >= 4
        host.send_signal(signal.SIGKILL)
    assert gone(pids)
    assert not list(tmp_path.iterdir())


# --- lies on the line ---


@pytest.mark.parametrize(
    "garbage",
    [
        "b'\\x00\\x00\\x00\\x08' + b'nonsense'",
        "b'\\xff' * 100",
        "b'\\x00\\x00\\x00\\x00'",
        "bytes(10**5)",
        "b'\\x01\\x00'",
    ],
)
def test_garbage_on_the_line_is_noticed(process: StudentProcess, garbage: str) -> None:
    source = f"""if True:
        import os
        for fd in range(3, 64):
            try: os.write(fd, {garbage})
            except OSError: pass
    """
    with pytest.raises((MalformedReply, StudentTimeout)):
        process.request(wire.Exec("c", source), 2.0)
    assert not process.alive


def test_an_answer_sent_in_advance_never_counts(process: StudentProcess) -> None:
    source = """if True:
        import os
        from autograder.inside import wire
        forged = wire.with_length(wire.pack(wire.Reply("0" * 32, wire.Done(True)), []))
        os.write(3, forged)
    """
    with pytest.raises(MalformedReply, match="not asked"):
        process.request(wire.Exec("c", source), 5.0)


def test_a_stolen_request_buys_one_wrong_answer_and_no_more(process: StudentProcess) -> None:
    source = """if True:
        import os, sys
        from autograder.inside import wire
        def steal():
            frame = sys._getframe()
            while "request" not in frame.f_locals:
                frame = frame.f_back
            reply = wire.Reply(frame.f_locals["request"].id, wire.Done("forged"))
            os.write(3, wire.with_length(wire.pack(reply, [])))
    """
    process.request(wire.Exec("c", source), 5.0)
    steal = process.request(wire.Get("steal"), 5.0)[0].value
    body, _ = process.request(wire.Call(steal.id, [], {}, False), 5.0)
    assert body == wire.Done("forged")
    with pytest.raises(MalformedReply, match="not asked"):
        process.request(wire.Get("steal"), 5.0)


def test_an_endless_answer_is_not_read(process: StudentProcess) -> None:
    source = (
        "import os\nos.write(3, (2**31).to_bytes(4, 'big'))\nwhile 1: os.write(3, bytes(10**6))"
    )
    with pytest.raises(MalformedReply, match="limit"):
        process.request(wire.Exec("c", source), 5.0)


def test_a_slow_trickle_is_not_waited_for(process: StudentProcess) -> None:
    source = (
        "import os, time\nos.write(3, b'\\0\\0\\1\\0')\nwhile 1: os.write(3, b'x'); time.sleep(.1)"
    )
    with pytest.raises(StudentTimeout):
        process.request(wire.Exec("c", source), 1.0)


# --- level "none", and machines where nothing works ---


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
        assert plain.spawn().alive
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

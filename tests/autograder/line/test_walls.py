"""What student code can see and do from inside: next to nothing."""

from __future__ import annotations

import pytest

from tests.autograder.line.conftest import Run
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/passwd", "/root/.bashrc", "/proc/1/environ"])
def test_files_of_the_machine_are_not_there(run: Run, path: str) -> None:
    assert "FileNotFoundError" in run(f"open({path!r})")


def test_no_file_of_the_course_is_there(run: Run) -> None:
    source = f"""
        import os
        assert not os.path.exists({str(ROOT / "autograder")!r})
        ours = {{"checks.py", "verdict.py", "pairing.py", "examine.py", "gradebook.db"}}
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

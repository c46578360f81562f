"""Each wall a student's process builds around itself stops something, and it alone does."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from autograder.errors import AutograderError
from autograder.inside import wire
from autograder.line import cgroup
from autograder.line.sandbox import Sandbox
from tests.autograder.line.processes import gone
from tests.autograder.line.weakened import Attack, Weakened, achieves, weakened_sandbox

pytestmark = pytest.mark.sandbox

FILTER = "system call filter"
LIBC = "import ctypes, os, signal\nlibc = ctypes.CDLL(None, use_errno=True)\n"
ATTACKS = [
    Attack("RLIMIT_AS", "import mmap\nm = mmap.mmap(-1, 2**30)\nprint('achieved')"),
    Attack(
        "RLIMIT_CPU",
        """
        import time
        while time.process_time() < 2.5: pass
        print("achieved")
        """,
        limits={"cpu_s": 1},
    ),
    Attack(
        "RLIMIT_FSIZE",
        """
        with open("/tmp/sparse", "wb") as file: file.truncate(2**30)
        print("achieved")
        """,
    ),
    Attack(
        "RLIMIT_NOFILE",
        """
        files = [open("/dev/null") for _ in range(300)]
        print("achieved")
        """,
    ),
    Attack(
        "RLIMIT_CORE",
        "import resource as r\nprint('achieved' if r.getrlimit(r.RLIMIT_CORE)[1] else '')",
    ),
    Attack(
        "RLIMIT_STACK",
        """
        import resource
        resource.setrlimit(resource.RLIMIT_STACK, (2**28, 2**28))
        print("achieved")
        """,
    ),
    Attack(
        "RLIMIT_NPROC",
        """
        import threading
        threading.stack_size(65536)
        wait = threading.Event()
        for _ in range(40): threading.Thread(target=wait.wait, daemon=True).start()
        print("achieved")
        """,
        limits={"memory_mb": 8192},
    ),
    Attack(
        "RLIMIT_MEMLOCK",
        LIBC
        + """if True:
        libc.mmap.restype = ctypes.c_void_p
        at = libc.mmap(None, 8192, 3, 0x22 | 0x2000, -1, 0)  # private, anonymous, locked
        print("" if at == ctypes.c_void_p(-1).value else "achieved")
        """,
    ),
    Attack(
        "RLIMIT_MSGQUEUE",
        LIBC
        + """if True:
        print("" if libc.mq_open(b"/x", os.O_CREAT | os.O_RDWR, 0o600, None) < 0 else "achieved")
        """,
        covered=[FILTER],
    ),
    Attack(
        "RLIMIT_SIGPENDING",
        """
        import os, signal
        waiting = {signal.SIGRTMIN}
        signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
        queued = 0
        for _ in range(500): os.kill(os.getpid(), signal.SIGRTMIN)
        while signal.sigtimedwait(waiting, 0): queued += 1
        print("achieved" if queued > 400 else "")
        """,
    ),
    Attack(
        "CLONE_NEWPID",
        """
        import os
        for other in set(range(1, 5000)) - {os.getpid()}:
            try:
                os.kill(other, 0)
                print("achieved")
            except OSError: pass
        """,
        covered=[FILTER],
        before="waiting = True",
    ),
    Attack(
        "CLONE_NEWNET",
        """
        import socket
        socket.socket(socket.AF_UNIX).connect("\\0classmate")
        print("achieved")
        """,
        covered=[FILTER],
        before="""
        import socket
        line = socket.socket(socket.AF_UNIX)
        line.bind("\\0classmate")
        line.listen()
        """,
    ),
    Attack(
        "CLONE_NEWIPC",
        LIBC + "print('achieved' if libc.shmget(4711, 0, 0) != -1 else '')",
        covered=[FILTER],
        before=LIBC + "libc.shmget(4711, 4096, 0o1666)",
    ),
    Attack(
        "empty /proc",
        "import os\nprint('achieved' if any(n.isdigit() for n in os.listdir('/proc')) else '')",
    ),
    Attack(
        "size of /tmp",
        """
        for index in range(12):
            with open(f"/tmp/{index}", "wb") as file: file.write(bytes(2**20))
        print("achieved")
        """,
    ),
    Attack(
        "inodes of /tmp",
        """
        for index in range(5000): open(f"/dev/shm/{index}", "w").close()
        print("achieved")
        """,
    ),
    Attack(
        "no programs in /tmp",
        """
        import ctypes, msgspec, shutil
        shutil.copy(msgspec._core.__file__, "/tmp/own.so")
        ctypes.CDLL("/tmp/own.so")
        print("achieved")
        """,
    ),
    Attack(
        "closed descriptors",
        """
        import os
        for descriptor in range(4, 256):
            try:
                os.fstat(descriptor)
                print("achieved")
            except OSError: pass
        """,
    ),
    Attack(
        "capabilities",
        LIBC + "print('achieved' if libc.umount2(b'/proc', 2) == 0 else '')",
        covered=[FILTER],
    ),
    Attack(
        "session of its own",
        "import os, signal\nos.kill(0, signal.SIGWINCH)",
        covered=[FILTER],
        before="""
        import signal
        seen = []
        signal.signal(signal.SIGWINCH, lambda *_: seen.append(1))
        """,
        after="print('achieved' if seen else '')",
    ),
]
if cgroup.find() is not None:  # there are machines without one; test_cgroup.py is for all
    ATTACKS.append(
        Attack(
            "memory group",
            "held = b'x' * (700 * 2**20)\nprint('achieved')",
            covered=["RLIMIT_AS"],
            limits={"memory_mb": 64},
        )
    )


@pytest.fixture(scope="module")
def weakened() -> Iterator[Sandbox]:
    with weakened_sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.wall)
def test_the_wall_stops_it_and_nothing_else_does(attack: Attack, weakened: Sandbox) -> None:
    assert not achieves(attack, weakened, attack.covered)
    assert achieves(attack, weakened, [*attack.covered, attack.wall])


# Without these no process can be made at all, so that nothing is run in half a sandbox.
NEEDED = ["CLONE_NEWNS", "CLONE_NEWUSER"]
if os.geteuid() == 0:  # an ordinary user's sandbox is that user's from the start
    NEEDED.append("another user")


@pytest.mark.parametrize("wall", NEEDED)
def test_without_it_nothing_is_run(wall: str, weakened: Sandbox) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weakened, "limits", Weakened(without=(wall,)))
        with pytest.raises(AutograderError, match="could not be confined"):
            weakened.spawn()


def survives_its_parent(sandbox: Sandbox, without: tuple[str, ...]) -> bool:
    """Whether the student's process goes on when the one that waits for it is killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "limits", Weakened(without=without))
        before = set(psutil.Process().children(recursive=True))
        process = sandbox.spawn()
    new = set(psutil.Process().children(recursive=True)) - before
    (inner,) = [one for one in new if one.ppid() in {other.pid for other in new}]
    (outer,) = new - {inner}
    spin = wire.Request("x", wire.Exec("c", "while True: pass"))
    process._line.sendall(wire.with_length(wire.pack(spin, [])))
    outer.send_signal(signal.SIGKILL)
    survived = not gone([inner.pid], within=2.0)
    if survived:
        inner.kill()
        assert gone([inner.pid])
    process.kill()
    return survived


def test_it_dies_with_its_parent(weakened: Sandbox) -> None:
    assert not survives_its_parent(weakened, ())
    assert survives_its_parent(weakened, ("die with parent",))


def test_every_attack_names_a_wall_of_its_own() -> None:
    walls = [attack.wall for attack in ATTACKS]
    assert len(set(walls)) == len(walls)

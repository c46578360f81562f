"""Each wall that bubblewrap builds stops something, and it alone does.

A few lines of Python run inside under the real command line, once as it is and once without one
wall. None of the walls that a student's process builds around itself stands here.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from autograder.line import bubblewrap as walls
from tests.autograder.line.processes import gone
from tests.conftest import ROOT

pytestmark = pytest.mark.sandbox

Command = list[str]


def less(*words: str) -> Callable[[Command], Command]:
    """The command line without these words, which stand side by side in it."""

    def change(command: Command) -> Command:
        for at in range(len(command)):
            if command[at : at + len(words)] == [*words]:
                return command[:at] + command[at + len(words) :]
        raise AssertionError(f"{words} is no part of {command}")

    return change


def more(*words: str) -> Callable[[Command], Command]:
    """The command line with these words, before the root is made read-only."""

    def change(command: Command) -> Command:
        at = len(command) - 1 - command[::-1].index("--remount-ro")
        return [*command[:at], *words, *command[at:]]

    return change


def writable_code(command: Command) -> Command:
    at = command.index(walls.CODE) - 2
    assert command[at] == "--ro-bind"
    return [*command[:at], "--bind", *command[at + 1 :]]


def uncovered(command: Command) -> Command:
    return less("--tmpfs", f"{walls.CODE}/covered")(command)


@dataclass(frozen=True)
class Wall:
    """Python code that prints "achieved" without the wall and something else, or fails, with it.

    It knows what to look for: PORT, a port of the host's, MARK, a word in the command line of a
    process there, KEY, that of a piece of shared memory, HOSTNAME and FOLDER.
    """

    name: str
    attack: str
    without: Callable[[Command], Command]


WRITE = "open('{0}/note', 'w').write('x'); print('achieved')"
WALLS = [
    Wall(
        "an environment of its own",
        "import os; print('achieved' if 'COURSE_SECRET' in os.environ else '')",
        less("--clearenv"),
    ),
    Wall(
        "no network",
        "import socket; socket.create_connection(('127.0.0.1', PORT), 5); print('achieved')",
        less("--unshare-net"),
    ),
    Wall(
        "processes of its own",
        """
        import os
        for name in filter(str.isdigit, os.listdir("/proc")):
            if MARK[::-1] in open(f"/proc/{name}/cmdline").read(): print("achieved")
        """,
        less("--unshare-pid"),
    ),
    Wall(
        "System V memory of its own",
        """
        import ctypes
        print("achieved" if ctypes.CDLL(None).shmget(KEY, 0, 0) != -1 else "")
        """,
        less("--unshare-ipc"),
    ),
    Wall(
        "a host without a name",
        "import os; print('achieved' if os.uname().nodename == HOSTNAME else '')",
        less("--hostname", "student"),
    ),
    Wall(
        "a session of its own",
        "import os; print('' if os.getsid(0) else 'achieved')",
        less("--new-session"),
    ),
    Wall("a root that is read-only", WRITE.format(""), less("--remount-ro", "/")),
    Wall("a /tmp that is read-only", WRITE.format("/tmp"), less("--remount-ro", "/tmp")),
    Wall("a /dev that is read-only", WRITE.format("/dev"), less("--remount-ro", "/dev")),
    Wall("code that is read-only", WRITE.format(walls.CODE), writable_code),
    Wall(
        "no file of the machine's",
        "open('/etc/passwd'); print('achieved')",
        more("--ro-bind", "/etc", "/etc"),
    ),
    Wall(
        "no folder of the machine's",
        "import os; os.listdir(FOLDER); print('achieved')",
        more("--ro-bind", str(ROOT), str(ROOT)),
    ),
    Wall(
        "nothing of the course",
        f"open('{walls.CODE}/covered/hidden.py'); print('achieved')",
        uncovered,
    ),
    Wall(
        "only what is ours to show",
        f"import os; os.stat('{walls.CODE}/autograder/hidden'); print('achieved')",
        more("--ro-bind", str(walls.PACKAGE.parent), walls.CODE),
    ),
    Wall(
        "no terminals",
        "import os; os.open('/dev/ptmx', os.O_RDWR); print('achieved')",
        more("--dev", "/dev"),
    ),
]
if os.geteuid() == 0:  # an ordinary user has none
    WALLS.append(
        Wall(
            "no capabilities",
            """
            import ctypes
            print("" if ctypes.CDLL(None).mount(b"x", b"/tmp", b"tmpfs", 0, None) else "achieved")
            """,
            less("--cap-drop", "ALL"),
        )
    )


@dataclass(frozen=True)
class Outside:
    """What is there on the host for an attack to find."""

    staging: Path
    names: dict[str, object]

    def run(self, attack: str, change: Callable[[Command], Command] = list) -> str:
        covered = self.staging / "covered"
        command = change(walls.bubblewrap(walls.bwrap_program(), self.staging, [covered]))
        names = "; ".join(f"{name} = {value!r}" for name, value in self.names.items())
        python = walls.python_command("bwrap", self.staging)[:-1]
        done = subprocess.run(
            [*command, *python, "-c", f"{names}\n{textwrap.dedent(attack)}"],
            env={"COURSE_SECRET": "not for students"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    libc, key, mark = ctypes.CDLL(None), 0x5EC0_0000 + os.getpid() % 10**5, "not-for-students"
    staging = walls.staged_code()
    (staging / "covered").mkdir()
    (staging / "covered" / "hidden.py").touch()
    waiting = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", mark])
    segment = libc.shmget(key, 4096, 0o1666)
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {
            "PORT": server.getsockname()[1],
            "MARK": mark[::-1],  # or who looks for it would find itself
            "KEY": key,
            "HOSTNAME": os.uname().nodename,
            "FOLDER": str(ROOT),
        }
        yield Outside(staging, names)
    libc.shmctl(segment, 0, None)  # IPC_RMID
    waiting.kill()
    waiting.wait()
    walls.shutil.rmtree(staging)


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.name)
def test_the_wall_stops_it_and_nothing_else_does(wall: Wall, outside: Outside) -> None:
    assert "achieved" not in outside.run(wall.attack)
    with contextlib.ExitStack() as tidy:
        tidy.callback((outside.staging / "note").unlink, missing_ok=True)
        assert "achieved" in outside.run(wall.attack, wall.without)


HOST = """
import subprocess, sys, time
subprocess.Popen(sys.argv[1:], start_new_session=True)
print("started", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("with_wall", [True, False])
def test_it_dies_with_the_host(outside: Outside, with_wall: bool) -> None:
    command = walls.bubblewrap(walls.bwrap_program(), outside.staging, [])
    if not with_wall:
        command = less("--die-with-parent")(command)
    python = walls.python_command("bwrap", outside.staging)[:-1]
    sleep = [*python, "-c", "import time; print('sleeping', flush=True); time.sleep(60)"]
    with subprocess.Popen(
        [sys.executable, "-c", HOST, *command, *sleep], stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout is not None
        assert {host.stdout.readline(), host.stdout.readline()} == {"started\n", "sleeping\n"}
        inside = psutil.Process(host.pid).children(recursive=True)
        host.kill()
    assert gone([process.pid for process in inside], within=3.0) == with_wall
    for process in inside:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def test_what_a_killed_host_left_is_swept_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walls.tempfile, "tempdir", str(tmp_path))
    old, young = (walls.staged_code() for _ in range(2))
    long_ago = time.time() - walls.STALE_S - 60
    os.utime(old, (long_ago, long_ago))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = tmp_path / f"{walls.STAGING}link"
    link.symlink_to(elsewhere)
    os.utime(link, (long_ago, long_ago), follow_symlinks=False)
    new = walls.staged_code()
    assert not old.exists()
    assert young.exists()
    assert new.exists()
    assert elsewhere.exists()

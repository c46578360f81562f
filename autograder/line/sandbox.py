"""The host's side of the sandbox: start it, hand out student processes, end them.

One fork server serves many workers of a machine: one process launches it, the others join it,
each on a line of its own. Whoever launched it ends it; a worker that dies takes only its own
student processes along.

Level "bwrap": a fork server inside bubblewrap (no network, an empty read-only file system with
Python and the installed packages, nothing of the course), whose children confine themselves
further (`inside/confine.py`). Level "none": the same fork server as a plain process; its
children have resource limits and a system call filter but see the whole file system. That is
for machines where nothing else works, and every verdict says so. Level "user", for root in a
container of its own: the same, and the children are another user, to whom files can be closed.
Levels "podman" and "docker": the same in a container (`container.py`) instead of bubblewrap.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from autograder import stages
from autograder.errors import AutograderError
from autograder.line import cgroup
from autograder.line.bubblewrap import (
    ALLOW,
    CODE,
    ENVIRONMENT,
    PACKAGES,
    bubblewrap,
    bwrap_program,
    python_command,
    site_directories,
    staged_code,
)
from autograder.line.container import Container
from autograder.line.limits import Engine, Isolation, Limits

# torch comes with it; who only starts and ends the server does without.
if TYPE_CHECKING:
    from autograder.line.process import StudentProcess

# The random numbers are seeded for every check; the last one is what the first backward pass from a
# tensor that is no scalar imports.
PRELOAD = ("numpy.random", "jaxtyping", "torch.fx.experimental.symbolic_shapes")
# How to join a fork server, and which level it has.
Lobby = tuple[socket.socket, Isolation]
START_S, SPAWN_S, END_S = 120.0, 20.0, 10.0


class Sandbox:
    """A line to a running fork server; use as a context manager, one per worker process.

    Start it in a thread that lives as long as the sandbox is needed: the kernel ends bubblewrap
    together with the thread that started it.

    Args:
        limits: per submission and per process.
        level: "bwrap", "podman", "docker", or "none" to run without isolation.
        hide: directories of the host to cover up in case a bound directory contains them
            (the course directory). The package's own checkout always is.
        preload: modules to import once for all children; those of PRELOAD are what ordinary
            exercises use.
        lobby: that of a sandbox which another process has launched: join its server, which
            has a level and hidden directories of its own, instead of starting one.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        level: Isolation = "bwrap",
        *,
        hide: Sequence[Path] = (),
        preload: Sequence[str] = PRELOAD,
        lobby: Lobby | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.level: Isolation = lobby[1] if lobby else level
        self._hide = [Path(path) for path in hide]
        self._preload = list(preload)
        self._ended: dict[int, int] = {}  # how, until somebody has asked
        self._used: dict[int, float] = {}  # processor seconds of these
        self._container: Container | None = None
        # An engine has a group of its own around each container.
        self._groups = None if self.level in get_args(Engine) else cgroup.find()
        self._group_of: dict[int, Path] = {}
        self._staging: Path | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._leash: socket.socket | None = None  # the server ends when this is closed
        self._lobby = lobby[0] if lobby else None
        self._control: socket.socket | None = None
        self._errors: Path | None = None

    @property
    def lobby(self) -> Lobby | None:
        """What another process needs to join; None before the launch."""
        return (self._lobby, self.level) if self._lobby is not None else None

    # --- start and stop ---

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Get a line to the fork server, starting one if there is none, and wait for torch."""
        if self._control is not None:
            return
        try:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._send(self.launch(), b"join", theirs)
            self._hear(START_S, "ready")
            if self._staging is not None:
                # All of it is imported, and a host that is killed could not tidy up later.
                shutil.rmtree(self._staging, ignore_errors=True)
        except BaseException:
            self.close()
            raise

    def launch(self) -> socket.socket:
        """Start the fork server without waiting for it; return the lobby that others join by."""
        if self._lobby is not None:
            return self._lobby
        if self._groups is not None:
            self._groups.sweep()
        self._staging = staged_code()
        self._leash, leash = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lobby, lobby = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = self._staging / "errors.txt"
        with leash, lobby, self._errors.open("wb") as errors:
            if self.level == "podman" or self.level == "docker":
                self._container = Container(self.level, self._staging, [leash, lobby])
                self._server = self._container.start(self._preload, errors)
            else:
                descriptors = [leash.fileno(), lobby.fileno()]
                arguments = [*map(str, descriptors), self.level, *self._path()]
                arguments += ["--", *self._preload]
                self._server = subprocess.Popen(
                    self._command(arguments),
                    pass_fds=descriptors,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=ENVIRONMENT,
                    cwd=self._staging,
                    start_new_session=True,
                )
        return self._lobby

    def close(self) -> None:
        """Leave the fork server; whoever launched it ends it, and every process it started."""
        lines = [self._control, self._leash, self._lobby if self._server is not None else None]
        for line in filter(None, lines):
            line.close()
        if self._server is not None:
            try:
                self._server.wait(END_S)
            except subprocess.TimeoutExpired:
                if self._container is not None:
                    self._container.remove()
                self._server.kill()  # bubblewrap takes everything inside with it
                self._server.wait()
            self._lobby = None
        if self._container is not None:
            self._container.close()
            self._container = None
        if self._staging is not None:
            shutil.rmtree(self._staging, ignore_errors=True)
        self._control = self._leash = self._server = self._errors = self._staging = None

    # --- children ---

    def spawn(self) -> StudentProcess:
        """A fresh, empty, confined student process."""
        from autograder.line.process import StudentProcess

        self.start()
        assert self._control is not None
        ours, theirs = socket.socketpair()
        if self._groups is not None:
            cgroup.ask_who_sends(ours)
        with theirs:
            rules = json.dumps(self.limits.rules()).encode()
            self._send(self._control, rules, theirs)
        pid = int(self._hear(SPAWN_S, "spawned")["spawned"])
        self._ended.pop(pid, None)  # of an earlier process with this number
        process = StudentProcess(self, pid, ours, self.limits.message_mb * 2**20)
        self._enclose(pid, ours)
        hello = bytes(process.receive(time.monotonic() + SPAWN_S))
        if hello != b"ready":
            process.kill()
            raise AutograderError(hello.decode(errors="replace"), "sandbox", ALLOW)
        return process

    def end(self, pid: int) -> float:
        """Kill a child, wait until it is gone and return the processor time it has used."""
        if pid not in self._ended and self._control is not None:
            with contextlib.suppress(OSError):  # the server is gone, and its children with it
                self._control.send(json.dumps({"kill": pid}).encode())
            self.status(pid, END_S)
        self._ended.pop(pid, None)  # nobody asks again, and the number will be another's
        if (group := self._group_of.pop(pid, None)) is not None:
            cgroup.leave(group)
        return self._used.pop(pid, 0.0)

    def status(self, pid: int, timeout: float) -> int | None:
        """The exit status of a child, as a shell shows it; None when it does not end in time."""
        deadline = time.monotonic() + timeout
        while pid not in self._ended and self._control is not None:
            try:
                self._hear(deadline - time.monotonic(), "ended")
            except AutograderError:
                return None
        return self._ended.get(pid)

    # --- below ---

    def _enclose(self, pid: int, line: socket.socket) -> None:
        """Put a child that is about to say hello, and has not run anything yet, into a group."""
        if self._groups is None:
            return
        line.settimeout(SPAWN_S)
        with contextlib.suppress(OSError):  # it says nothing: reading its hello will tell
            process = cgroup.sender(line)
            group = self._groups.enclose(process, self.limits) if process is not None else None
            if group is not None:
                self._group_of[pid] = group

    def _send(self, line: socket.socket, data: bytes, attached: socket.socket) -> None:
        """Send the server a message and a socket for its answers."""
        try:
            socket.send_fds(line, [data], [attached.fileno()])
        except OSError as error:
            raise self._broken(f"is gone ({error})") from None

    def _hear(self, timeout: float, key: str) -> dict[str, Any]:
        """The next message of this kind from the server; notes the ends of children."""
        assert self._control is not None
        deadline = time.monotonic() + timeout
        while True:
            self._control.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._control.recv(65536)
            except TimeoutError:
                raise self._broken(f"does not answer within {timeout:.0f} s") from None
            except OSError as error:
                raise self._broken(f"is gone ({error})") from None
            if not data:
                raise self._broken("ended")
            message: dict[str, Any] = json.loads(data)
            if "ended" in message:
                self._ended[message["ended"]] = message["status"]
                self._used[message["ended"]] = float(message["cpu"])
                stages.add("the student's process", message["cpu"])
            if "ready" in message:
                stages.once["import torch for students"] = message["cpu"]
            if key in message:
                return message

    def _broken(self, what: str) -> AutograderError:
        said = ""
        if self._errors is not None and self._errors.exists():
            said = self._errors.read_text(errors="replace").strip()[-400:]
        return AutograderError(f"the sandbox {what}: {said or 'no message'}", "sandbox", ALLOW)

    def _command(self, arguments: list[str]) -> list[str]:
        assert self._staging is not None
        python = python_command(self.level, self._staging)
        if self.level != "bwrap":
            return [*python, *arguments]
        return [*bubblewrap(bwrap_program(), self._staging, self._hide), *python, *arguments]

    def _path(self) -> list[str]:
        if self.level != "bwrap":
            return [str(self._staging), *map(str, site_directories())]
        return [CODE, *(f"{PACKAGES}/{i}" for i in range(len(site_directories())))]

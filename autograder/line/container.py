"""A container in place of bubblewrap, where an engine runs: podman or docker.

The container is the outer wall: no network, a read-only root that holds an image for students and
nothing of the course, no capability, no root, a limit of memory and of processes. The walls that
each student's process builds around itself (`inside/confine.py`) are the same as in bubblewrap.
Two of an engine's own are taken off, because those walls are made of what they forbid: the engine's
filter of system calls, in place of which each child has our narrower one, and its AppArmor profile.

No engine hands open sockets to a container as bubblewrap does. So the host listens on a socket in a
folder that this container alone sees, and gives whoever comes first the ends of the lines: a
message may carry open descriptors across namespaces, as long as both sides have the same kernel.
Then the door is shut. Everything else goes over those lines, as with bubblewrap.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from autograder.errors import AutograderError
from autograder.line.bubblewrap import CODE, ENVIRONMENT, OURS, STAGING
from autograder.line.limits import Engine

IMAGE = "sequence-models-measured/student"  # what `make image` calls it
LINE = "/opt/line"  # where the socket's folder is inside
PROCESSES = 4096  # in one container; each student's process has a limit of its own
SHARE = 0.75  # of the machine's memory, for all student processes together
POLL_S = 0.1
PYTHON = ["python3", "-P", "-s", "-B", f"{CODE}/autograder/inside/forkserver.py"]
BUILD = (
    "Build it from this project's Dockerfile with 'make image ENGINE={engine}', or name another "
    "one in the environment variable AUTOGRADER_IMAGE."
)
INSTALL = {
    "podman": "Install podman (Debian, Ubuntu: sudo apt-get install podman)",
    "docker": "Install docker (Debian, Ubuntu: sudo apt-get install docker.io)",
}
OTHERWISE = "or grade with bubblewrap, without --sandbox."
INNER = (
    "The container starts, and its processes cannot shut themselves in: they need user "
    "namespaces (sudo sysctl -w user.max_user_namespaces=10000; Ubuntu 24.04: "
    "kernel.apparmor_restrict_unprivileged_userns=0)."
)


def image() -> str:
    return os.environ.get("AUTOGRADER_IMAGE") or IMAGE


def container(engine: Engine, name: str, volumes: dict[Path, str], image: str) -> list[str]:
    """The command line of an engine, up to the program to run."""
    memory = int(SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    command = [engine, "run", "--rm", "--name", name, "--pull", "never"]
    command += ["--network", "none", "--hostname", "student", "--workdir", "/"]
    command += ["--read-only", *(["--read-only-tmpfs=false"] if engine == "podman" else [])]
    command += ["--user", "65534:65534", "--cap-drop", "all"]
    for option in ("no-new-privileges", "seccomp=unconfined", "apparmor=unconfined"):
        command += ["--security-opt", option]
    command += ["--security-opt", "label=disable"]  # SELinux would keep us from our own socket
    command += ["--pids-limit", str(PROCESSES)]
    command += ["--memory", str(memory), "--memory-swap", str(memory)]
    for key, value in ENVIRONMENT.items():
        if key != "PATH":  # the image knows where its Python is
            command += ["--env", f"{key}={value}"]
    for source, target in volumes.items():
        command += ["--volume", f"{source}:{target}:ro"]
    return [*command, "--entrypoint", "", image]


def probe(engine: Engine, staging: Path) -> tuple[bool, str]:
    """Whether a student's process can be shut in in a container here; otherwise what to do."""
    if shutil.which(engine) is None:
        return False, f"{engine} is not installed. {INSTALL[engine]}, {OTHERWISE}"
    looked = _run([engine, "image", "inspect", "--format", "{{.Id}}", image()])
    if looked.returncode != 0:
        running = _run([engine, "info"])
        if running.returncode != 0 or "Cannot connect" in running.stderr:
            said = _last_line(running) if running.returncode else _last_line(looked)
            return False, f"{engine} does not run here ({said}). Start it, {OTHERWISE}"
        return False, f"there is no image {image()!r} here. {BUILD.format(engine=engine)}"
    name = new_name()
    command = container(engine, name, {staging: CODE}, image())
    ended = _run([*command, *PYTHON, "probe", CODE, "--", *OURS])
    said = _last_line(ended)
    if ended.stdout.strip() == "confined":
        return True, ""
    if ended.stdout.startswith("holds"):
        return False, f"the image {image()!r} {said}, which students must not see. " + BUILD.format(
            engine=engine
        )
    return False, f"no sandbox can be made here ({said}). {INNER}"


def new_name() -> str:
    return f"autograder-{secrets.token_hex(8)}"


class Container:
    """A fork server in a container, which gets the ends of the lines through a door."""

    def __init__(self, engine: Engine, staging: Path, ends: Sequence[socket.socket]) -> None:
        self._engine, self._staging, self._name = engine, staging, new_name()
        self._ends = [end.dup() for end in ends]
        # Others on this machine may not enter the outer folder; the container sees the inner one.
        self._home = Path(tempfile.mkdtemp(prefix=STAGING))
        folder = self._home / "line"
        folder.mkdir(mode=0o755)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._door.bind(str(folder / "socket"))
        except OSError as error:
            self.close()
            raise AutograderError(
                f"no socket can be made there: {error}",
                str(folder),
                "Let TMPDIR name a folder with a short path on a local disk.",
            ) from error
        (folder / "socket").chmod(0o666)  # it is another user in there
        self._door.listen(1)
        self._door.settimeout(POLL_S)
        self._volumes = {staging: CODE, folder: LINE}

    def start(self, preload: Sequence[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start it and return at once; the lines work as soon as it has come to the door."""
        command = container(self._engine, self._name, self._volumes, image())
        command += [*PYTHON, "connect", f"{LINE}/socket", self._engine, CODE, "--", *preload]
        try:
            engine = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            self.close()
            raise AutograderError(
                f"{self._engine} does not run: {error}", "sandbox", INSTALL[self._engine]
            ) from error
        threading.Thread(target=self._receive, args=(engine,), daemon=True).start()
        return engine

    def remove(self) -> None:
        """End a container that does not end by itself."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            _run([self._engine, "rm", "--force", self._name])

    def close(self) -> None:
        """Shut the door. Ends that nobody has come for are closed, so the host sees their end."""
        self._door.close()
        for end in self._ends:
            end.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _receive(self, engine: subprocess.Popen[bytes]) -> None:
        """Give the first who comes the ends of the lines; give up when nobody can come any more."""
        try:
            while engine.poll() is None:
                try:
                    guest, _ = self._door.accept()
                except TimeoutError:
                    continue
                with guest:
                    socket.send_fds(guest, [b"lines"], [end.fileno() for end in self._ends])
                return
        except OSError:
            return  # closed while we waited
        finally:
            self.close()


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _last_line(ended: subprocess.CompletedProcess[str]) -> str:
    said = ended.stderr.strip().splitlines() or ended.stdout.strip().splitlines()
    return " ".join((said or ["no message"])[-1].split())[:300]

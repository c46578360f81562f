"""What the sandbox is made of: the files that go inside and the bubblewrap command line."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import AutograderError
from autograder.line.limits import Isolation

PACKAGE = Path(__file__).parents[1]
INSIDE = PACKAGE / "inside"  # all of our code that student code may meet
# Hidden when installed among the packages:
OURS = ("autograder", "codehash", "solutions", "experiments", "samples", "demo", "benchmarks")
# Not bubblewrap's /dev: it has /dev/ptmx, and the terminals of a machine are counted together.
DEVICES = ("null", "zero", "full", "random", "urandom")
STAGING, STALE_S = "autograder-inside-", 3600.0  # how the copy for a sandbox is called; too old
CODE, PACKAGES = "/opt/judge", "/opt/packages"  # where they are inside
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/tmp",
    "USER": "student",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
INSTALL = "Install bubblewrap (Debian, Ubuntu: sudo apt-get install bubblewrap)."
ALLOW = (
    "Allow user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 "
    "(Ubuntu 24.04), kernel.unprivileged_userns_clone=1 (Debian) or "
    "user.max_user_namespaces=10000; in a container, run it with --privileged or on the host."
)


def staged_code() -> Path:
    """A copy of the one folder of ours that goes inside, readable by any user."""
    _sweep()
    staging = Path(tempfile.mkdtemp(prefix=STAGING))
    target = staging / "autograder"
    target.mkdir()
    shutil.copy(PACKAGE / "__init__.py", target)
    shutil.copytree(INSIDE, target / INSIDE.name)  # with times, so that compiled code is used
    for path in [staging, *staging.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return staging


def _sweep() -> None:
    """Remove what a host that was killed while it started has left: each lives for seconds."""
    for left in Path(tempfile.gettempdir()).glob(f"{STAGING}*"):
        with contextlib.suppress(OSError):
            state = left.lstat()
            if state.st_uid == os.geteuid() and time.time() - state.st_mtime > STALE_S:
                shutil.rmtree(left)


def python_command(level: Isolation, staging: Path) -> list[str]:
    """The interpreter itself, not the virtual environment's link to it."""
    code = CODE if level == "bwrap" else str(staging)
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    return [python, "-P", "-s", "-S", "-B", f"{code}/autograder/inside/forkserver.py"]


def site_directories() -> list[Path]:
    paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    return [Path(path) for path in paths]


def bwrap_program() -> str:
    found = shutil.which("bwrap")
    if found is None:
        raise AutograderError("bubblewrap is not installed", "sandbox", INSTALL)
    return found


def bubblewrap(bwrap: str, staging: Path, hide: Sequence[Path]) -> list[str]:
    """The bubblewrap command line, up to the program to run."""
    command = [bwrap, "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        command += ["--setenv", name, value]
    command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--hostname", "student"]
    if os.geteuid() == 0:
        # Root needs no user namespace here. Each child becomes nobody, then makes its own.
        command += ["--cap-drop", "ALL"]  # bubblewrap would leave root everything
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_KILL"):
            command += ["--cap-add", capability]
    else:
        command += ["--unshare-user"]
    seen: list[tuple[Path, str]] = []  # host directory, where it is inside

    def bind(source: Path, target: str) -> None:
        seen.append((source, target))
        # Directories above a bound one would be closed to all but their owner.
        for parent in reversed(Path(target).parents[:-1]):
            command.extend(["--perms", "0755", "--dir", str(parent)])
        command.extend(["--ro-bind", str(source), target])

    bind(Path("/usr"), "/usr")
    for root in (Path("/", name) for name in ("bin", "sbin", "lib", "lib32", "lib64")):
        if root.is_symlink():
            command += ["--symlink", os.readlink(root), str(root)]
        elif root.is_dir():
            bind(root, str(root))
    command += ["--perms", "0755", "--dir", "/etc"]
    for file in ("/etc/ld.so.cache", "/etc/alternatives"):
        command += ["--ro-bind-try", file, file]
    for prefix in dict.fromkeys((sys.base_prefix, sys.base_exec_prefix)):
        if not Path(prefix).is_relative_to("/usr"):
            bind(Path(prefix), prefix)
    for index, directory in enumerate(site_directories()):
        bind(directory, f"{PACKAGES}/{index}")
    bind(staging, CODE)
    # Cover up whatever of ours lies inside a bound directory.
    checkout = [PACKAGE.parent] if (PACKAGE.parent / "pyproject.toml").exists() else []
    covered = [path.resolve() for path in (*checkout, *hide)]
    covered += [directory / name for directory in site_directories() for name in OURS]
    for ours in covered:
        for source, target in seen:
            if ours.is_relative_to(source.resolve()) and ours.is_dir():
                command += ["--tmpfs", str(Path(target) / ours.relative_to(source.resolve()))]
    command += ["--proc", "/proc", "--perms", "0755", "--tmpfs", "/dev"]
    for device in DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    command += ["--dir", "/dev/shm", "--tmpfs", "/tmp", "--chdir", "/tmp"]
    for place in ("/dev", "/tmp", "/"):
        command += ["--remount-ro", place]
    return [*command, "--"]

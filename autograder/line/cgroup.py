"""A memory group of the kernel's (cgroup) around each student's process, where we may make one.

It counts what no limit of the process itself does: files in its /tmp, and memory that the kernel
keeps for it. Condition:

- cgroup v2: the group above our own is writable and hands `memory` down to its members. So it is
  for root under systemd, and for anybody who grades in a scope of their own:
  `systemd-run --user --scope autograder grade ...`.
- cgroup v1: our own group in the memory hierarchy is writable. So it is for root.

Where there is none everything goes on without it; the other limits hold (see SECURITY.md).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path

from autograder.inside.rules import Rules

PREFIX = "autograder-"
# On top of what the process may ask for: its copies of the fork server's pages, and the kernel.
SPARE_MB = 256
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


@dataclass(frozen=True)
class Groups:
    """Makes groups in one directory of a cgroup hierarchy."""

    place: Path
    limit: str  # the file that a group's limit in bytes is written to
    extra: dict[str, str] = field(default_factory=dict)  # more files, where the kernel has them
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def enclose(self, pid: int, rules: Rules) -> Path | None:
        """Put a process into a new group with limits; None when the kernel does not let us."""
        group = self.place / f"{PREFIX}{os.getpid()}-{next(self._numbers)}"
        size = (rules.memory_mb + 2 * rules.tmp_mb + SPARE_MB) * 2**20
        try:
            group.mkdir()
            _write(group / self.limit, str(size))
            for name, value in self.extra.items():
                with contextlib.suppress(FileNotFoundError):
                    _write(group / name, value.format(size=size, threads=rules.threads))
            _write(group / "cgroup.procs", str(pid))
        except OSError:
            leave(group)
            return None
        return group

    def sweep(self) -> None:
        """Remove the empty groups of graders that were killed."""
        for group in self.place.glob(f"{PREFIX}*"):
            owner = group.name.removeprefix(PREFIX).partition("-")[0]
            if not Path("/proc", owner).exists():
                leave(group)


def leave(group: Path) -> None:
    """Remove a group whose process has ended."""
    with contextlib.suppress(OSError):  # gone, or not empty: `sweep` comes by later
        group.rmdir()


def find(process: Path = Path("/proc/self")) -> Groups | None:
    """Return what makes groups on this machine for this process, if it may."""
    try:
        ours = {
            controllers: path
            for _, controllers, path in (
                line.split(":", 2) for line in (process / "cgroup").read_text().splitlines()
            )
        }
        mounts = [line.split() for line in (process / "mountinfo").read_text().splitlines()]
    except (OSError, ValueError):  # not Linux, or no /proc
        return None
    for mount in mounts:
        root, point, (kind, *_, options) = mount[3], mount[4], mount[mount.index("-") + 1 :]
        if kind == "cgroup2" and (own := _below(root, point, ours.get(""))):
            # Our own group has processes in it, and such a group cannot hand anything down.
            found = Groups(
                own.parent, "memory.max", {"memory.swap.max": "0", "pids.max": "{threads}"}
            )
            if own != Path(point) and _hands_down_memory(own.parent) and _usable(found):
                return found
        elif kind == "cgroup" and "memory" in options.split(","):
            names = next((names for names in ours if "memory" in names.split(",")), None)
            if names is not None and (own := _below(root, point, ours[names])):
                found = Groups(
                    own, "memory.limit_in_bytes", {"memory.memsw.limit_in_bytes": "{size}"}
                )
                if _usable(found):
                    return found
    return None


def _below(root: str, point: str, path: str | None) -> Path | None:
    """Where a group lies in the file system, when it lies in what is mounted there."""
    if path is None or not Path(path).is_relative_to(root):
        return None
    return Path(point) / Path(path).relative_to(root)


def _hands_down_memory(group: Path) -> bool:
    try:
        return "memory" in (group / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False


def _usable(groups: Groups) -> bool:
    return os.access(groups.place, os.W_OK) and os.access(groups.place / "cgroup.procs", os.W_OK)


def _write(path: Path, value: str) -> None:
    """Write to one of the kernel's files. One that it does not have is not made."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


# --- which process is it? ---


def ask_who_sends(line: socket.socket) -> None:
    """Let the kernel note on what comes over this line who has sent it."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def sender(line: socket.socket) -> int | None:
    """The number that the sender of what waits on a line has here, outside its own namespace.

    None at the end of a line, and for a sender without a number here: the kernel notes 0 for
    these, and would take that for ourselves.
    """
    space = socket.CMSG_SPACE(CREDENTIALS.size)
    _, notes, _, _ = line.recvmsg(1, space, socket.MSG_PEEK)
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            return int(CREDENTIALS.unpack(data)[0]) or None
    return None

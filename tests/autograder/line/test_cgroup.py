"""Where a memory group can be made, what is written to it, and that nothing of it stays behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from autograder.inside.rules import Rules
from autograder.line import cgroup
from autograder.line.cgroup import find
from autograder.line.sandbox import Sandbox

KERNELS_FILES = {
    "cgroup": ("cgroup.procs", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    "cgroup2": ("cgroup.procs", "memory.max", "memory.swap.max", "pids.max"),
}
RULES = Rules(memory_mb=100, tmp_mb=10, threads=7)
BYTES = str((100 + 2 * 10 + cgroup.SPARE_MB) * 2**20)


class Machine:
    """A made-up /proc/self and cgroup tree; new groups get the kernel's files."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.process, self.mount = root / "self", root / "cgroup"
        self.process.mkdir()
        self.mount.mkdir()
        self._patch = monkeypatch

    def describe(self, kind: str, options: str, own: str, root: str = "/") -> None:
        controllers = "" if kind == "cgroup2" else "memory"
        (self.process / "cgroup").write_text(f"9:cpu:/x\n0:{controllers}:{own}\n")
        (self.process / "mountinfo").write_text(
            f"29 1 0:26 {root} {self.mount} rw,relatime shared:4 - {kind} {kind} {options}\n"
        )
        files = KERNELS_FILES[kind]
        real = Path.mkdir

        def mkdir(path: Path, *args: object, **options: object) -> None:
            real(path, *args, **options)  # type: ignore[arg-type]
            for name in files:
                (path / name).touch()

        self._patch.setattr(Path, "mkdir", mkdir)

    def group(self, path: str, hands_down: str = "") -> Path:
        group = self.mount / path
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.procs").touch()
        (group / "cgroup.subtree_control").write_text(hands_down)
        return group


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def read(group: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in group.iterdir()}


def test_version_2_makes_groups_beside_our_own(machine: Machine) -> None:
    machine.describe("cgroup2", "rw", "/user/app/run.scope")
    above = machine.group("user/app", "cpu memory pids")
    machine.group("user/app/run.scope")
    groups = find(machine.process)
    assert groups is not None
    group = groups.enclose(4711, RULES)
    assert group is not None
    assert group.parent == above
    assert read(group) == {
        "cgroup.procs": "4711",
        "memory.max": BYTES,
        "memory.swap.max": "0",
        "pids.max": "7",
    }
    second = groups.enclose(4712, RULES)
    assert second not in (None, group)


def test_version_1_makes_groups_below_our_own(machine: Machine) -> None:
    machine.describe("cgroup", "rw,memory", "/docker/us", root="/docker")
    own = machine.group("us")
    groups = find(machine.process)
    assert groups is not None
    group = groups.enclose(4711, RULES)
    assert group is not None
    assert group.parent == own
    assert read(group) == {
        "cgroup.procs": "4711",
        "memory.limit_in_bytes": BYTES,
        "memory.memsw.limit_in_bytes": BYTES,
    }


@pytest.mark.parametrize(
    ("kind", "options", "own", "hands_down"),
    [
        ("cgroup2", "rw", "/user/run.scope", "cpu pids"),  # memory is not handed down
        ("cgroup2", "rw", "/", "memory"),  # a container: nothing above our own group
        ("cgroup2", "rw", "/../elsewhere", "memory"),
        ("cgroup", "rw,cpu", "/user", ""),  # no memory hierarchy
    ],
)
def test_elsewhere_there_is_none(
    machine: Machine, kind: str, options: str, own: str, hands_down: str
) -> None:
    machine.describe(kind, options, own)
    machine.group("", hands_down)
    machine.group("user", hands_down)
    machine.group("user/run.scope")
    assert find(machine.process) is None


def test_a_place_that_cannot_be_written_is_none(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.describe("cgroup2", "rw", "/user/run.scope")
    machine.group("user", "memory")
    machine.group("user/run.scope")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert find(machine.process) is None


def test_a_system_without_groups_has_none(tmp_path: Path) -> None:
    assert find(tmp_path) is None


def test_a_group_that_the_kernel_refuses_is_gone_on_without(machine: Machine) -> None:
    machine.describe("cgroup2", "rw", "/user/run.scope")
    above = machine.group("user", "memory")
    machine.group("user/run.scope")
    groups = find(machine.process)
    assert groups is not None
    above.rename(above.with_name("gone"))
    assert groups.enclose(4711, RULES) is None


def test_groups_of_graders_that_were_killed_are_removed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = cgroup.Groups(machine.mount, "memory.max")
    dead, alive = f"{cgroup.PREFIX}{2**30}-0", f"{cgroup.PREFIX}{os.getpid()}-0"
    for name in (dead, alive, "another's"):
        (machine.mount / name).mkdir()
    groups.sweep()
    assert {path.name for path in machine.mount.iterdir()} == {alive, "another's"}


def test_the_kernel_says_who_sends() -> None:
    ours, theirs = socket.socketpair()
    cgroup.ask_who_sends(ours)
    with ours, theirs:
        child = os.fork()
        if child == 0:
            os.write(theirs.fileno(), b"hello")
            os._exit(0)
        ours.settimeout(10)
        assert cgroup.sender(ours) == child
        assert ours.recv(10) == b"hello"  # it was only looked at
        os.waitpid(child, 0)
        theirs.close()
        assert cgroup.sender(ours) is None  # and not 0, which is ourselves to the kernel


@pytest.mark.sandbox
def test_each_process_gets_a_group_and_takes_it_along(
    warm_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, machine: Machine
) -> None:
    machine.describe("cgroup2", "rw", "/user/run.scope")
    above = machine.group("user", "memory")
    machine.group("user/run.scope")
    monkeypatch.setattr(warm_sandbox, "_groups", find(machine.process))
    monkeypatch.setattr(Path, "rmdir", lambda path: removed.append(path))
    removed: list[Path] = []
    processes = [warm_sandbox.spawn() for _ in range(2)]
    made = sorted(above.glob(f"{cgroup.PREFIX}*"))
    pids = [(group / "cgroup.procs").read_text() for group in made]
    assert len(set(pids)) == 2
    for pid in pids:  # the student's process, by its number outside
        assert "NSpid" in Path("/proc", pid, "status").read_text()
    for process in processes:
        process.kill()
    assert sorted(removed) == made

"""Containers in place of bubblewrap: the engines' command lines, the door, and the refusals.

No engine is needed here: a stand-in (`engine.py`) takes the place of podman.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder import cli
from autograder.course.directory import Course
from autograder.errors import AutograderError
from autograder.inside import wire
from autograder.line import container as containers
from autograder.line.bubblewrap import CODE
from autograder.line.container import Container, container
from autograder.line.probe import available
from autograder.line.sandbox import Sandbox
from tests.autograder import tiny
from tests.autograder.line import engine
from tests.autograder.line.conftest import LIMITS
from tests.autograder.line.processes import descendants, gone

Stand = Callable[..., None]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Put a program where podman would be: the stand-in, or a shell script."""

    def put(script: str = "") -> None:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        if script:
            (folder / "podman").write_text(f"#!/bin/sh\n{script}\n")
            (folder / "podman").chmod(0o755)
        else:
            engine.install(folder, "podman")
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


# --- the command line ---


@pytest.mark.parametrize(("name", "own"), [("podman", ["--read-only-tmpfs=false"]), ("docker", [])])
def test_the_whole_command_line(
    name: containers.Engine, own: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 4_000_000, "SC_PAGE_SIZE": 4096}.get)
    monkeypatch.setattr(containers, "ENVIRONMENT", {"PATH": "/usr/bin", "HOME": "/tmp"})
    command = container(name, "one", {Path("/tmp/a"): CODE, Path("/tmp/b"): "/opt/line"}, "student")
    assert command == [
        *(name, "run", "--rm", "--name", "one", "--pull", "never"),
        *("--network", "none", "--hostname", "student", "--workdir", "/"),
        *("--read-only", *own),
        *("--user", "65534:65534", "--cap-drop", "all"),
        *("--security-opt", "no-new-privileges", "--security-opt", "seccomp=unconfined"),
        *("--security-opt", "apparmor=unconfined", "--security-opt", "label=disable"),
        *("--pids-limit", "4096", "--memory", "12288000000", "--memory-swap", "12288000000"),
        *("--env", "HOME=/tmp"),
        *("--volume", "/tmp/a:/opt/judge:ro", "--volume", "/tmp/b:/opt/line:ro"),
        *("--entrypoint", "", "student"),
    ]


def test_the_image_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOGRADER_IMAGE", raising=False)
    assert containers.image() == "sequence-models-measured/student"
    monkeypatch.setenv("AUTOGRADER_IMAGE", "registry.example.edu/ours:2")
    assert containers.image() == "registry.example.edu/ours:2"


# --- the door ---


@pytest.fixture
def others() -> list[int]:
    """The processes that earlier tests keep."""
    return descendants()


@pytest.fixture
def sandbox(stand_in: Stand, others: list[int]) -> Iterator[Sandbox]:
    stand_in()
    with Sandbox(LIMITS, "podman") as started:
        yield started


@pytest.mark.sandbox
def test_the_line_into_a_container(sandbox: Sandbox, others: list[int]) -> None:
    begun = descendants()
    assert sandbox.lobby is not None
    assert sandbox.lobby[1] == "podman"
    with Sandbox(LIMITS, lobby=sandbox.lobby) as worker:
        first, second = sandbox.spawn(), worker.spawn()
        for process in (first, second):
            body, _ = process.request(wire.Exec("c", "import os; print(os.listdir('/proc'))"), 20.0)
            assert body.stdout == "[]\n"  # the inner walls stand
        started = descendants(but=begun)
        assert started
        first.kill()
        second.kill()
    assert gone(started)
    door = sandbox._container
    assert door is not None
    assert not door._home.exists()  # nobody else can come
    servers = descendants(but=others)
    assert servers
    sandbox.close()
    assert gone(servers)


@pytest.mark.sandbox
def test_it_is_found_to_work(stand_in: Stand) -> None:
    stand_in()
    assert available("podman") == (True, "")


def test_nobody_else_on_this_machine_comes_to_the_door(tmp_path: Path) -> None:
    door = Container("podman", tmp_path, [])
    try:
        assert stat.S_IMODE(door._home.stat().st_mode) == 0o700
        (folder,) = [source for source, target in door._volumes.items() if target == "/opt/line"]
        assert folder.parent == door._home
    finally:
        door.close()
    assert not door._home.exists()


def test_a_container_that_ends_at_once_says_why(stand_in: Stand) -> None:
    stand_in("echo 'Error: no space for a container' >&2; exit 125")
    with pytest.raises(AutograderError, match="no space for a container"):
        Sandbox(LIMITS, "podman").start()


def test_one_that_does_not_end_is_removed(
    stand_in: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.line.sandbox.END_S", 0.2)
    asked = tmp_path / "asked"
    stand_in(f'if [ "$1" = run ]; then exec sleep 600; fi; echo "$@" >{asked}')
    others = descendants()
    sandbox = Sandbox(LIMITS, "podman")
    sandbox.launch()
    sandbox.close()
    assert asked.read_text().startswith("rm --force autograder-")
    assert gone(descendants(but=others))


def test_a_long_path_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with pytest.raises(AutograderError, match="no socket can be made there") as caught:
        Container("podman", tmp_path, [])
    assert "TMPDIR" in caught.value.todo
    assert list(long.iterdir()) == []


# --- the refusals ---


@pytest.mark.parametrize("name", ["podman", "docker"])
def test_an_engine_that_is_not_installed(
    name: containers.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    works, reason = available(name)
    assert not works
    assert reason.startswith(f"{name} is not installed. Install {name} (Debian")
    assert "without --sandbox" in reason


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'Cannot connect to the daemon' >&2; exit 1", "podman does not run here (Cannot"),
        ('[ "$1" = info ]', "there is no image 'sequence-models-measured/student' here. Build it"),
        (
            '[ "$1" != run ] || echo holds autograder solutions',
            "holds autograder solutions, which students must not see",
        ),
        (
            '[ "$1" != run ] || { echo "unshare: Operation not permitted" >&2; exit 1; }',
            "(unshare: Operation not permitted). The container starts",
        ),
    ],
    ids=["does not run", "no image", "hidden tests", "no namespaces"],
)
def test_what_is_missing_is_said(stand_in: Stand, script: str, reason: str) -> None:
    stand_in(script)
    works, told = available("podman")
    assert not works
    assert reason in told


def test_grade_refuses_and_says_what_to_do(
    course: Course,
    submit: Callable[[str, dict[str, str]], Path],
    stand_in: Stand,
    capsys: pytest.CaptureFixture[str],
) -> None:
    submit("ada", tiny.RIGHT)
    stand_in("echo 'Cannot connect to the daemon' >&2; exit 1")
    assert cli.run(["grade", "--sandbox", "podman", "--course", str(course.root)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "student code cannot be isolated on this machine" in said
    assert "Where: podman" in said
    assert "podman does not run here (Cannot connect to the daemon)" in said
    assert course.read_verdict(tiny.NAME, "ada") is None


@pytest.mark.sandbox
def test_the_verdict_says_podman(
    course: Course, submit: Callable[[str, dict[str, str]], Path], stand_in: Stand
) -> None:
    submit("ada", tiny.RIGHT)
    stand_in()
    assert cli.run(["grade", "--sandbox", "podman", "--course", str(course.root)]) == 0
    verdict = course.read_verdict(tiny.NAME, "ada")
    assert verdict is not None
    assert (verdict.points, verdict.isolation) == (5.0, "podman")
    shown = course.notebook("autograded", tiny.NAME, "ada").read_text()
    assert "judged in a sandbox" in shown


@pytest.mark.sandbox
def test_an_image_with_hidden_tests_is_found_out() -> None:
    """The real probe, on a folder of packages that holds them."""
    import subprocess
    import sys

    from autograder.line.bubblewrap import INSIDE, OURS
    from tests.conftest import ROOT

    ended = subprocess.run(
        [sys.executable, "-P", "-s", "-S", INSIDE / "forkserver.py", "probe", "x", "--", *OURS],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == ["holds", *OURS]

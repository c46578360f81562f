"""The book is built again whenever anything has changed, and only then."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import make_book
import pytest


class Project:
    """A project whose book is built by a stand-in for Jupyter Book that counts its runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.builds = 0
        self.status = 0
        self.meanwhile: Callable[[], object] = lambda: None
        for name in ("book/page.md", "book/_ext/part.py", "requirements.lock", ".cache/x"):
            self.write(name)
        self.write(".venv/.installed")
        self.write(".cache/notebooks/global.db")

    def write(self, name: str, text: str = "text") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def jupyter_book(self, *_: object, **__: object) -> subprocess.CompletedProcess[str]:
        self.builds += 1
        self.write("_build/html/page.html", f"build {self.builds}")
        self.meanwhile()
        return subprocess.CompletedProcess([], self.status)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path)
    monkeypatch.setattr(make_book.subprocess, "run", project.jupyter_book)
    assert make_book.build(tmp_path) == 0
    assert project.builds == 1
    return project


def test_nothing_changed_nothing_built(project: Project) -> None:
    project.write("_build/course/report.html")  # made by the demo, not by the book
    project.write(".git/index")
    assert make_book.build(project.root) == 0
    assert project.builds == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "book/page.md").write_text("other"),
        lambda root: (root / "book/_ext/part.py").write_text("other"),
        lambda root: (root / "book/new.md").write_text(""),
        lambda root: (root / "book/page.md").unlink(),
        lambda root: (root / "book/page.md").rename(root / "book/renamed.md"),
        lambda root: (root / "requirements.lock").write_text("other"),
        lambda root: (root / ".venv/.installed").write_text("other"),
        lambda root: (root / "_build/html/page.html").unlink(),
        lambda root: (root / "_build/html/page.html").write_text("scribble"),
        lambda root: os.utime(root / "_build/html/page.html", (1, 1)),
        lambda root: (root / "_build/html/stray.html").write_text(""),
        lambda root: shutil.rmtree(root / "_build"),
        lambda root: shutil.rmtree(root / ".cache"),
    ],
)
def test_any_change_builds_again(project: Project, change: Callable[[Path], object]) -> None:
    change(project.root)
    assert make_book.build(project.root) == 0
    assert project.builds == 2


def test_a_failed_build_is_tried_again(project: Project) -> None:
    project.write("book/page.md", "wrong")
    project.status = 1
    for builds in (2, 3):
        assert make_book.build(project.root) == 1
        assert project.builds == builds


def test_what_is_written_during_a_build_counts_for_the_next(project: Project) -> None:
    project.write("book/page.md", "second")
    project.meanwhile = lambda: project.write("book/page.md", "third")
    assert make_book.build(project.root) == 0
    project.meanwhile = lambda: None
    assert make_book.build(project.root) == 0
    assert project.builds == 3


def test_a_build_from_nothing_is_known_from_one_over_another(project: Project) -> None:
    assert make_book.is_current(project.root, make_book.WHOLE)
    project.write("book/page.md", "second")
    assert not make_book.is_current(project.root)
    assert make_book.build(project.root) == 0
    assert make_book.is_current(project.root)
    assert not make_book.is_current(project.root, make_book.WHOLE)
    shutil.rmtree(project.root / "_build")
    assert make_book.build(project.root) == 0
    assert make_book.is_current(project.root, make_book.WHOLE)

"""A save is noticed once, when it is complete, however an editor writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.student.saves import RESCAN, Saves, notebooks_in


def written(path: Path, text: str, at: int) -> Path:
    """Write a file at a moment of its own: clocks of file systems may be coarse."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(at, at))
    return path


def test_a_file_is_told_once_and_again_after_a_save(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", "one", 1)
    saves = Saves(path)
    assert [saves.look() for _ in range(3)] == [[path], [], []]
    written(path, "two", 2)
    assert [saves.look() for _ in range(3)] == [[], [path], []]


def test_what_is_still_being_written_is_waited_for(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", "", 1)
    saves = Saves(path)
    for size in range(1, 5):
        written(path, "x" * size, 1)
        assert saves.look() == []
    assert saves.look() == [path]


def test_a_file_that_is_replaced_and_one_that_comes_back_are_saves(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", "old", 1)
    saves = Saves(path)
    saves.look()
    written(tmp_path / "a.tmp", "new", 1).replace(path)
    assert [saves.look(), saves.look()] == [[], [path]]
    path.unlink()
    assert saves.look() == []
    written(path, "back", 2)
    assert [saves.look(), saves.look()] == [[], [path]]


def test_one_may_ask_for_a_file_again(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", "half", 1)
    saves = Saves(path)
    assert saves.look() == [path]
    saves.again(path)
    assert saves.look() == [path]


def test_a_folder_has_its_notebooks_and_those_of_its_folders(tmp_path: Path) -> None:
    for name in ("b.ipynb", "a/a.ipynb", "a/b/far.ipynb", ".ipynb_checkpoints/b.ipynb", "x.py"):
        written(tmp_path / name, "", 1)
    found = [path.relative_to(tmp_path).as_posix() for path in notebooks_in(tmp_path)]
    assert found == ["a/a.ipynb", "b.ipynb"]


@pytest.mark.parametrize("name", ["new.ipynb", "folder/new.ipynb"])
def test_a_new_notebook_of_a_folder_is_found(tmp_path: Path, name: str) -> None:
    saves = Saves(tmp_path)
    path = written(tmp_path / name, "", 1)
    looks = [saves.look() for _ in range(2 * RESCAN)]
    assert [found for found in looks if found] == [[path]]

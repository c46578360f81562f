"""Suites that come as text: modules of one folder see each other, and nobody else's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from autograder.errors import AutograderError
from autograder.suite.own import load_near, load_text

SUITE = """\
from __future__ import annotations
from dataclasses import dataclass
from typing import NamedTuple
from helper import WORTH
from autograder.checks import Suite, expect

class Pair(NamedTuple):
    a: int

@dataclass
class Kept:
    a: int = 1

suite = Suite("mine")

@suite.check("part", points=WORTH, title="lazily imported")
def lazily(student, rng):
    from helper import say
    import json
    expect(False, json.dumps(say() + Kept().a + Pair(1).a))
"""
PATH = "assignments/mine/hidden.py"


def helper(worth: int) -> str:
    return f"WORTH = {worth}\ndef say():\n    return {worth}\n"


def test_folders_do_not_see_each_others_modules() -> None:
    before = set(sys.modules)
    suites = [load_text(PATH, {"hidden.py": SUITE, "helper.py": helper(n)}) for n in (2, 3)]
    assert [suite.points("part") for suite in suites] == [2, 3]
    for suite, said in zip(suites, ("4", "5"), strict=True):
        with pytest.raises(AssertionError, match=said):
            suite.checks[0].function(None, torch.Generator())  # type: ignore[arg-type]
    assert "helper" not in sys.modules
    assert {name.partition(".")[0][:15] for name in set(sys.modules) - before} <= {
        "autograder_own_"
    }


def test_the_same_text_is_loaded_once() -> None:
    files = {"hidden.py": SUITE, "helper.py": helper(2)}
    assert load_text(PATH, files) is load_text(PATH, dict(files))
    assert load_text(PATH, files).where == PATH


def test_a_module_that_fails_is_tried_again() -> None:
    files = {"hidden.py": SUITE, "helper.py": "raise OSError('no disk')"}
    for _ in range(2):
        with pytest.raises(AutograderError, match="OSError: no disk") as told:
            load_text(PATH, files)
        assert told.value.where == "assignments/mine/helper.py:1"


def test_a_file_without_a_suite() -> None:
    with pytest.raises(AutograderError, match="defines no `suite`"):
        load_text(PATH, {"hidden.py": "x = 1"})


def test_a_kernel_finds_it_above_its_folder(tmp_path: Path) -> None:
    """As nbgrader's own autograde does, from autograded/STUDENT/ASSIGNMENT/."""
    folder = tmp_path / "assignments" / "mine"
    folder.mkdir(parents=True)
    (folder / "hidden.py").write_text(SUITE)
    (folder / "helper.py").write_text(helper(4))
    deep = tmp_path / "autograded" / "ada" / "mine"
    deep.mkdir(parents=True)
    assert load_near(PATH, deep).points("part") == 4
    with pytest.raises(AutograderError, match="cannot be found"):
        load_near("assignments/nothing/hidden.py", deep)

"""The key of code: what may change without changing it, and what may not."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import codehash
from codehash import Code

RUN = """
from ours.helper import twice, LIMIT

def run(x):
    return twice(x) if x < LIMIT else 0
"""
HELPER = "LIMIT = 3\n\ndef twice(x):\n    return 2 * x\n"


def key(tmp_path: Path, module: str = "ours.run", **files: str) -> str:
    """Return the key of a module among files, given by path below the package."""
    root = tmp_path / str(len(list(tmp_path.iterdir())))
    for name, text in files.items():
        file = root / "ours" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Code(root, ["ours"], ["ours/plumbing/"]).key(module)


@pytest.fixture
def plain(tmp_path: Path) -> str:
    """The key that the following compare with."""
    return key(tmp_path, run=RUN, helper=HELPER)


@pytest.mark.parametrize(
    "run",
    [
        '"""A docstring."""\n' + RUN + "\n# A comment.\n",
        RUN.replace("(x):\n", '(x):\n    """A docstring."""\n'),
        RUN.replace("twice, LIMIT", "LIMIT, twice"),
        RUN.replace("twice(x)", "double(x)").replace("twice,", "twice as double,"),
        RUN.replace("from ours.helper import twice, LIMIT", "from ours import helper as h")
        .replace("twice", "h.twice")
        .replace("LIMIT", "h.LIMIT"),
        RUN.replace("from ours.helper", "from .helper"),
        RUN.replace("from ours.helper import twice, LIMIT\n", "").replace(
            "    return", "    from ours.helper import twice, LIMIT\n    return"
        ),
    ],
    ids=["docstring", "inner docstring", "order", "alias", "module", "relative", "inside"],
)
def test_another_way_to_say_the_same_keeps_the_key(tmp_path: Path, plain: str, run: str) -> None:
    assert run != RUN
    assert key(tmp_path, run=run, helper=HELPER) == plain


def test_moving_and_renaming_files_keeps_the_key(tmp_path: Path, plain: str) -> None:
    run = RUN.replace("ours.helper", "ours.room.tools")
    moved = {"deep/er/main": run, "room/tools": HELPER, "room/__init__": '"""A room."""\n'}
    assert key(tmp_path, "ours.deep.er.main", **moved) == plain


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * x", "3 * x"),
        ("2 * x", "2.0 * x"),
        ("LIMIT = 3", "LIMIT = 4"),
        ("twice(x)", "twice(y)"),
    ],
)
def test_any_other_change_of_an_imported_file_shows(
    tmp_path: Path, plain: str, old: str, new: str
) -> None:
    assert key(tmp_path, run=RUN, helper=HELPER.replace(old, new)) != plain


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("< LIMIT", "<= LIMIT"),
        ("twice, LIMIT", "LIMIT as twice, twice as LIMIT"),
        ("else 0", "else None"),
    ],
)
def test_any_other_change_of_the_file_itself_shows(
    tmp_path: Path, plain: str, old: str, new: str
) -> None:
    assert key(tmp_path, run=RUN.replace(old, new), helper=HELPER) != plain


def test_a_change_far_away_shows(tmp_path: Path) -> None:
    far = {"helper": "from ours.far import twice, LIMIT\n", "far": HELPER}
    before = key(tmp_path, run=RUN, **far)
    assert key(tmp_path, run=RUN, **far | {"far": HELPER + "x = 1\n"}) != before


def test_which_of_two_files_a_name_comes_from_shows(tmp_path: Path) -> None:
    files = {"a": "def f(): return 1\n", "b": "def f(): return 2\n"}
    run = "from ours.{} import f\nfrom ours.{} import f as g\n\nx = f() - g()\n"
    before = key(tmp_path, run=run.format("a", "b"), **files)
    assert key(tmp_path, run=run.format("b", "a"), **files) != before


def test_a_name_that_means_something_else_too_is_left_as_it_is(tmp_path: Path) -> None:
    local = "from ours.helper import {}\n\ndef run(x):\n    {} = x\n    return {}\n"
    keys = {
        key(tmp_path, run=local.format(*names), helper=HELPER)
        for names in (
            ("twice", "twice", "twice"),
            ("twice", "other", "twice"),
            ("twice as more", "twice", "more"),
        )
    }
    assert len(keys) == 3


def test_files_may_import_each_other(tmp_path: Path) -> None:
    a = "from ours import {0}\n\ndef f(n): return {0}.g(n)\n"
    b = "from ours import {0}\n\ndef g(n): return n and {0}.f(n - 1)\n"
    before = key(tmp_path, "ours.a", a=a.format("b"), b=b.format("a"))
    assert key(tmp_path, "ours.x", x=a.format("y"), y=b.format("x")) == before
    other = b.format("a").replace("- 1", "- 2")
    assert key(tmp_path, "ours.a", a=a.format("b"), b=other) != before


def test_what_a_package_runs_first_counts(tmp_path: Path) -> None:
    files = {"run": RUN.replace("ours.helper", "ours.room.helper"), "room/helper": HELPER}
    before = key(tmp_path, **files)
    assert key(tmp_path, **files, **{"room/__init__": '"""A room."""\n'}) == before
    setting = "import torch\ntorch.set_num_threads(1)\n"
    assert key(tmp_path, **files, **{"room/__init__": setting}) != before


def test_plumbing_counts_neither_by_content_nor_by_place(tmp_path: Path) -> None:
    run = "from ours.plumbing.{} import note\n\nnote(1)\n"
    one, two = {"plumbing/a": "def note(x): ...\n"}, {"plumbing/b": "def note(x): print(x)\n"}
    before = key(tmp_path, run=run.format("a"), **one)
    assert key(tmp_path, run=run.format("b"), **two) == before
    assert key(tmp_path, run=run.format("b").replace("1", "2"), **two) != before
    other = run.format("b").replace("import note", "import other as note")
    assert key(tmp_path, run=other, **two) != before


def test_a_module_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"ours\.gone"):
        key(tmp_path, "ours.gone", run=RUN)


def test_files_tells_what_the_key_covers(tmp_path: Path, plain: str) -> None:
    code = Code(tmp_path / "0", ["ours"])
    assert list(code.files("ours.run")) == ["ours/helper.py", "ours/run.py"]
    assert list(code.files("ours.helper")) == ["ours/helper.py"]


def test_fields_that_only_some_versions_of_python_have_do_not_show() -> None:
    def written(tree: ast.AST) -> str:
        return "".join(str(piece) for piece in codehash._Writer(tree, {}, {}).pieces)

    tree = ast.parse("def f(x):\n    return x\n\nclass A: pass\n")
    before = written(tree)
    for node in ast.walk(tree):
        for field in ("type_params", "type_comment", "kind", "a_field_to_come"):
            if field not in node._fields:
                node._fields = (*node._fields, field)
                setattr(node, field, [] if field == "type_params" else None)
    assert written(tree) == before


def test_neighbouring_texts_in_an_f_string_are_one() -> None:
    def written(values: list[ast.expr]) -> str:
        tree = ast.Module([ast.Expr(ast.JoinedStr(values))], [])
        return "".join(str(piece) for piece in codehash._Writer(tree, {}, {}).pieces)

    x = ast.FormattedValue(ast.Name("x", ast.Load()), -1)
    split = [ast.Constant(""), ast.Constant("a"), ast.Constant("b"), x, ast.Constant("")]
    assert written(split) == written([ast.Constant("ab"), x])
    assert written(split) != written([x, ast.Constant("ab")])

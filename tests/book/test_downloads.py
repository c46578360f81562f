"""Every chapter and exercise downloads as a notebook, and runs with what its first lines name."""

from __future__ import annotations

import ast
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import archives
import nbformat
import pytest
from downloads import chapter_notebook
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.checks import load_suite
from autograder.notebooks.assemble import assemble
from autograder.steps import student_package
from tests.book.building import ROOT
from tests.book.fresh_environment import FreshEnvironment

pytestmark = pytest.mark.timeout(1200)  # the first test may have to build the book

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("[0-9]*.md"))
EXERCISES = sorted(path.stem for path in (ROOT / "exercises").glob("*.md"))
FOLDER = archives.CODE.removesuffix(".zip")


# Takes the course's modules out of a kernel that has imported them.
FORGET = f"""\
import sys
ours = [n for n, m in sys.modules.items() if {FOLDER!r} in (getattr(m, "__file__", 0) or "")]
assert ours
for name in ours:
    del sys.modules[name]"""


def read(pages: Path, name: str) -> NotebookNode:
    notebook = nbformat.read(pages / "downloads" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


def code(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def named_packages(text: str) -> list[str]:
    """Return what a line of the text installs with pip."""
    (line,) = re.findall(r"pip install (?:--quiet )?(?!jupyterlab-myst)([^`\n]+)", text)
    return line.replace('"', "").split()


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_s_notebook_has_the_cells_that_the_build_executed(pages: Path, name: str) -> None:
    _, *downloaded = code(read(pages, f"chapter-{name}"))
    path = pages.parent / f"jupyter_execute/book/{name}.ipynb"
    *executed, digest = code(nbformat.read(path, as_version=4))
    assert digest.startswith("# what this page runs with")
    assert downloaded == executed


def test_no_notebook_carries_outputs(pages: Path) -> None:
    found = sorted((pages / "downloads").glob("*.ipynb"))
    assert len(found) == len(CHAPTERS) + len(EXERCISES)
    for path in found:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert not cell.get("outputs"), path.name
            assert cell.get("execution_count") is None


def begun(notebook: NotebookNode, install: str) -> NotebookNode:
    """Return the first cell of a chapter and all of its imports, below ``install``."""
    _, first, *rest = code(notebook)
    imports = [
        ast.unparse(node)
        for cell in rest
        for node in ast.walk(ast.parse(re.sub(r"(?m)^%.*", "", cell)))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return new_notebook(cells=[*map(new_code_cell, (install, first, "\n".join(imports)))])


def test_the_chapters_imports_work_with_what_their_first_cells_name(
    pages: Path, tmp_path: Path
) -> None:
    """One kernel for all, since all name the same; each imports the course's modules anew."""
    shutil.copy(pages / "downloads" / archives.CODE, tmp_path)
    notebooks = [read(pages, f"chapter-{name}") for name in CHAPTERS]
    assert all(archives.CODE in notebook.cells[0].source for notebook in notebooks)
    (install,) = {notebook.cells[1].source for notebook in notebooks}
    packages = named_packages(install.splitlines()[0])
    fresh = FreshEnvironment(tmp_path / "env", ["ipykernel", *packages])
    with fresh.kernel(tmp_path) as run:
        # The test can fail: without the course's code nothing of it can be imported.
        with pytest.raises(CellExecutionError, match="No module named"):
            run(begun(notebooks[0], ""))
        run(begun(notebooks[0], install))
        for notebook in notebooks[1:]:
            run(begun(notebook, FORGET))


def test_a_chapter_fetches_the_code_from_a_site_with_an_address() -> None:
    page = ROOT / "book" / f"{CHAPTERS[0]}.md"
    cell = code(chapter_notebook(page, "One", ["torch"], "https://example.org/course/"))[0]
    address = f"https://example.org/course/downloads/{archives.CODE}"
    assert f'urlretrieve("{address}", "{archives.CODE}")' in cell
    assert "urlretrieve" not in code(chapter_notebook(page, "One", ["torch"]))[0]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., FreshEnvironment]:
    """Make an environment with some packages, once for all tests that name the same."""

    @cache
    def made(*packages: str) -> FreshEnvironment:
        folder = tmp_path_factory.mktemp("fresh") / "env"
        return FreshEnvironment(folder, ["ipykernel", *packages])

    return made


def answered(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the released notebook with the reference's answers."""
    path = ROOT / "exercises" / f"{name}.md"
    suite = nbformat.from_dict(notebook.metadata.autograder).suite
    answers = {cell.id: cell.source for cell in assemble(path, load_suite(suite)).cells}
    full = nbformat.from_dict(notebook)
    for cell in full.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
    return full


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_runs_with_the_packages_that_its_first_lines_name(
    pages: Path, name: str, tmp_path: Path, fresh: Callable[..., FreshEnvironment]
) -> None:
    notebook = read(pages, name)
    packages = named_packages(notebook.cells[0].source)
    with fresh(*packages).kernel(tmp_path) as run:
        run(answered(notebook, name))
        with pytest.raises(CellExecutionError, match="NotImplementedError"):
            run(notebook)


def test_the_archive_holds_no_hidden_test_and_the_site_has_the_student_s_package(
    pages: Path,
) -> None:
    names = zipfile.ZipFile(pages / "downloads" / archives.CODE).namelist()
    assert {"book/claims.yaml", "book/ledger.py", "solutions/rnn.py"} <= set(names)
    for name in names:
        assert "hidden" not in Path(name).parts
        assert name.split("/")[0] not in ("tests", "autograder")
    wheel = pages / "downloads" / student_package.file_name()
    assert wheel.read_bytes() == student_package.build()


def test_a_package_that_the_project_does_not_depend_on_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["torch>=2"]\noptional-dependencies = {book = ["a[b]>1"]}\n'
        '[tool.downloads]\nchapter = ["a", "torch"]\nother = ["numpy"]\n'
    )
    assert archives.requirements(tmp_path, "chapter") == ["a[b]>1", "torch>=2"]
    with pytest.raises(KeyError, match="numpy"):
        archives.requirements(tmp_path, "other")

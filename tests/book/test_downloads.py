"""Every chapter and exercise downloads as a notebook, and runs with what its first lines name."""

from __future__ import annotations

import ast
import json
import re
import shutil
import zipfile
from pathlib import Path

import archives
import nbformat
import pytest
from downloads import chapter_notebook
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from autograder.checks import load_suite
from autograder.notebooks.assemble import assemble
from tests.book.building import ROOT
from tests.book.fresh_environment import FreshEnvironment

pytestmark = pytest.mark.timeout(1200)  # the first test may have to build the book

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("[0-9]*.md"))
EXERCISES = sorted(path.stem for path in (ROOT / "exercises").glob("*.md"))


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


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_s_imports_work_with_what_its_first_cell_names(
    pages: Path, name: str, tmp_path: Path
) -> None:
    notebook = read(pages, f"chapter-{name}")
    text, install, first, *rest = [c for c in notebook.cells if c.source][:2] + [
        c for c in notebook.cells[2:] if c.cell_type == "code"
    ]
    assert archives.CODE in text.source
    shutil.copy(pages / "downloads" / archives.CODE, tmp_path)
    lines = install.source.splitlines()
    fresh = FreshEnvironment(tmp_path / "env", ["ipykernel", *named_packages(lines[0])])
    imports = [
        ast.unparse(node)
        for cell in rest
        for node in ast.walk(ast.parse(re.sub(r"(?m)^%.*", "", cell.source)))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    begun = nbformat.v4.new_notebook(
        cells=[install, first, nbformat.v4.new_code_cell("\n".join(imports))]
    )
    fresh.execute(begun, tmp_path)
    if name == CHAPTERS[0]:
        # The test can fail: without the course's code nothing of it can be imported.
        with pytest.raises(CellExecutionError, match="No module named"):
            fresh.execute(nbformat.v4.new_notebook(cells=[first]), tmp_path)


def test_a_chapter_fetches_the_code_from_a_site_with_an_address() -> None:
    page = ROOT / "book" / f"{CHAPTERS[0]}.md"
    cell = code(chapter_notebook(page, "One", ["torch"], "https://example.org/course/"))[0]
    address = f"https://example.org/course/downloads/{archives.CODE}"
    assert f'urlretrieve("{address}", "{archives.CODE}")' in cell
    assert "urlretrieve" not in code(chapter_notebook(page, "One", ["torch"]))[0]


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
    pages: Path, name: str, tmp_path: Path
) -> None:
    notebook = read(pages, name)
    named = named_packages(notebook.cells[0].source)
    fresh = FreshEnvironment(tmp_path / "env", ["ipykernel", *named])
    with pytest.raises(CellExecutionError, match="NotImplementedError"):
        fresh.execute(nbformat.from_dict(notebook), tmp_path)
    fresh.execute(answered(notebook, name), tmp_path)


def test_the_command_of_the_site_checks_a_notebook(pages: Path, tmp_path: Path) -> None:
    name = EXERCISES[0]
    notebook = read(pages, name)
    wheel = pages / "downloads" / archives.check_wheel(ROOT)
    fresh = FreshEnvironment(tmp_path / "env", archives.requirements(ROOT, "check"))
    installed = fresh.run("-m", "pip", "install", str(wheel), cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    nbformat.write(answered(notebook, name), tmp_path / f"{name}.ipynb")
    command = fresh.python.with_name("autograder")
    run = fresh.run(str(command), "check", f"{name}.ipynb", cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_archives_hold_no_hidden_test_and_the_command_no_answer(pages: Path) -> None:
    code_of_chapters = zipfile.ZipFile(pages / "downloads" / archives.CODE).namelist()
    checking = zipfile.ZipFile(pages / "downloads" / archives.check_wheel(ROOT)).namelist()
    assert {"book/claims.yaml", "book/ledger.py", "solutions/rnn.py"} <= set(code_of_chapters)
    assert "autograder/cli/__init__.py" in checking
    for name in (*code_of_chapters, *checking):
        assert "hidden" not in Path(name).parts
        assert name.split("/")[0] != "tests"
    assert not [name for name in code_of_chapters if name.startswith("autograder")]
    assert not [name for name in checking if name.startswith(("solutions", "experiments"))]


def test_a_package_that_the_project_does_not_depend_on_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\ndependencies = ["torch>=2"]\noptional-dependencies = {book = ["a[b]>1"]}\n'
        '[tool.downloads]\nchapter = ["a", "torch"]\ncheck = ["numpy"]\n'
    )
    assert archives.requirements(tmp_path, "chapter") == ["a[b]>1", "torch>=2"]
    with pytest.raises(KeyError, match="numpy"):
        archives.requirements(tmp_path, "check")

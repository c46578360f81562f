"""The page of an assignment: what students get stands there, and nothing that they must not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from exercise_pages import chapter_of, packages_of

import autograder.hidden
from tests.book.building import ROOT, parsed

pytestmark = pytest.mark.timeout(1200)  # the first test may have to build the book

EXERCISES = sorted(path.stem for path in (ROOT / "exercises").glob("*.md"))
OF_ALL_CHAPTERS = {"08-capstone"}
SHORT = 12  # lines up to this length ("return y") are too common to be a secret
REGION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)


def page_of(pages: Path, name: str) -> BeautifulSoup:
    return parsed(pages / f"exercises/{name}.html")


def lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if len(line.strip()) > SHORT}


def secrets() -> set[str]:
    """Every line that a student must not see: solution regions and hidden tests."""
    modules = [path.read_text("utf-8") for path in (ROOT / "solutions").rglob("*.py")]
    regions = {line for text in modules for part in REGION.findall(text) for line in lines(part)}
    hidden = Path(autograder.hidden.__file__).parent.rglob("*.py")
    tests = {line for path in hidden for line in lines(path.read_text("utf-8"))}
    assert len(regions) > 50
    assert len(tests) > 300
    # What the author also wrote where students may read it is no secret.
    told = "".join(REGION.sub("", text) for text in modules)
    for folder, kind in (("exercises", "*.md"), ("autograder/recipes", "*.py")):
        told += "".join(path.read_text("utf-8") for path in (ROOT / folder).glob(kind))
    return (regions | tests) - lines(told)


def shown_to_students(pages: Path) -> Iterator[tuple[str, str]]:
    """Yield (where, text) for all that the site gives to somebody who works on an exercise."""
    for path in sorted([*pages.glob("exercises/*.html"), *pages.glob("book/*.html")]):
        yield path.name, parsed(path).get_text()
    for path in sorted(pages.glob("_sources/**/*.md")):
        yield f"source of {path.stem}", path.read_text("utf-8")
    for path in sorted((pages / "downloads").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            yield f"{path.name}, {cell.id}", cell.source


def test_no_line_of_a_solution_or_of_a_hidden_test_is_shown(pages: Path) -> None:
    hidden_from_students = secrets()
    leaks = [
        f"{where}: {line}"
        for where, text in shown_to_students(pages)
        for line in lines(text) & hidden_from_students
    ]
    assert not leaks


@pytest.mark.parametrize("name", EXERCISES)
def test_the_page_shows_the_released_cells(pages: Path, name: str) -> None:
    page = page_of(pages, name)
    shown = [block.get_text().strip() for block in page.select(".cell_input pre")]
    notebook = nbformat.read(pages / f"downloads/{name}.ipynb", as_version=4)
    released = [cell.source.strip() for cell in notebook.cells if cell.cell_type == "code"]
    assert shown == released
    gaps = [text for text in shown if "# YOUR CODE HERE" in text]
    marked = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    assert len(gaps) == len(marked) >= 1
    assert not [text for text in shown if "from solutions" in text]


@pytest.mark.parametrize("name", EXERCISES)
def test_given_code_is_folded_and_what_to_write_is_not(pages: Path, name: str) -> None:
    page = page_of(pages, name)
    notebook = nbformat.read(pages / f"downloads/{name}.ipynb", as_version=4)
    folded = {block.get_text().strip() for block in page.select("details .cell_input pre")}
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        given = bool(marks) and not marks["solution"] and not marks["grade"]
        assert (cell.source.strip() in folded) == given


@pytest.mark.parametrize("name", EXERCISES)
def test_what_runs_behind_the_page_is_the_reference(pages: Path, name: str) -> None:
    path = pages.parent / f"jupyter_execute/exercises/{name}.ipynb"
    executed = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert [c for c in executed if c.source.startswith("from solutions.")]
    printing = [
        cell
        for cell in page_of(pages, name).select(".cell")
        if re.search(r"^ *print\(", cell.select_one(".cell_input").get_text(), re.MULTILINE)
    ]
    assert printing
    for cell in printing:
        assert cell.select_one(".cell_output").get_text().strip()


@pytest.mark.parametrize("name", EXERCISES)
def test_the_box_says_how_to_download_open_check_and_hand_in(pages: Path, name: str) -> None:
    box = page_of(pages, name).select_one(".how-to-work")
    steps = [step.get_text() for step in box.select("ol > li")]
    for step, word in zip(steps, ("Download", "Open", "Check", "Hand in"), strict=True):
        assert step.startswith(word)
    notebook, wheel = box.select("a[download]")
    assert notebook["href"] == f"../downloads/{name}.ipynb"
    assert (pages / "exercises" / notebook["href"]).resolve().is_file()
    assert (pages / "exercises" / wheel["href"]).resolve().is_file()
    assert f"pip install ./{Path(wheel['href']).name}" in steps[2]
    assert f"autograder check {name}.ipynb" in steps[2]
    packages = packages_of(nbformat.read(pages / f"downloads/{name}.ipynb", as_version=4))
    assert f"pip install jupyterlab {' '.join(packages)}\n" in steps[1]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_box_leads_to_the_chapter(pages: Path, name: str) -> None:
    link = page_of(pages, name).select_one(".how-to-work > p:not(.admonition-title) a")
    if name in OF_ALL_CHAPTERS:
        assert link is None
        return
    chapter = (pages / "exercises" / link["href"]).resolve()
    assert chapter.parent == (pages / "book").resolve()
    assert chapter.stem.partition("-")[2] == name.partition("-")[2]
    title = parsed(chapter).select_one("h1")
    assert title.get_text().startswith(link.get_text())


def test_a_chapter_is_found_by_its_name_whatever_its_number() -> None:
    docs = ["book/07-attention", "book/08-transformer", "exercises/06-transformer", "book/index"]
    assert chapter_of("06-transformer", docs) == "book/08-transformer"
    assert chapter_of("07-attention", docs) == "book/07-attention"
    assert chapter_of("06-former", docs) == ""


def test_the_packages_of_a_notebook_are_those_that_it_imports() -> None:
    cells = ["import math, yaml.nodes\nfrom torch import nn", "def f():\n    import numpy as np"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.cells.append(nbformat.v4.new_markdown_cell("import scipy"))
    assert packages_of(notebook) == ["PyYAML", "numpy", "torch"]

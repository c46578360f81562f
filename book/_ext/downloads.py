"""Sphinx extension: every chapter and exercise as a notebook that runs where nothing of ours is.

A chapter's notebook has the page's own cells, without outputs, below two more: what it needs,
and a cell that installs it and unpacks the course's code. An exercise's notebook is the released
one, byte for byte what an instructor hands out (``exercise_pages``). All lie in ``downloads/``
of the site, next to the code they need (``archives``).
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import archives
import jupytext
import nbformat
from exercise_pages import below_title, exercises
from nbformat import NotebookNode
from sphinx.application import Sphinx

from autograder.steps import student_package

CHAPTER = "chapter-"  # its assignment has the same name, and both end up in one folder

FIRST_LINES = """\
**The chapter *{title}* of Sequence Models, Measured, as a notebook.** It needs Python 3.11 or
later and Jupyter. The next cell installs the packages that the chapter imports, and unpacks the
course's own code from `{code}`. {where}

The code holds the layers that the assignments ask for. Whoever wants to write them first should
not look into the folder `solutions`. The text is MyST Markdown: with `pip install jupyterlab-myst`
JupyterLab shows it as the site does."""

BESIDE = "That file is no part of this notebook: download it from the chapter's page, too, and put \
it in the same folder."
FETCHED = "Where that file is missing, the cell fetches it from the site."

INSTALL = """\
%pip install --quiet {packages}
import shutil
import sys
{fetch}shutil.unpack_archive("{code}", "{folder}")
sys.path[:0] = ["{folder}", "{folder}/book"]"""

FETCH = """\
from pathlib import Path
from urllib.request import urlretrieve

if not Path("{code}").exists():
    urlretrieve("{address}", "{code}")
"""

LINKS = """
<p class="page-downloads">Run it yourself:
<a href="{up}{notebook}" download>this page as a notebook</a>, with
<a href="{up}{code}" download>the course’s code</a> in the same folder.</p>
"""


def is_chapter(docname: str) -> bool:
    """Tell whether a page is a chapter: its file's name begins with its number."""
    return docname.startswith("book/") and docname.removeprefix("book/")[0].isdigit()


def download_of(docname: str) -> str:
    """Return the file name of a page's notebook, or "" for a page that has none."""
    name = docname.rpartition("/")[2]
    if docname.startswith("exercises/"):
        return f"{name}.ipynb"
    return f"{CHAPTER}{name}.ipynb" if is_chapter(docname) else ""


def chapter_notebook(source: Path, title: str, packages: list[str], site: str = "") -> NotebookNode:
    """Return the chapter at ``source`` as a notebook that installs what it needs.

    ``packages`` are requirements for pip; ``site`` is the address of the published book, if it is
    known.
    """
    page = jupytext.read(source, fmt="md:myst")
    folder = archives.CODE.removesuffix(".zip")
    names = {"title": title, "code": archives.CODE, "folder": folder}
    address = f"{site.rstrip('/')}/{archives.FOLDER}/{archives.CODE}"
    fetch = FETCH.format(**names, address=address) if site else ""
    quoted = " ".join(f'"{package}"' for package in packages)
    first = nbformat.v4.new_markdown_cell(
        FIRST_LINES.format(**names, where=FETCHED if site else BESIDE)
    )
    install = nbformat.v4.new_code_cell(INSTALL.format(**names, packages=quoted, fetch=fetch))
    notebook = nbformat.v4.new_notebook(cells=[first, install, *copy.deepcopy(page.cells)])
    notebook.metadata = {"kernelspec": dict(page.metadata["kernelspec"])}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:03d}"  # equal input gives equal bytes
    return notebook


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Write all notebooks, and the code that they need, into the site."""
    if error or app.builder.format != "html":
        return
    root, target = Path(app.srcdir), Path(app.outdir, archives.FOLDER)
    target.mkdir(exist_ok=True)
    chapters = [name for name in sorted(app.env.found_docs) if is_chapter(name)]
    for docname in chapters:
        notebook = chapter_notebook(
            Path(app.env.doc2path(docname)),
            app.env.titles[docname].astext(),
            archives.requirements(root, "chapter"),
            app.config.html_baseurl,
        )
        (target / download_of(docname)).write_text(nbformat.writes(notebook) + "\n", "utf-8")
    for docname, text in exercises(app.env).items():
        (target / download_of(docname)).write_text(text, "utf-8")
    if chapters:
        archives.write_code(root, target)
    if exercises(app.env):
        student_package.write(target)


def link_downloads(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put the links under the title of a chapter."""
    if is_chapter(docname):
        links = LINKS.format(
            up=f"../{archives.FOLDER}/", notebook=download_of(docname), code=archives.CODE
        )
        source[0] = below_title(source[0], links)


def add_button(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Offer the notebook among the theme's downloads of the page."""
    name = download_of(pagename)
    groups = [b for b in context.get("header_buttons", []) if b.get("label") == "download-buttons"]
    if name and groups:
        button = {
            "type": "link",
            "url": f"{context['pathto'](archives.FOLDER, 1)}/{name}",
            "text": ".ipynb",
            "icon": "fas fa-code",
            "tooltip": "Download the notebook",
            "label": "download-notebook-button",
        }
        groups[0]["buttons"].insert(0, button)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", link_downloads)
    # The theme makes its buttons at 501.
    app.connect("html-page-context", add_button, priority=502)
    app.connect("build-finished", write_downloads)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

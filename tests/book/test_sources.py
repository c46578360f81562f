"""The book's sources keep the house rules: numbers measured, words cited, cells short."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from bibliography import papers
from documents import load_documents
from fresh_notebooks import CELL, OPTIONS, cells
from ledger import load_claims
from ledger_entries import TOPICS
from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
SOLUTIONS = ROOT / "solutions"
PAGES = sorted(BOOK.glob("*.md"))
CHAPTERS = [page for page in PAGES if page.name[0].isdigit()]
# Arguments of ``measured`` that hold it to the rules of evidence; all others are numbers.
RULES = {"evidence", "constants", "agrees", "contradicted_by", "contrary", "possible"}
CITATION = re.compile(r"\{cite:?[a-z]*\}`([^`]+)`")


def source(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def front_matter(page: Path) -> dict[str, object]:
    text = source(page)
    return yaml.safe_load(text.split("---\n")[1]) if text.startswith("---\n") else {}


def calls(page: Path, name: str) -> Iterator[ast.Call]:
    """Yield every call of ``name`` in the page's cells."""
    for node in ast.walk(ast.parse("\n".join(cells(source(page))))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == name:
            yield node


def text_of(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant), "write the text in the call, as a plain format string"
    assert isinstance(node.value, str)
    return node.value


def cards(page: Path) -> list[str]:
    """Return the claims whose cards stand on the page."""
    found = [text_of(call.args[0]) for call in calls(page, "measured")]
    return found + re.findall(r"^```\{result-card\} (\S+)$", source(page), re.MULTILINE)


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_every_measurable_claim_of_the_chapter_s_topics_has_one_card(page: Path) -> None:
    """On this page, or on that of an earlier chapter, whose story needed it first."""
    topics = str(front_matter(page)["topics"]).split()
    claims = load_claims()
    assert {claim.topic for claim in claims.values()} >= set(topics)
    wanted = {c.id for c in claims.values() if c.topic in topics and c.experiment}
    so_far = [claim for chapter in CHAPTERS if chapter <= page for claim in cards(chapter)]
    assert len(so_far) == len(set(so_far))
    assert set(so_far) >= wanted
    # A chapter without topics of its own asks all layers what others have asked of one.
    assert not topics or set(cards(page)) & wanted


def test_chapter_one_covers_the_recurrent_limits() -> None:
    assert front_matter(BOOK / "01-rnn-limits.md")["topics"] == "rnn-limits"
    assert len(list(calls(BOOK / "01-rnn-limits.md", "measured"))) == 9


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_no_figure_in_the_ledger_is_typed_by_hand(page: Path) -> None:
    for call in calls(page, "measured"):
        keywords = {k.arg for k in call.keywords}
        parts = list(string.Formatter().parse(text_of(call.args[2])))
        typed = "".join(literal for literal, *_ in parts)
        assert not re.search(r"\d", typed), typed
        named = {name for _, name, *_ in parts if name}
        assert named == keywords - RULES


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_every_measurement_says_what_would_contradict_it(page: Path) -> None:
    for call in calls(page, "measured"):
        said = text_of(next(k.value for k in call.keywords if k.arg == "contradicted_by"))
        assert said.endswith(".")
        assert len(said.split()) >= 4
        assert not re.search(r"\d", "".join(part for part, *_ in string.Formatter().parse(said)))


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_cells_are_short_and_lines_fit(page: Path) -> None:
    for cell in cells(source(page)):
        assert len(cell.strip().splitlines()) < 30, cell
        assert max(map(len, cell.splitlines())) <= 88, cell


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_cells_are_formatted(page: Path, tmp_path: Path) -> None:
    for number, cell in enumerate(cells(source(page))):
        code = cell.strip().removesuffix(";") + "\n"  # a semicolon keeps a value off the page
        (tmp_path / f"cell_{number:02}.py").write_text(code, encoding="utf-8")
    assert len(list(tmp_path.iterdir())) > 5
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "88"]
    run = subprocess.run(
        [*command, "--diff", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_a_folded_cell_is_a_measurement_or_a_plot_and_says_so(page: Path) -> None:
    for match in CELL.finditer(source(page)):
        options = match[2][: len(match[2]) - len(OPTIONS.sub("", match[2], count=1))]
        if "hide-input" in options:
            plots = "code_prompt_show: Plot code" in options
            assert plots != ("measured(" in match[2]), match[2]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_what_only_glues_numbers_does_not_stand_on_the_page(page: Path) -> None:
    for match in CELL.finditer(source(page)):
        code = OPTIONS.sub("", match[2], count=1).strip()
        only = all(line.startswith("glue(") for line in code.splitlines())
        assert only == ("remove-cell" in match[2]), match[2]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_no_chapter_prints_what_its_assignment_asks_for(page: Path) -> None:
    asked = {line for name in SOLUTIONS.glob("*.py") for line in solution_lines(source(name))}
    assert len(asked) > 30
    printed = {line.strip() for cell in cells(source(page)) for line in cell.splitlines()}
    assert not printed & asked


def solution_lines(module: str) -> set[str]:
    """Return the lines between the marks of a solution that say something of their own."""
    regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", module, re.DOTALL)
    lines = {line.strip() for region in regions for line in region.splitlines()}
    return {line for line in lines if len(line) > 25}


def words(page: Path) -> int:
    """Count the words of a page's prose: no front matter, code, formulas, options or roles."""
    text = CELL.sub("", source(page).split("---\n", 2)[2])
    for mark in (r"\$\$.*?\$\$", r"\$[^$]+\$", r"^:[\w-]+:.*?$", r"\{[\w:]+\}(`[^`]+`)?"):
        text = re.sub(mark, " ", text, flags=re.DOTALL | re.MULTILINE)
    return len(re.findall(r"\w[\w'’-]*", text))


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_is_read_in_one_sitting(page: Path) -> None:
    assert words(page) <= 3_600


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_cells_pass_the_linter_as_one_program(page: Path, tmp_path: Path) -> None:
    program = tmp_path / "cells.py"
    program.write_text("\n\n".join(cells(source(page))), encoding="utf-8")
    # A cell may end with an expression or a semicolon, and import in the middle of the page.
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--target-version", "py311"]
    rules = ["--select", "E,F,W,B,UP,SIM,RET", "--ignore", "E402,E501,E703,B018"]
    run = subprocess.run(
        [*command, *rules, str(program)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_every_figure_says_what_to_see_in_caption_and_alt_text(page: Path) -> None:
    drawn = 0
    for match in CELL.finditer(source(page)):
        if "plt.xlabel(" not in match[2] and ".set_xlabel(" not in match[2]:
            assert "plt.plot" not in match[2], "a figure needs labelled axes"
            continue
        drawn += 1
        options = yaml.safe_load(match[2].split("---\n")[1])["mystnb"]
        assert options["figure"]["name"].startswith("fig-")
        assert len(options["figure"]["caption"].split()) >= 15
        assert len(options["image"]["alt"].split()) >= 10
        assert match[2].rstrip().endswith(";"), "the last line would be printed below the figure"
    assert drawn >= 5


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_has_the_anatomy(page: Path) -> None:
    text = source(page)
    parts = (
        ":class: objectives",
        "**You need**",
        ":class: predict",  # a question before anything is explained
        "## The idea",
        "## The maths",
        "## The code",
        "## Misreadings",
        "## The same four questions",
        "## Check yourself",
        "## Exercises",
        "## Summary",
        "## Assignment",
        "## Further reading",
    )
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert text.count(":class: predict") == text.count("{dropdown} Answer") >= 3


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_has_a_picture_a_figure_to_touch_and_a_quiz(page: Path) -> None:
    text = source(page)
    assert "```{touch} " in text
    assert f"```{{quiz}} {page.stem}\n" in text
    drawn = [match[2] for match in CELL.finditer(text) if re.search(r"^drawing\.", match[2], re.M)]
    assert drawn
    for cell in drawn:
        options = yaml.safe_load(cell.split("---\n")[1])
        assert options["mystnb"]["figure"]["name"].startswith("fig-")
        assert len(options["mystnb"]["figure"]["caption"].split()) >= 15
        assert options["tags"] == ["remove-input"], "the picture is the point, not its call"


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_every_exercise_has_a_folded_solution(page: Path) -> None:
    text = source(page)
    labels = re.findall(r"\{exercise\}.*\n:label: (\S+)", text)
    assert len(labels) >= 3
    assert re.findall(r"\{solution\} (\S+)\n:class: dropdown", text) == labels


def test_the_table_of_contents_is_complete() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [toc["root"]] + [c["file"] for part in toc["parts"] for c in part["chapters"]]
    assert len(listed) == len(set(listed))
    assert {f"book/{page.stem}" for page in PAGES} <= set(listed)
    for name in listed:
        assert (ROOT / f"{name}.md").is_file(), name


def test_every_label_of_the_book_is_given_once() -> None:
    """Sphinx knows figures, equations and exercises by one name in the whole book."""
    named = re.compile(r"^ *:?(?:name|label): ((?:fig|ex|touch)-\S+)$|\((eq-\S+)\)$", re.MULTILINE)
    found = [label for page in PAGES for label in named.findall(page.read_text(encoding="utf-8"))]
    counts = Counter("".join(label) for label in found)
    assert len(counts) > 50
    assert [label for label, times in counts.items() if times > 1] == []


def test_sources_hold_no_outputs() -> None:
    assert not list(BOOK.rglob("*.ipynb"))
    for page in PAGES:
        assert "{glue:figure}" not in source(page)
        assert "data:image" not in source(page)


def test_every_citation_exists_and_every_entry_is_cited() -> None:
    entries = parse_file(str(BOOK / "references.bib")).entries
    cited = {
        key.strip()
        for page in PAGES
        for group in CITATION.findall(source(page))
        for key in group.split(",")
    }
    cited |= {key for claim in load_claims().values() for key in claim.sources}
    assert cited == set(entries)
    for key, entry in entries.items():
        assert entry.persons["author"], key
        assert entry.fields["title"], key
        assert re.fullmatch(r"\d{4}", entry.fields["year"]), key
        assert key.endswith(entry.fields["year"]), key
        if "url" in entry.fields:
            assert entry.fields["url"].startswith("https://"), key
        if "doi" in entry.fields:
            assert entry.fields["doi"].startswith("10."), key
    addresses = [address for _, address in papers().values()]
    assert all(addresses), "every entry has a DOI or another address"
    assert len(addresses) == len(set(addresses))
    assert papers()["hochreiter1997"] == (
        "Hochreiter & Schmidhuber 1997",
        "https://doi.org/10.1162/neco.1997.9.8.1735",
    )


def test_the_ledger_page_shows_every_topic_once_under_its_name() -> None:
    text = source(BOOK / "ledger.md")
    topics = re.findall(r"^## (.+)\n\n```\{claims\}\n:topic: (\S+)$", text, re.MULTILINE)
    assert [(name, topic) for topic, name in TOPICS.items()] == topics
    assert set(TOPICS) == {claim.topic for claim in load_claims().values()}


def test_every_document_has_a_title_and_claims() -> None:
    claims = load_claims().values()
    assert set(load_documents()) == {claim.document for claim in claims}
    for document in load_documents().values():
        assert len(document.title.split()) >= 3


def test_the_symbols_have_every_letter_of_the_chapter_s_equations() -> None:
    symbols = source(BOOK / "symbols.md")
    for letter in (
        "$W$",
        "$U$",
        "$b$",
        "$h(t)$",
        "$a(t)$",
        "$d(t)$",
        "$e(t)$",
        r"$\delta(t)$",
        "$J(t)$",
    ):
        assert f"| {letter}" in symbols, letter

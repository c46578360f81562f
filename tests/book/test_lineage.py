"""The lineage: a sound record, a graph whose lines meet what they belong to, a list in words."""

from __future__ import annotations

import itertools
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from bibliography import papers
from lineage_graph import LINES, LineageError, graph, load_lineage, tracks
from linked_drawing import wrapped

from tests.book.test_pages import parsed, plain

ALT = "A graph of papers, each of them a link."
STEPS = load_lineage()
FIRST = {
    "id": "wheel",
    "year": 1990,
    "name": "Wheel",
    "line": "gates",
    "paper": "elman1990",
    "added": "rolling",
    "changed": "none",
    "place": "01-rnn-limits",
    "took": {},
}


def lineage_file(folder: Path, *steps: dict[str, object]) -> Path:
    path = folder / "lineage.yaml"
    path.write_text(yaml.safe_dump(list(steps)), encoding="utf-8")
    return path


def test_the_lineage_reaches_from_1990_to_today_and_every_paper_can_be_read() -> None:
    assert STEPS[0].year <= 1990
    assert STEPS[-1].year >= 2024
    assert {step.line for step in STEPS} == set(LINES)
    for step in STEPS:
        name, address = papers()[step.paper]
        assert address, step.id
        assert name.endswith(str(step.year)), step.id
        for text in (step.added, step.changed, *step.took.values()):
            assert text.strip(), step.id
            assert not text.endswith("."), "the sentences are made around it"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "cart", "line": "food"}, "no line is called 'food'"),
        ({"id": "wheel"}, "stands twice"),
        ({"id": "cart", "year": 1980}, "older than the one before it"),
        ({"id": "cart", "took": {"axle": "turning"}}, "takes over from {'axle'}"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    with pytest.raises(LineageError, match=message):
        load_lineage(lineage_file(tmp_path, FIRST, FIRST | change))


def test_every_step_is_a_link_that_says_its_year_and_what_it_added() -> None:
    drawing = graph(STEPS, lambda step: f"#{step.id}", ALT)
    root = ElementTree.fromstring(drawing.svg)
    assert root.attrib["role"] == "group"
    links = [e for e in root.iter() if e.tag.endswith("}a")]
    assert [link.get("href") for link in links] == [f"#{step.id}" for step in STEPS]
    for link, step in zip(links, STEPS, strict=True):
        assert link.get("aria-label") == f"{step.year}, {step.name}: {step.added}"
        assert len([e for e in link if e.tag.endswith("path")]) == len(step.took)


def test_lines_keep_off_labels_and_off_the_dots_of_others() -> None:
    drawing = graph(STEPS, lambda step: "#", ALT)
    root = ElementTree.fromstring(drawing.svg)
    dots = [
        (float(e.get("cx")), float(e.get("cy"))) for e in root.iter() if e.tag.endswith("circle")
    ][len(LINES) :]
    assert len(dots) == len(STEPS)
    for start, end in drawing.lines:
        left, right = sorted((start.x, end.x))
        top, bottom = sorted((start.y, end.y))
        for label in drawing.labels:
            apart = right <= label.left or bottom <= label.top or top >= label.bottom
            assert apart, (label, start, end)
        for x, y in dots:
            ends_here = (x, y) in ((start.x, start.y), (end.x, end.y))
            assert ends_here or not (left - 4 < x < right + 4 and top - 4 < y < bottom + 4)


def test_lines_of_two_sources_share_no_track_where_they_meet() -> None:
    row = {step.id: number for number, step in enumerate(STEPS)}
    spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for (source, line), track in tracks(STEPS).items():
        last = max(row[s.id] for s in STEPS if s.line == line and source in s.took)
        spans.setdefault((line, track), []).append((row[source], last))
    for taken in spans.values():
        taken.sort()
        for (_, end), (start, _) in itertools.pairwise(taken):
            assert end < start


def test_words_are_wrapped_to_the_room_there_is() -> None:
    assert wrapped("a few short words", 12, 1000) == ["a few short words"]
    assert wrapped("a few short words", 12, 1) == ["a", "few", "short", "words"]


@pytest.mark.timeout(1200)
def test_the_page_has_the_graph_and_says_all_of_it_in_words(pages: Path) -> None:
    page = parsed(pages / "book/lineage.html")
    assert len(page.select(".lineage svg a[href]")) == len(STEPS)
    for step in STEPS:
        term = page.select_one(f"dt#lineage-{step.id}")
        said = term.find_next_sibling("dd")
        assert str(step.year) in term.get_text()
        assert step.name in term.get_text()
        for text in (step.added, *step.took.values()):
            assert plain(text) in plain(said.get_text())
        assert len(said.select("a[href]")) == 2

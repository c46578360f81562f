"""The map of the chapters: whichever there are, in their order, each a link."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from chapter_map import COLORS, Chapter, chapter_map, short
from style import PALETTE, ROLES

from tests.book.building import ROOT
from tests.book.test_pages import parsed

ALT = "The chapters in their order, each a link."
TITLES = (
    "RNN limits",
    "The constant error carousel",
    "Gates, and a very long rest of the title",
    "State space models: and so on",
    "Choosing",
)


def drawn(count: int) -> ElementTree.Element:
    chapters = [Chapter(f"{n}.html", TITLES[n % len(TITLES)], "lstm") for n in range(count)]
    return ElementTree.fromstring(chapter_map(chapters, ALT).svg)


@pytest.mark.parametrize("count", [1, 2, 7, 10, 12])
def test_the_map_holds_as_many_chapters_as_there_are(count: int) -> None:
    root = drawn(count)
    links = [e for e in root.iter() if e.tag.endswith("}a")]
    assert [link.get("href") for link in links] == [f"{n}.html" for n in range(count)]
    assert links[-1].get("aria-label").startswith(f"Chapter {count}: ")
    arrows = [e for e in root.iter() if e.tag.endswith("}polygon")]
    assert len(arrows) == count - 1


def test_nothing_on_the_map_overlaps() -> None:
    chapters = [Chapter("#", title, "lstm") for title in TITLES * 2]
    labels = chapter_map(chapters, ALT).labels
    for i, a in enumerate(labels):
        for b in labels[:i]:
            apart = a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
            assert apart, (a, b)


def test_a_long_title_is_cut_where_it_explains_itself() -> None:
    assert [short(title) for title in TITLES[2:4]] == ["Gates", "State space models"]


def test_a_chapter_s_colour_is_one_of_the_palette() -> None:
    assert set(COLORS.values()) <= {*PALETTE, *ROLES}


@pytest.mark.timeout(1200)
def test_the_front_page_leads_to_every_chapter_of_the_table_of_contents(pages: Path) -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    chapters = [name for name in files if re.match(r"book/\d", name)]
    front = parsed(pages / "book/index.html")
    links = [link["href"] for link in front.select("nav.chapter-map svg a")]
    assert links == [f"{name.removeprefix('book/')}.html" for name in chapters]
    assert len(front.select(".front .touch")) == 1

"""Pages send what they need: one sheet without idle rules, no idle scripts, little weight."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from lean_site import rounded
from site_fonts import slanted
from site_styles import Used, joined

from benchmarks.site.weight import files_of, weight
from tests.book.building import parsed

pytestmark = pytest.mark.timeout(1200)  # the first test of the pages may have to build them

KIB = 1024
HEAVIEST = {"chapter": 450 * KIB, "index": 130 * KIB}


def scripts_of(page: Path) -> set[str]:
    return {Path(tag["src"].split("?")[0]).name for tag in parsed(page).select("script[src]")}


def font_of(pages: Path, name: str) -> TTFont:
    (file,) = (pages / "_static/fonts").glob(f"{name}-*.woff2")
    return TTFont(file)


def test_chapters_and_the_front_page_are_light(pages: Path) -> None:
    for chapter in pages.glob("book/[0-9]*.html"):
        assert weight(chapter) <= HEAVIEST["chapter"], chapter.name
    assert weight(pages / "book/index.html") <= HEAVIEST["index"]


def test_weight_counts_what_files_load_in_their_turn(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<link rel="stylesheet" href="a.css?v=1"><script src="b.js" type="module"></script>'
        '<img src="data:image/png;base64,AAAA"><a href="other.html">no</a>'
    )
    (tmp_path / "a.css").write_text('p { background: url("c.png") } q { mask: url(#here) }')
    (tmp_path / "b.js").write_text('import { x } from "./d.js";')
    (tmp_path / "c.png").write_bytes(bytes(1000))
    (tmp_path / "d.js").write_text("export const x = 1;")
    names = {file.name for file in files_of(tmp_path / "page.html")}
    assert names == {"page.html", "a.css", "b.js", "c.png", "d.js"}
    assert 1000 < weight(tmp_path / "page.html") < 1500  # a picture is not compressed again


def test_no_page_has_a_script_for_maths_and_only_the_search_page_an_index(pages: Path) -> None:
    assert not (pages / "_static/mathjax").exists()
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "MathJax" not in text, page.name
        assert "katex" not in text.lower(), page.name
        assert ("searchindex.js" in text) == (page.name == "search.html"), page.name


def test_pages_load_a_script_only_where_something_uses_it(pages: Path) -> None:
    chapter = scripts_of(pages / "book/01-rnn-limits.html")
    assert {"copybutton.js", "clipboard.min.js", "togglebutton.js"} <= chapter
    glossary = scripts_of(pages / "book/glossary.html")
    assert not glossary & {"copybutton.js", "clipboard.min.js", "togglebutton.js"}
    for page in pages.glob("book/*.html"):
        for script in parsed(page).select("script[src]"):
            assert script.has_attr("defer") or script.get("type") == "module", script


def test_every_page_links_one_stylesheet_and_its_newest_version(pages: Path) -> None:
    marks = set()
    for page in [*pages.glob("*/*.html"), pages / "search.html"]:
        links = [tag["href"] for tag in parsed(page).select("link[rel=stylesheet]")]
        assert len([link for link in links if "/site.css?v=" in f"/{link}"]) == 1, page.name
        marks |= {link.split("?v=")[1] for link in links if "site.css" in link}
    assert len(marks) == 1


def test_every_icon_on_a_page_is_in_the_small_font(pages: Path) -> None:
    sheet = (pages / "_static/site.css").read_text(encoding="utf-8")
    drawn = font_of(pages, "icons").getBestCmap()
    assert len(drawn) < 60
    shown = 0
    for page in pages.rglob("*.html"):
        for icon in parsed(page).select("i[class*=fa-], span[class*=fa-]"):
            rules = [
                sign
                for name in icon["class"]
                for sign in re.findall(rf'\.{name}:before\{{content:"(.)"\}}', sheet)
            ]
            assert len(rules) == 1, icon
            assert ord(rules[0]) in drawn, icon
            shown += 1
    assert shown > 20


def test_every_sign_of_a_formula_is_in_the_font_for_formulas(pages: Path) -> None:
    font = font_of(pages, "formulas")
    assert "MATH" in font
    drawn = font.getBestCmap()
    invisible = {" ", "\u2061", "\n"}
    for page in pages.rglob("*.html"):
        formulas = parsed(page).find_all("math")
        for part in (p for f in formulas for p in f.find_all(["mi", "mo", "mn", "mtext"])):
            for sign in set(part.get_text()) - invisible:
                assert ord(sign) in drawn or sign.isspace(), part
                assert ord(slanted(sign)) in drawn or sign.isspace(), part


THEIRS = """@charset "utf-8";
@font-face { font-family: X; src: url(x.woff2) }
/* a comment */
.used, .idle > b { color: red }
.idle.used { color: green }
#place .used:not(.absent) { color : blue !important }
@media print { .idle { top: 0 } }
@media screen { .used { background: url("../p/q.png") } }
a[href] > b { top: 0 }
"""


def test_rules_that_no_page_can_match_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    sheet = tmp_path / "styles/theirs.css"
    sheet.write_text(THEIRS)
    used = Used.of(['<b id="place" class="used">'], ['"made by a script"'])
    css = joined([(sheet, False)], tmp_path, used)
    assert css.splitlines() == [
        ".used{color:red}",
        "#place .used:not(.absent){color:blue!important}",
        "@media screen{.used{background:url(p/q.png)}}",
        "a[href] > b{top:0}",
    ]


def test_on_paper_dark_is_light(tmp_path: Path) -> None:
    sheet = tmp_path / "a.css"
    sheet.write_text(
        "html[data-theme=dark] a, b {color: #fff} html[data-theme='light'] a {color: #000}"
    )
    css = joined([(sheet, True)], tmp_path, Used.of([], []))
    assert css.splitlines() == [
        "b{color:#fff}@media not print{html[data-theme=dark] a{color:#fff}}",
        'html[data-theme="light"] a{color:#000}@media print{html[data-theme="dark"] a{color:#000}}',
    ]


def test_a_class_that_a_script_names_counts_as_used(tmp_path: Path) -> None:
    sheet = tmp_path / "a.css"
    sheet.write_text(".shown{top:0}.hidden{top:1px}")
    used = Used.of([], ['e.classList.add("shown")'])
    assert joined([(sheet, False)], tmp_path, used) == ".shown{top:0}\n"
    assert ".hidden" in joined([(sheet, True)], tmp_path, used)  # our own sheets stay whole


def test_figures_are_rounded_where_it_cannot_be_seen() -> None:
    svg = (
        '<svg><metadata>\n<x/></metadata><path d="M 10.123456 7.5 L 1e3 -0.987654"/>'
        '<g transform="scale(0.015625)"/><use x="3.14159" y="2.71828"/></svg>'
    )
    assert rounded(svg) == (
        '<svg><path d="M 10.12 7.5 L 1e3 -0.98"/>'
        '<g transform="scale(0.015625)"/><use x="3.14" y="2.71"/></svg>'
    )
    assert rounded(rounded(svg)) == rounded(svg)

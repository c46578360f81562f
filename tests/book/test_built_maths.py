"""Formulas are MathML when the book is built: letters, columns, bars, signs, numbers, errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from built_maths import FormulaError, display_tex, in_alphabet, mathml
from docutils import nodes
from fontTools.ttLib import TTFont
from site_fonts import maths_font

from tests.book.building import parsed

pytestmark = pytest.mark.timeout(1200)  # the first test of the pages may have to build them


@pytest.mark.parametrize(
    ("tex", "element"),
    [
        (r"\mathbf{h}", "<mi>𝐡</mi>"),
        (r"\mathbb{R}", "<mi>ℝ</mi>"),
        (r"\mathcal{L}", "<mi>ℒ</mi>"),
        (r"\boldsymbol{\delta}", "<mi>𝜹</mi>"),
        (r"\mathbf{10}", "<mn>𝟏𝟎</mn>"),
        ("x", "<mi>x</mi>"),
    ],
)
def test_letters_of_other_alphabets_are_characters(tex: str, element: str) -> None:
    assert element in mathml(tex, display=False)
    assert "mathvariant" not in mathml(tex, display=False)


@pytest.mark.parametrize(
    ("tex", "apart"),
    [
        (r"2\log T", "2 log T"),
        (r"\log(T)", "log(T)"),
        (r"-\log_2 n", "−log2 n"),
        (r"(a)\exp\left(x\right)", "(a) exp(x)"),
        (r"a\,\tanh x", "a\N{THIN SPACE}tanh x"),
        (r"\frac{1}{2}\sin^2\cos x", "12 sin2 cos x"),
        (r"|\log|x||", "∣log∣x∣∣"),
    ],
)
def test_names_of_functions_stand_apart_from_what_is_no_bracket(tex: str, apart: str) -> None:
    spaced = re.sub("<mspace[^>]*>", " ", mathml(tex, display=False))
    assert re.sub("<[^>]*>|\N{FUNCTION APPLICATION}", "", spaced) == apart


def test_a_letter_without_a_twin_stays() -> None:
    assert in_alphabet("é", "BOLD") == "é"
    assert in_alphabet("h", "ITALIC") == "ℎ"


def test_columns_are_aligned_without_attributes_that_browsers_ignore() -> None:
    table = mathml(r"\begin{aligned} a &= b &\quad c &= d \end{aligned}", display=True)
    assert "columnalign" not in table
    cells = re.findall(r'<mtd style="([^"]*)"', table)
    assert [cell.split(";")[0] for cell in cells] == [
        *("text-align:right", "text-align:left", "text-align:right", "text-align:left")
    ]
    assert cells[0].endswith("padding-inline:0em 0em")  # nothing before "="
    assert cells[1].endswith("padding-inline:0em 0.5em")
    matrix = mathml(r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", display=True)
    assert matrix.count("padding-inline:0em 0.5em") == 2


def test_a_tall_bar_stands_in_a_row_of_its_own_where_it_can_stretch() -> None:
    assert re.search(
        r'<msub><mrow><mo [^>]*minsize="2.4em"[^>]*>\|</mo></mrow>',
        mathml(r"\frac{a}{b}\bigg|_{0}", display=True),
    )


def test_the_bars_of_a_norm_are_brackets_and_parallel_lines_a_relation() -> None:
    norm = mathml(r"\big(\gamma \lVert U \rVert\big)^k", display=False)
    assert '<mo stretchy="false" form="prefix">‖</mo><mi>U</mi>' in norm
    assert '<mi>U</mi><mo stretchy="false" form="postfix">‖</mo>' in norm
    assert "form" not in mathml(r"a \parallel b", display=False)


def test_a_minus_is_a_sign_after_a_bracket_and_an_operator_between_letters() -> None:
    assert '<mo form="prefix">−</mo>' in mathml("[-c, c]", display=False)
    assert "prefix" not in mathml("(a) - c", display=False)


def test_a_prime_stands_beside_its_letter() -> None:
    assert "<msup>" not in mathml("f'(a)", display=False)
    assert "<msup>" in mathml("f^2", display=False)


def test_an_unknown_command_is_an_error_that_names_it() -> None:
    with pytest.raises(FormulaError, match=r"\\nosuchthing"):
        mathml(r"a + \nosuchthing", display=False)


@pytest.mark.parametrize(
    ("tex", "nowrap", "wanted"),
    [
        (r"a \\ b", False, r"\begin{split}a \\ b\end{split}"),
        (r"\begin{align}a\end{align}", True, r"\begin{align*}a\end{align*}"),
        (r"\begin{aligned}a \\ b\end{aligned}", False, r"\begin{aligned}a \\ b\end{aligned}"),
    ],
)
def test_numbers_are_left_to_the_page(tex: str, nowrap: bool, wanted: str) -> None:
    assert display_tex(nodes.math_block("", tex, nowrap=nowrap)) == wanted


def test_every_formula_of_the_book_is_set(pages: Path) -> None:
    total = 0
    for page in [*pages.glob("book/*.html"), *pages.glob("exercises/*.html")]:
        html = parsed(page)
        formulas = html.select("span.math, div.math")
        total += len(formulas)
        for formula in formulas:
            math = formula.select("math")
            assert len(math) == 1, formula
            assert math[0].get_text(strip=True), formula
            assert (math[0].get("display") == "block") == (formula.name == "div")
    assert total > 100


def test_equation_numbers_count_up_and_references_show_them(pages: Path) -> None:
    page = pages / "book/01-rnn-limits.html"
    html = parsed(page)
    numbers = [e.get_text().strip("#") for e in html.select("div.math > .eqno")]
    assert len(numbers) >= 4
    assert numbers == [f"(1.{i})" for i in range(1, len(numbers) + 1)]
    references = html.select('a[href^="#equation-"]:not(.headerlink)')
    assert references
    for reference in references:
        target = html.select_one(reference["href"])
        assert target.select_one(".eqno").get_text().strip("#") == reference.get_text()


def test_the_font_of_formulas_can_draw_roots_although_no_page_writes_the_sign(
    tmp_path: Path,
) -> None:
    formula = mathml(r"-1/\sqrt{n}", display=False)
    assert "<math" in formula
    assert "√" not in formula
    maths_font([formula], tmp_path)
    (font,) = (tmp_path / "fonts").glob("formulas-*.woff2")
    assert ord("√") in TTFont(font).getBestCmap()

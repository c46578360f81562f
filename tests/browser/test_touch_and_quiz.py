"""Figures to touch, drawings and quizzes in a real browser, on a small book with one of each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import touch
from axe_playwright_python.sync_playwright import Axe
from drawing.chart import fullness, point, turned
from drawing.dots import moved
from playwright.sync_api import Browser, Locator, Page

from tests.book.building import ROOT, jupyter_book, lay_out
from tests.browser.test_book import DESKTOP, LAID_OUT, PHONE, Visit, luminance, serving, visit
from tests.sharing import built_once

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FIGURES = sorted(path.stem for path in touch.SCRIPTS.glob("*.js") if path.stem != "base")
PAGE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# One of each

See {numref}`fig-net` and {numref}`fig-touch-error-through-time`.

```{code-cell} ipython3
---
mystnb:
  figure:
    name: fig-net
    caption: A net that is folded on the left and unrolled on the right.
tags: [remove-input]
---
from myst_nb import glue
from drawing import unrolled

glue("three", 3.0, display=False)
unrolled(folded=True, alt="A box with a loop, and beside it one box for every step.")
```

## Questions

```{quiz} small
```
"""
TOUCH = """
```{touch} NAME
:name: fig-touch-NAME

Move the **sliders** and watch $f(a)$.
```
"""
QUIZ = """
- question: "Which is $1 + 1$?"
  choices:
    - {text: "One", because: "One is $1$."}
    - {text: "Two", because: "Count them.", right: true}
- question: How many?
  measured: three
  tolerance: 0.05
  because: Three were glued, {glue:text}`three:.1f` in all.
  otherwise: Look at the page.
  mistakes: [{number: 3 ** 2, because: "That is the square."}]
"""
WIDE = """- question: Once more?
  choices:
    - {text: "Yes, and at such length that it needs another line on any phone", because: "Yes.",
       right: true}
    - {text: "No", because: "But yes."}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """Address of a page with every figure to touch, a drawing and a quiz of five questions."""
    root = built_once(tmp_path_factory, worker_id, "one-of-each", build_one_of_each)
    with serving(root / "_build" / "html") as address:
        yield f"{address}/book/one.html"


def build_one_of_each(root: Path) -> None:
    figures = "".join(TOUCH.replace("NAME", name) for name in FIGURES)
    book = lay_out(root, {"one": PAGE.replace("## Questions", f"{figures}\n## Questions")})
    shutil.copy(Path(touch.HERE).parent / "claims.yaml", book)
    for file in {file for name in FIGURES for file in touch.figure(name).files}:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    (book / "quizzes" / "small.yaml").write_text(QUIZ + 3 * WIDE, encoding="utf-8")
    status, output = jupyter_book(root, root)
    assert status == 0, output[-4000:]


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    seen = visit(browser, site, DESKTOP)
    yield seen.page
    assert seen.complaints == []
    seen.page.context.close()


@pytest.fixture(scope="module")
def opened(browser: Browser, site: str) -> Iterator[Visit]:
    seen = visit(browser, site, DESKTOP)
    yield seen
    seen.page.context.close()


@pytest.fixture
def figures(opened: Visit) -> Iterator[Page]:
    """The page, for tests that move one figure only, and at their end start it again."""
    yield opened.page
    complaints = [opened.complaints.pop() for _ in list(opened.complaints)]
    assert complaints == []


@pytest.mark.parametrize("name", FIGURES)
def test_the_script_computes_what_python_computes(figures: Page, name: str) -> None:
    figure = touch.figure(name)
    sampled = list(figure.samples())
    axes = {curve.key: figure.panels[curve.panel].axis for curve in figure.curves}
    powers = {key for key, axis in axes.items() if axis and axis.log}
    computed = figures.evaluate(
        """async ([name, sampled]) => {
            const box = document.querySelector(`[data-figure="${name}"]`);
            const { data } = JSON.parse(box.querySelector(".touch-data").textContent);
            const { curves, numbers, texts } = await import(`/_static/touch/${name}.js`);
            const all = { ...curves, ...numbers, ...texts };
            return sampled.map((settings) => Object.fromEntries(
                Object.entries(all).map(([key, line]) => [key, line(settings, data)])));
        }""",
        [name, sampled],
    )
    for settings, lines in zip(sampled, computed, strict=True):
        wanted = {**figure.values(settings), **figure.counted(settings)}
        written = figure.written(settings)
        assert set(lines) == set(wanted) | set(written)
        assert {key: lines[key] for key in written} == written, settings
        for key, values in wanted.items():
            least = 0 if key in powers else 1e-12  # on a logarithmic axis every size counts
            assert lines[key] == pytest.approx(values, rel=1e-6, abs=least), (settings, key)


@pytest.mark.parametrize("name", FIGURES)
def test_the_keyboard_moves_lines_value_and_sentence_and_start_again_takes_them_back(
    figures: Page, name: str
) -> None:
    figure = touch.figure(name)
    box = figures.locator(f'.touch[data-figure="{name}"]')
    first = next(control for control in figure.controls if isinstance(control, touch.Slider))
    moving = changed(figure, first)
    lines = {curve.key: box.locator(f'[data-curve="{curve.key}"]') for curve in figure.curves}
    before = {key: drawn(line) for key, line in lines.items()}
    slider = box.get_by_label(first.label, exact=True)
    slider.focus()
    figures.keyboard.press("ArrowLeft")
    moved = figure.start() | {first.name: round(first.start - first.step, 9)}
    assert slider.locator("+ output").inner_text() == f"{moved[first.name]:g}"
    # A slider that asks about one place of a line leaves the lines alone, and says something else.
    assert moving or figure.sentence(moved) != figure.sentence(figure.start())
    for curve in figure.curves:
        now = drawn(lines[curve.key])
        assert curve.key not in moving or now != before[curve.key], curve.key
        values = [float(value) for value in curve.values(moved)]
        assert now == pytest.approx(expected(figure, curve, values), abs=0.011)
    box.get_by_text(figure.sentence(moved)).wait_for()  # what a screen reader hears
    figures.keyboard.press("ArrowLeft")
    box.get_by_role("button", name="Start again").click()
    box.get_by_text(figure.sentence(figure.start())).wait_for()
    for key, line in lines.items():
        # Python rounds halves to even, the browser away from zero: a hundredth of a unit.
        assert drawn(line) == pytest.approx(before[key], abs=0.011)


def drawn(line: Locator) -> list[float]:
    """What is drawn of a line: points, turns of hands, how full cells are, a dot's place."""
    said: str = line.evaluate(
        "e => e.getAttribute('points') ?? (e.hasAttribute('opacity')"
        " ? (e.getAttribute('transform') + e.getAttribute('opacity')).match(/[\\d.]+/g).join(' ')"
        " : null) ?? [...e.children].map((c) => c.getAttribute('fill-opacity')"
        " ?? c.getAttribute('transform').match(/[\\d.]+/)[0]).join(' ')"
    )
    return [float(number) for number in said.split()]


def expected(figure: touch.TouchFigure, curve: touch.Curve, values: list[float]) -> list[float]:
    panel = figure.panels[curve.panel]
    if panel.dials:
        return [turned(value) for value in values]
    if panel.dots:
        return list(moved(values, figure.frame, panel))
    if panel.axis is None:
        return [fullness(value) for value in values]
    places = (point(number, value, figure.frame, panel) for number, value in enumerate(values))
    return [coordinate for place in places for coordinate in place]


def changed(figure: touch.TouchFigure, slider: touch.Slider) -> set[str]:
    """The lines that one step of a slider moves far enough to be drawn elsewhere."""
    moved = figure.start() | {slider.name: round(slider.start - slider.step, 9)}
    before, after = figure.values(figure.start()), figure.values(moved)
    return {
        curve.key
        for curve in figure.curves
        if expected(figure, curve, before[curve.key])
        != pytest.approx(expected(figure, curve, after[curve.key]), abs=0.011)
    }


WORDS = {
    (name, control.name): control
    for name in FIGURES
    for control in touch.figure(name).controls
    if isinstance(control, touch.Word)
}


@pytest.mark.parametrize(("name", "field"), WORDS)
def test_a_word_can_be_typed_or_picked_and_nonsense_changes_nothing(
    figures: Page, name: str, field: str
) -> None:
    figure, control = touch.figure(name), WORDS[name, field]
    box = figures.locator(f'.touch[data-figure="{name}"]')
    typed = box.get_by_label(control.label, exact=True)

    def shows(word: str) -> None:
        settings = figure.start() | {field: word}
        box.get_by_text(figure.sentence(settings).strip(), exact=True).wait_for()
        for key, words in figure.written(settings).items():
            labels = box.locator(f'[data-text="{key}"]')
            if labels.count():
                assert labels.all_text_contents() == words
        for curve in figure.curves:
            values = [float(value) for value in curve.values(settings)]
            now = drawn(box.locator(f'[data-curve="{curve.key}"]'))
            assert now == pytest.approx(expected(figure, curve, values), abs=0.011)

    typed.fill("Ban-ana 7")
    shows("banana")
    typed.press("Enter")  # must not send the form
    typed.fill("...")
    shows(control.start)
    box.get_by_role("button", name=control.picks[-1], exact=True).click()
    assert typed.input_value() == control.picks[-1]
    shows(control.picks[-1])
    box.get_by_role("button", name="Start again").click()
    shows(control.start)


def test_nothing_is_read_out_before_somebody_moves_a_slider(page: Page) -> None:
    changes = page.evaluate(
        """async () => {
            let count = 0;
            const watch = new MutationObserver((changes) => { count += changes.length; });
            for (const said of document.querySelectorAll(".touch-sentence"))
                watch.observe(said, { childList: true, characterData: true, subtree: true });
            const form = document.querySelector(".touch form");
            form.dispatchEvent(new Event("input"));  // as on arrival: nothing has moved
            await new Promise((done) => setTimeout(done, 500));
            return count;
        }"""
    )
    assert changes == 0


def test_a_finger_moves_a_slider(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(site)
    page.evaluate(LAID_OUT)
    slider = page.locator(".touch input[type=range]").first
    slider.scroll_into_view_if_needed()
    bounds = slider.bounding_box()
    assert bounds is not None
    assert bounds["height"] >= 44
    assert bounds["width"] >= 200
    before = slider.input_value()
    page.touchscreen.tap(bounds["x"] + 0.1 * bounds["width"], bounds["y"] + bounds["height"] / 2)
    assert float(slider.input_value()) < float(before)
    pick = page.locator(".touch-picks button").last
    pick.scroll_into_view_if_needed()
    bounds = pick.bounding_box()
    assert bounds is not None
    assert bounds["height"] >= 44
    pick.tap()
    assert page.locator(".touch input[type=text]").first.input_value() == pick.inner_text()
    context.close()


def test_a_wrong_choice_is_explained_and_the_right_one_counted(page: Page) -> None:
    form = page.locator(".quiz form").nth(0)
    assert not form.locator("details").is_visible()
    form.get_by_role("button", name="Check").click()
    assert form.get_by_role("status").inner_text() == "Please choose an answer."
    form.get_by_label("One").check()
    form.get_by_role("button", name="Check").click()
    assert form.get_by_role("status").inner_text().startswith("Not so. One is")
    form.get_by_label("Two").focus()
    page.keyboard.press("Space")
    assert form.get_by_role("status").inner_text() == ""  # another answer, no verdict yet
    page.keyboard.press("Enter")
    assert form.get_by_role("status").inner_text() == "Right. Count them."
    assert page.locator(".quiz-score").inner_text() == "1 of 5 right so far."


NUMBERS = {
    "3": "Right. Three were glued, 3.0 in all.",
    "2,9": "Right. Three were glued, 3.0 in all.",
    "0.3e1": "Right. Three were glued, 3.0 in all.",
    "9": "Not so. That is the square.",
    "\u22123": "Not so. Look at the page.",
    "three": "Please give a number, such as 0.25 or 1e-3.",
    "": "Please give a number, such as 0.25 or 1e-3.",
}


def test_a_number_is_compared_with_what_the_page_measured(page: Page) -> None:
    form = page.locator(".quiz form").nth(1)
    for answer, feedback in NUMBERS.items():
        form.get_by_label("Your answer").fill(answer)
        assert form.get_by_role("status").inner_text() == ""
        page.keyboard.press("Enter")
        assert form.get_by_role("status").inner_text() == feedback, answer


def test_without_scripts_the_picture_stands_and_answers_can_be_opened(
    browser: Browser, site: str
) -> None:
    page = browser.new_context(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(site)
    assert page.locator(".touch svg").first.is_visible()
    assert page.locator(".touch-sentence").first.is_visible()
    assert not page.locator(".touch-controls").first.is_visible()
    form = page.locator(".quiz form").nth(1)
    assert not form.get_by_role("button", name="Check").is_visible()
    form.locator("summary").click()
    assert "Three were glued, 3.0 in all." in form.locator("details").inner_text()
    assert "That is the square." in form.locator("details").inner_text()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_our_parts_and_nothing_scrolls_sideways(
    browser: Browser, site: str, size: dict[str, int], scheme: str
) -> None:
    page = visit(browser, site, size, scheme).page
    form = page.locator(".quiz form").nth(0)
    form.get_by_label("One").check()
    form.get_by_role("button", name="Check").click()
    assert page.locator("figure svg.drawing").count() == 1 + len(FIGURES)
    found = Axe().run(page, context={"include": [["figure"], [".quiz"]]}).response["violations"]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.context.close()


def test_drawings_follow_light_and_dark_and_are_dark_on_paper(browser: Browser, site: str) -> None:
    page = visit(browser, site, DESKTOP, "dark").page
    ink = "e => getComputedStyle(e).fill"
    letters = page.locator("svg.drawing text").first
    assert luminance(letters.evaluate(ink)) > 0.6
    page.emulate_media(media="print", color_scheme="dark")
    assert luminance(letters.evaluate(ink)) < 0.1
    page.emulate_media(media="screen", color_scheme="light")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert luminance(letters.evaluate(ink)) < 0.1
    page.context.close()


def test_answers_stand_on_paper_and_controls_do_not(browser: Browser, site: str) -> None:
    page = visit(browser, site, DESKTOP).page
    heights = "parts => parts.map((part) => part.getBoundingClientRect().height)"
    page.emulate_media(media="print")
    assert min(page.locator(".quiz-because").evaluate_all(heights)) > 10
    assert max(page.locator(".quiz button, .touch-controls").evaluate_all(heights)) == 0
    page.context.close()


def test_letters_of_a_drawing_are_legible_on_a_phone(browser: Browser, site: str) -> None:
    page = visit(browser, site, PHONE).page
    sizes = page.locator("svg.drawing text").evaluate_all(
        """texts => texts.map((text) => {
            const scale = text.ownerSVGElement.getScreenCTM().a;
            return scale * parseFloat(getComputedStyle(text).fontSize);
        })"""
    )
    assert min(sizes) >= 9.5
    page.context.close()

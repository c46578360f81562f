"""The built book in a real browser: nothing from other hosts, maths, small screens, access."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 780}
ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for folder in ("book", "exercises") for path in (ROOT / folder).glob("*.md")]
PAGES = [
    *sorted(f"{path.parent.name}/{path.stem}.html" for path in SOURCES),
    "search.html",
]
# With its fonts, and with what scripts do once boxes have their sizes.
LAID_OUT = """() => document.fonts.ready.then(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"""
COLOURS = ["color-contrast", "link-in-text-block"]  # what another scheme can break


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line on the terminal for each."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine as long as the block runs; give its address."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class Visit:
    """One open page, and all that it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(pages: Path) -> Iterator[tuple[str, list[str]]]:
    """Address of a local server with the built book, and the names of its pages."""
    with serving(pages) as address:
        yield address, every_page(pages)


def every_page(folder: Path) -> list[str]:
    found = [*folder.glob("book/*.html"), *folder.glob("exercises/*.html")]
    names = sorted(path.relative_to(folder).as_posix() for path in found)
    assert "book/01-rnn-limits.html" in names
    return [*names, "search.html"]


def visit(browser: Browser, address: str, size: dict[str, int], scheme: str = "light") -> Visit:
    """Open a page in a fresh context, wait until it is laid out, note everything it does."""
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("requestfailed", lambda request: seen.complaints.append(f"failed: {request.url}"))
    page.on(
        "console",
        lambda message: (
            seen.complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.goto(address)  # until all that it names is there, and the scripts have run
    page.evaluate(LAID_OUT)
    return seen


@pytest.fixture
def at_rest(browser: Browser, site: tuple[str, list[str]], name: str) -> Iterator[Visit]:
    seen = visit(browser, f"{site[0]}/{name}", DESKTOP)
    seen.page.wait_for_load_state("networkidle")  # whatever it asks for late counts too
    yield seen
    seen.page.context.close()


def test_every_page_of_the_book_is_looked_at(site: tuple[str, list[str]]) -> None:
    assert site[1] == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_to_itself_is_accessible_and_fits_a_phone(at_rest: Visit, name: str) -> None:
    """All of it in one visit: opening pages is what looking at them costs."""
    page = at_rest.page
    hosts = {urlsplit(url).netloc for url in at_rest.requests if not url.startswith("data:")}
    assert hosts == {urlsplit(page.url).netloc}
    assert at_rest.complaints == []
    page.evaluate(ONE_WORD_OF_EVERY_KIND)
    assert violations(page) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # no fading
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert violations(page, COLOURS) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.mouse.wheel(500, 0)
    assert page.evaluate("window.scrollX") == 0


# Code has thousands of words, and axe looks at each for more than a millisecond. Words whose
# classes agree, and those of all that they stand in, look alike: of each kind one that axe can
# judge stays an element, the others become plain text. (To exclude them takes longer still.)
ONE_WORD_OF_EVERY_KIND = """() => {
    const kinds = new Set();
    const kind = (e) => (e ? `${e.className} < ${kind(e.parentElement)}` : "");
    const right = (e) => e.getBoundingClientRect().right;
    const seen = (word) => word.checkVisibility() && right(word) <= right(word.closest("pre"));
    const judged = (word) => word.textContent.trim().length > 1 && seen(word); // no single letter
    const isNew = (name) => !kinds.has(name) && kinds.add(name);
    const words = [...document.querySelectorAll(".highlight span")];
    const spare = words.filter((word) => !judged(word) || !isNew(kind(word)));
    for (const word of spare) word.replaceWith(word.textContent);
}"""


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe finds, by all its rules or these."""
    # Of what passes nothing is told: to name every such place takes longer than to look at it.
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    return [f"{v['id']} ({v['impact']}): {[n['target'] for n in v['nodes'][:3]]}" for v in found]


def test_formulas_are_drawn_in_their_own_font(
    browser: Browser, site: tuple[str, list[str]]
) -> None:
    seen = visit(browser, f"{site[0]}/book/01-rnn-limits.html", DESKTOP)
    assert any("/fonts/formulas-" in url for url in seen.requests)
    assert seen.page.evaluate("document.fonts.check('16px \"STIX Two Math\"', 'h')")
    flat = """() => [...document.querySelectorAll(".bd-article math")]
        .filter((e) => e.checkVisibility())
        .filter((e) => e.getBoundingClientRect().height < 8).length"""
    assert seen.page.evaluate(flat) == 0
    seen.page.context.close()


def test_what_is_too_wide_for_a_phone_scrolls_in_its_box_and_says_so(
    browser: Browser, site: tuple[str, list[str]]
) -> None:
    found: dict[str, int] = {}
    for name in ("book/01-rnn-limits.html", "book/symbols.html"):
        page = visit(browser, f"{site[0]}/{name}", PHONE).page
        for kind, label, focusable, hint in page.evaluate(
            """() => [...document.querySelectorAll(".bd-article *")]
            .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
            .filter((e) => getComputedStyle(e).overflowX === "auto")
            .map((e) => [e.dataset.kind, e.getAttribute("aria-label"), e.tabIndex >= 0,
                         getComputedStyle(e, "::before").content])"""
        ):
            assert focusable, (name, kind)
            assert label == f"{kind}, scrolls sideways", name
            assert "slide sideways" in hint, (name, kind)
            found[kind] = found.get(kind, 0) + 1
        page.context.close()
    assert set(found) >= {"Formula", "Table", "Code"}


def luminance(color: str) -> float:
    """Return the relative luminance of "rgb(r, g, b)"."""
    channels = [int(c) / 255 for c in color[color.index("(") + 1 : -1].split(",")[:3]]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_stand_on_their_light_card_and_cards_on_the_page_s_ground(
    browser: Browser, site: tuple[str, list[str]], scheme: str
) -> None:
    page = visit(browser, f"{site[0]}/book/01-rnn-limits.html", DESKTOP, scheme).page
    figures = page.locator("figure .cell_output img, .cell_output figure img")
    assert figures.count() >= 5
    for i in range(figures.count()):
        look = figures.nth(i).evaluate(
            "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).filter, e.naturalWidth]"
        )
        assert luminance(look[0]) > 0.9
        assert look[1] == "none"
        assert look[2] > 300
    text = page.locator(".claim-card .claim-head").first.evaluate("e => getComputedStyle(e).color")
    ground = page.evaluate(
        """() => {
            let e = document.querySelector(".claim-card .claim-head"), color;
            do { color = getComputedStyle(e).backgroundColor; e = e.parentElement; }
            while (e && color.startsWith("rgba"));
            return color;
        }"""
    )
    high, low = sorted((luminance(text), luminance(ground)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 7
    assert (luminance(ground) < 0.1) == (scheme == "dark")
    page.context.close()


def test_a_dark_page_prints_black_on_white_with_answers_and_code(
    browser: Browser, site: tuple[str, list[str]]
) -> None:
    page = visit(browser, f"{site[0]}/book/01-rnn-limits.html", DESKTOP, "dark").page
    page.emulate_media(media="print", color_scheme="dark")
    look = "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    assert luminance(page.locator("body").evaluate(look)[1]) > 0.9
    for text in (".bd-article p", ".highlight .n", ".predict .admonition-title", "mi"):
        assert luminance(page.locator(text).first.evaluate(look)[0]) < 0.2, text
    for hidden in (
        ".predict details p",
        ".solution.dropdown section p",
        ".tag_hide-input pre",
    ):
        assert page.locator(hidden).first.evaluate("e => e.getBoundingClientRect().height") > 10
        assert page.locator(hidden).first.evaluate(
            "e => e.checkVisibility({opacityProperty: true, visibilityProperty: true})"
        ), hidden
    for button in (".copybtn", ".headerlink", ".toggle-button", ".bd-sidebar-primary"):
        assert not page.locator(button).first.is_visible(), button
    page.context.close()


def test_answers_open_on_a_click_and_solutions_too(
    browser: Browser, site: tuple[str, list[str]]
) -> None:
    page = visit(browser, f"{site[0]}/book/01-rnn-limits.html", PHONE).page
    answer = page.locator(".predict details").first
    assert answer.get_attribute("open") is None
    answer.locator("summary").click()
    assert answer.get_attribute("open") is not None
    assert answer.locator("p").first.is_visible()
    solution = page.locator(".solution.dropdown").first
    assert not solution.locator("p").nth(1).is_visible()
    solution.locator("button").click()
    assert solution.locator("p").nth(1).is_visible()
    page.context.close()


def test_the_ledger_and_its_measurement_lead_to_each_other(
    browser: Browser, site: tuple[str, list[str]]
) -> None:
    claim = "ledger.html#claim-spectral-radius-rule"
    page = visit(browser, f"{site[0]}/book/{claim}", DESKTOP).page
    page.locator("#claim-spectral-radius-rule .claim-number a").click()
    page.wait_for_url("**/01-rnn-limits.html#measured-spectral-radius-rule")
    card = page.locator("#measured-spectral-radius-rule")
    assert card.is_visible()
    card.get_by_text("ledger entry").click()
    page.wait_for_url(f"**/{claim}")
    assert page.locator("#claim-spectral-radius-rule").is_visible()
    page.context.close()

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
CODE_LEFT_OUT = {"exclude": [[".highlight"]]}


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
    """Open a page in a fresh context, wait until it is at rest, note everything it does."""
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
    page.goto(address, wait_until="networkidle")
    return seen


def test_no_page_asks_another_host_or_complains(
    browser: Browser, site: tuple[str, list[str]]
) -> None:
    base, names = site
    for name in names:
        seen = visit(browser, f"{base}/{name}", DESKTOP)
        hosts = {urlsplit(url).netloc for url in seen.requests if not url.startswith("data:")}
        assert hosts == {urlsplit(base).netloc}, name
        assert seen.complaints == [], name
        seen.page.context.close()


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
    for name in ("book/01-rnn-limits.html", "book/glossary.html"):
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


def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, site: tuple[str, list[str]]) -> None:
    base, names = site
    for name in names:
        page = visit(browser, f"{base}/{name}", PHONE).page
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], name
        page.mouse.wheel(500, 0)
        assert page.evaluate("window.scrollX") == 0, name
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_in_both_schemes(
    browser: Browser, site: tuple[str, list[str]], scheme: str
) -> None:
    base, names = site
    for number, name in enumerate(names):
        page = visit(browser, f"{base}/{name}", DESKTOP, scheme).page
        # The second scheme has other colours and nothing else, and code the same ones everywhere.
        again = scheme == "dark" and number > 0
        found = [
            f"{v['id']} ({v['impact']}): {[n['target'] for n in v['nodes'][:3]]}"
            for v in Axe().run(page, CODE_LEFT_OUT if again else None).response["violations"]
        ]
        assert found == [], f"{name}, {scheme}"
        page.context.close()


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

"""The front page and the lineage in a browser: what fits on a screen, links with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_book import PHONE, serving, visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

SCREEN = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def address(pages: Path) -> Iterator[str]:
    with serving(pages) as base:
        yield f"{base}/book"


def ends(page: Page, selector: str) -> float:
    """Return where something ends on the page, in pixels from its top."""
    return page.evaluate(
        "(what) => document.querySelector(what).getBoundingClientRect().bottom + window.scrollY",
        selector,
    )


@pytest.mark.parametrize(("size", "screens"), [(SCREEN, 1), (PHONE, 2)])
def test_what_the_course_is_its_chapters_and_a_figure_fit_on_the_first_screens(
    browser: Browser, address: str, size: dict[str, int], screens: int
) -> None:
    seen = visit(browser, f"{address}/index.html", size)
    for part in ("h1", ".front .chapter-map svg", ".front .touch svg", ".front .touch-controls"):
        assert ends(seen.page, part) <= screens * size["height"], part
    assert seen.complaints == []
    seen.page.context.close()


def test_the_map_leads_to_a_chapter_with_the_keyboard(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}/index.html", SCREEN).page
    page.locator(".chapter-map a").nth(1).focus()
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "01-rnn-limits.html"
    page.keyboard.press("Enter")
    page.wait_for_url("**/01-rnn-limits.html")
    page.context.close()


def test_a_name_of_the_lineage_shows_its_sources_and_leads_into_the_book(
    browser: Browser, address: str
) -> None:
    page = visit(browser, f"{address}/lineage.html", PHONE).page
    link = page.get_by_role("link", name="1997, LSTM:")
    thin = link.locator("path").first.evaluate("(e) => getComputedStyle(e).strokeWidth")
    page.keyboard.press("Tab")
    link.focus()
    thick = link.locator("path").first.evaluate("(e) => getComputedStyle(e).strokeWidth")
    assert float(thick.removesuffix("px")) > float(thin.removesuffix("px"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/02-carousel.html#equation-eq-block")
    page.context.close()

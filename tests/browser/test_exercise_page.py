"""The page of an assignment in a real browser: what there is to download, and code that fits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.test_book import PHONE, serving, visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

LAPTOP = {"width": 1280, "height": 800}
PAGE = "exercises/01-rnn-limits.html"


@pytest.fixture(scope="module")
def base(pages: Path) -> Iterator[str]:
    with serving(pages) as address:
        yield address


def test_the_notebook_and_the_command_can_be_downloaded(browser: Browser, base: str) -> None:
    page = visit(browser, f"{base}/{PAGE}", LAPTOP).page
    names = []
    for link in page.locator(".how-to-work a[download]").all():
        with page.expect_download() as begun:
            link.click()
        names.append(begun.value.suggested_filename)
        assert begun.value.path().stat().st_size > 10_000
    assert names == ["01-rnn-limits.ipynb", "sequence_models_check-0.1.0-py3-none-any.whl"]
    page.context.close()


def test_a_chapter_offers_its_notebook_and_the_code(browser: Browser, base: str) -> None:
    page = visit(browser, f"{base}/book/01-rnn-limits.html", LAPTOP).page
    links = page.locator(".page-downloads a[download]")
    assert links.count() == 2
    for link in links.all():
        answer = page.request.get(link.evaluate("e => e.href"))
        assert answer.ok
    page.context.close()


def test_code_and_commands_fit_their_column(browser: Browser, base: str) -> None:
    wide = "e => e.filter((b) => b.checkVisibility() && b.scrollWidth > b.clientWidth + 1).length"
    page = visit(browser, f"{base}/{PAGE}", LAPTOP).page
    page.evaluate("document.querySelectorAll('details').forEach((e) => (e.open = true))")
    blocks = page.locator("article pre")
    assert blocks.count() > 15
    assert blocks.evaluate_all(wide) == 0
    page.context.close()
    page = visit(browser, f"{base}/{PAGE}", PHONE).page
    assert page.locator(".how-to-work pre").evaluate_all(wide) == 0
    page.context.close()


def test_hints_keep_clear_of_the_next_cell(browser: Browser, base: str) -> None:
    page = visit(browser, f"{base}/{PAGE}", LAPTOP).page
    gaps = page.evaluate(
        """() => [...document.querySelectorAll("article details")]
        .map((e) => [e, e.nextElementSibling])
        .filter(([e, next]) => next?.matches(".cell"))
        .map(([e, next]) => next.getBoundingClientRect().top - e.getBoundingClientRect().bottom)"""
    )
    assert len(gaps) >= 4
    assert min(gaps) >= 16
    page.context.close()

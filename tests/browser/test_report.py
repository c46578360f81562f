"""The class report in a real browser, from the disk: access, small screens, print, sort, filter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from autograder.steps.report import site
from autograder.steps.scores import PartScore
from tests.autograder.classes import class_of, someone

pytestmark = pytest.mark.browser
DUE = datetime(2026, 11, 20, 12)
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
PAGES = ("index.html", "students.html", "bugs.html", "students/eve.html", "checks/001.html")
LONG = "anunbreakablename" * 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with everything in it that a report can say."""
    late = {"timestamp": DUE + timedelta(hours=2), "due": DUE, "late_s": 7200.0, "penalty": 0.5}
    visible = {"double-tests": "ok", "norm-tests": "error"}
    eve = someone("eve", {"doubles": "h has shape (3,), expected (4,). A row?"}, visible=visible)
    manual = {"essay": PartScore(None, None, 0.0, 5.0)}
    score = replace(eve.score, **late, needs_manual_grade=True, comments={"norm-tests": "Nice."})
    eve = replace(eve, score=replace(score, parts=score.parts | manual))
    ada = someone("ada", seconds=40.0, score={"timestamp": DUE - timedelta(days=2), "due": DUE})
    bob = someone("bob", {"doubles": "no", "keeps": "no"}, problems=("A cell is missing.",))
    found = class_of(ada, bob, eve, waiting=[LONG], refused=[(f"{LONG}.pdf", "no notebook")])
    root = tmp_path_factory.mktemp("report")
    for name, text in site(found):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Page]:
    opened = browser.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.goto((folder / "students.html").as_uri())
    yield opened
    assert complaints == []
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_for_everybody_and_fit_a_phone(
    browser: Browser, folder: Path, scheme: str
) -> None:
    for size in SIZES.values():
        context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        opened = context.new_page()
        for name in PAGES:
            opened.goto((folder / name).as_uri())
            wide = opened.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} is {wide} px too wide at {size}"
            found = Axe().run(opened).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], name
        context.close()


def names(page: Page) -> list[str]:
    rows = page.locator("#students tbody tr:visible th")
    return [text.strip() for text in rows.all_inner_texts()]


def test_heads_sort_and_say_so(page: Page) -> None:
    assert names(page) == ["bob", "eve", "ada", LONG]
    head = page.locator("th", has_text="Points").first
    head.get_by_role("button").click()
    assert names(page) == [LONG, "bob", "eve", "ada"]
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    assert names(page) == ["ada", "eve", "bob", LONG]
    page.get_by_role("button", name="Student").click()
    assert names(page) == ["ada", LONG, "bob", "eve"]
    assert head.get_attribute("aria-sort") is None


def test_the_table_is_filtered_by_words_and_kind(page: Page) -> None:
    page.get_by_label("Filter by name or reason").fill("CELL missing")
    assert names(page) == ["bob"]
    assert page.locator("output").inner_text() == "1 of 4 shown"
    page.get_by_label("Filter by name or reason").fill("")
    for kind, shown in {"late": ["eve"], "hand": ["eve"], "waiting": [LONG], "": None}.items():
        page.get_by_label("Show").select_option(kind)
        assert names(page) == (shown or ["bob", "eve", "ada", LONG])


def test_the_worst_check_comes_first_on_demand(page: Page, folder: Path) -> None:
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("button", name="Passed").click()
    rows = page.locator("table:has(#pass-rates) tbody tr")
    assert "title of doubles" in rows.first.inner_text()


def test_everything_is_there_without_scripts_and_on_paper(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    opened = context.new_page()
    opened.goto((folder / "students.html").as_uri())
    assert opened.locator("tbody tr:visible").count() == 4
    assert not opened.locator(".filter").is_visible()
    opened.emulate_media(media="print")
    assert not opened.locator("nav").is_visible()
    colour = opened.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert colour == "rgb(255, 255, 255)"
    context.close()

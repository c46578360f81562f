"""The claims ledger in a real browser: the filter, links into folded topics, phones, access."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from ledger import Claim, load_claims
from ledger_entries import TOPICS
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_book import DESKTOP, PHONE, serving, visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

CLAIMS = load_claims()


@pytest.fixture(scope="module")
def address(pages: Path) -> Iterator[str]:
    with serving(pages) as base:
        yield f"{base}/book/ledger.html"


def visible(page: Page) -> list[str]:
    """Return the ids of the claims that stand on the screen, topics and filter considered."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".claim")].filter((e) => e.checkVisibility())
        .map((e) => e.id.replace("claim-", ""))"""
    )


def test_a_choice_shows_what_fits_and_can_be_linked(browser: Browser, address: str) -> None:
    seen = visit(browser, address, DESKTOP)
    page = seen.page
    status = page.get_by_role("status").filter(has_text="claims")
    expect(status).to_have_text(f"All {len(CLAIMS)} claims, by topic")
    assert visible(page) == []
    page.get_by_label("Verdict").select_option("contradicted")
    page.get_by_label("Document").select_option("d5")
    wanted = [c.id for c in CLAIMS.values() if (c.verdict, c.document) == ("contradicted", "D5")]
    assert visible(page) == wanted
    expect(status).to_have_text(f"{len(wanted)} of {len(CLAIMS)} claims shown")
    linked = page.url
    assert linked.endswith("#verdict=contradicted&document=d5")
    assert seen.complaints == []
    page.context.close()

    page = visit(browser, linked, DESKTOP).page
    assert visible(page) == wanted
    page.get_by_role("button", name="Show all").click()
    assert page.url == address
    assert page.locator(".claim[hidden]").count() == 0
    assert page.get_by_label("Verdict").input_value() == ""
    page.context.close()


def test_the_filter_works_with_the_keyboard(browser: Browser, address: str) -> None:
    page = visit(browser, address, DESKTOP).page
    page.get_by_label("Reproduced").focus()
    page.keyboard.type("partly")
    page.keyboard.press("Tab")
    assert visible(page) == [c.id for c in by_topic() if c.reproduced == "partly"]
    assert page.evaluate("document.activeElement.id") == "claims-document"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".claim[hidden]").count() == 0
    page.context.close()


def by_topic() -> list[Claim]:
    """Return the claims in the order of the page: by topic, then as they stand in the file."""
    order = list(TOPICS)
    return sorted(CLAIMS.values(), key=lambda claim: order.index(claim.topic))


def test_an_unknown_choice_in_the_address_is_no_choice(browser: Browser, address: str) -> None:
    page = visit(browser, f"{address}#verdict=perhaps&colour=blue", DESKTOP).page
    assert page.locator(".claim[hidden]").count() == 0
    assert page.get_by_label("Verdict").input_value() == ""
    page.context.close()


def test_a_link_to_a_claim_opens_its_topic_and_clears_a_choice_that_hides_it(
    browser: Browser, address: str
) -> None:
    page = visit(browser, f"{address}#claim-rope-learned", PHONE).page
    expect(page.locator("#claim-rope-learned")).to_be_in_viewport()
    page.get_by_label("Document").select_option("d4")
    expect(page.locator("#claim-rope-learned")).to_be_hidden()
    page.evaluate("location.hash = 'claim-rope-learned'")
    expect(page.locator("#claim-rope-learned")).to_be_in_viewport()
    page.context.close()


def test_without_scripts_the_page_is_the_full_list(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("form.claims-filter")).to_be_hidden()
    topics = page.locator(".claims-topic")
    assert topics.count() == len(TOPICS)
    first = topics.first
    first.locator("summary").first.click()
    expect(first.locator(".claim").first).to_be_visible()
    first.locator(".claim-more > summary").first.click()
    expect(first.get_by_text("Primary source:").first).to_be_visible()
    context.close()


def test_ninety_claims_are_few_screens_on_a_phone(browser: Browser, address: str) -> None:
    page = visit(browser, address, PHONE).page
    closed = page.evaluate("document.documentElement.scrollHeight")
    assert closed < 6 * PHONE["height"]
    page.evaluate("document.querySelectorAll('.claims-topic').forEach((e) => (e.open = true))")
    opened = page.evaluate("document.documentElement.scrollHeight")
    # 56,000 before; a claim, its verdict and the beginning of its number take half a screen.
    assert opened - closed < len(CLAIMS) * PHONE["height"] / 2
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # Long numbers end after some lines, and are whole once the details are open.
    entry = page.locator("#claim-component-ablation-table")
    number = entry.locator(".claim-number")
    short = number.evaluate("e => e.clientHeight")
    assert number.evaluate("e => e.scrollHeight") > short
    entry.locator("summary").click()
    assert number.evaluate("e => e.clientHeight") > 2 * short
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_entries_are_accessible(browser: Browser, address: str, scheme: str) -> None:
    page = visit(browser, f"{address}#topic=history", DESKTOP, scheme).page
    page.evaluate("document.querySelectorAll('.claim-more').forEach((e) => (e.open = true))")
    found = [
        f"{v['id']}: {[n['target'] for n in v['nodes'][:3]]}"
        for v in Axe().run(page).response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert found == []
    page.context.close()

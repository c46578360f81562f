"""The built pages: links lead somewhere, numbers are there, nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from bs4 import BeautifulSoup
from ledger import load_claims

from experiments.harness.ledger import in_results

pytestmark = pytest.mark.timeout(1200)  # the first test may have to run every notebook


@cache
def parsed(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def plain(text: str) -> str:
    """Return text on one line, with the typewriter's quotes and dashes instead of curly ones."""
    for curly, straight in (("“", '"'), ("”", '"'), ("‘", "'"), ("’", "'"), ("–", "--")):
        text = text.replace(curly, straight)
    return " ".join(text.split())


def every_page(pages: Path) -> list[Path]:
    found = sorted([*pages.glob("book/*.html"), *pages.glob("exercises/*.html")])
    assert len(found) >= 5
    return found


def test_the_start_page_leads_to_the_book(pages: Path) -> None:
    assert "book/index.html" in (pages / "index.html").read_text(encoding="utf-8")


def test_every_internal_link_leads_to_an_existing_place(pages: Path) -> None:
    broken = []
    for page in every_page(pages):
        for link in parsed(page).select("a[href], img[src], script[src], link[href]"):
            address = link.get("href") or link.get("src")
            if urlsplit(address).scheme or address.startswith("//"):
                continue
            path, anchor = urldefrag(address)
            target = (page.parent / unquote(urlsplit(path).path)).resolve() if path else page
            if not target.is_file():
                broken.append(f"{page.name}: {address}")
            elif anchor and target.suffix == ".html" and link.name == "a":
                ids = {tag["id"] for tag in parsed(target).select("[id]")}
                if unquote(anchor) not in ids:
                    broken.append(f"{page.name}: {address}")
    assert not broken


def test_no_page_names_a_script_style_or_picture_of_another_host(pages: Path) -> None:
    for page in every_page(pages):
        for tag in parsed(page).select("script[src], link[href], img[src], iframe, source"):
            address = tag.get("src") or tag.get("href") or ""
            outside = urlsplit(address).scheme in ("http", "https") or address.startswith("//")
            assert not outside or tag.get("rel") == ["canonical"], f"{page.name}: {tag}"
        text = page.read_text(encoding="utf-8")
        for host in ("cdn.jsdelivr", "unpkg.com", "googleapis", "cdnjs", "mybinder"):
            assert host not in text, f"{page.name} names {host}"


def test_no_style_sheet_loads_from_another_host(pages: Path) -> None:
    for sheet in (pages / "_static").rglob("*.css"):
        loads = re.findall(r"(?:@import\s+|url\()\s*[\"']?([^\"')\s]+)", sheet.read_text("utf-8"))
        outside = [a for a in loads if urlsplit(a).netloc]
        assert not outside, f"{sheet.name}: {outside}"


def test_every_figure_has_a_caption_and_alt_text(pages: Path) -> None:
    figures = parsed(pages / "book/01-rnn-limits.html").select("figure")
    assert len(figures) >= 9
    for figure in figures:
        assert len(figure.select_one("figcaption").get_text().split()) > 15
        assert len(figure.select_one("img")["alt"].split()) >= 10


def test_the_ledger_shows_every_claim_with_its_verdict(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    claims = load_claims()
    assert len(page.select(".claim")) == len(claims)
    for claim in claims.values():
        entry = page.select_one(f"#claim-{claim.id}")
        text = plain(entry.get_text())
        assert f"verdict-{claim.verdict}" in entry["class"]
        assert plain(claim.claim) in text
        assert plain(claim.primary) in text
        assert f"Confidence: {claim.confidence}" in text


def test_the_ledger_shows_the_numbers_that_the_chapter_measured(pages: Path) -> None:
    chapter, page = (parsed(pages / f"book/{name}.html") for name in ("01-rnn-limits", "ledger"))
    glued = json.loads(
        (pages.parent / "jupyter_execute/book/01-rnn-limits.glue.json").read_text("utf-8")
    )
    cards = chapter.select(".claim-card")
    assert len(cards) == 9
    for card in cards:
        claim = card["id"].removeprefix("measured-")
        text = glued[f"claim/{claim}"]["data"]["text/plain"]
        assert text in card.get_text()
        entry = page.select_one(f"#claim-{claim}")
        assert plain(text) in plain(entry.get_text())
        assert entry.select_one("a")["href"] == f"01-rnn-limits.html#measured-{claim}"


def test_the_ledger_shows_what_the_experiments_say_and_how_to_run_them_again(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    results = in_results()
    assert results
    for claim, result in results.items():
        entry = page.select_one(f"#claim-{claim}")
        assert plain(result.finding.text) in plain(entry.get_text())
        command = plain(entry.select_one(".claim-command code").get_text())
        assert command == f"python -m experiments run --again {' '.join(result.experiments)}"


def test_claims_without_a_number_say_so(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    measured = {c["id"] for c in parsed(pages / "book/01-rnn-limits.html").select(".claim-card")}
    results = in_results()
    for claim in load_claims().values():
        text = page.select_one(f"#claim-{claim.id}").get_text()
        if claim.experiment is None:
            assert "not a measurable claim" in text
        elif f"measured-{claim.id}" not in measured and claim.id not in results:
            assert "not yet" in text


def test_pages_show_no_trace_of_a_failed_cell_or_reference(pages: Path) -> None:
    for page in every_page(pages):
        text = parsed(page).get_text()
        for trace in ("Traceback", "{glue:", "{cite", "{numref", "{eq}", "[?]"):
            assert trace not in text, f"{page.name}: {trace}"

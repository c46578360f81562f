"""The built pages: links lead somewhere, numbers are there, nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from bibliography import papers
from bs4 import Tag
from documents import load_documents
from ledger import load_claims

from experiments.harness.ledger import in_results
from tests.book.building import parsed

CARD = ".claim-card"
pytestmark = pytest.mark.timeout(1200)  # the first test may have to run every notebook


@cache
def places(page: Path) -> dict[str, Tag]:
    """The elements of a page by their ids, the first where two have the same."""
    return {tag["id"]: tag for tag in reversed(parsed(page).find_all(id=True))}


def plain(text: str) -> str:
    """Return text on one line, with the typewriter's quotes and dashes instead of curly ones."""
    for curly, straight in (("“", '"'), ("”", '"'), ("‘", "'"), ("’", "'"), ("–", "--")):
        text = text.replace(curly, straight)
    return " ".join(text.split())


def every_page(pages: Path) -> list[Path]:
    found = sorted([*pages.glob("book/*.html"), *pages.glob("exercises/*.html")])
    assert len(found) >= 5
    return found


def every_chapter(pages: Path) -> list[Path]:
    found = sorted(pages.glob("book/[0-9]*.html"))
    assert found
    return found


def every_card(pages: Path) -> dict[str, Path]:
    """The chapter in which each claim has its card."""
    cards = [(c["id"], page) for page in every_chapter(pages) for c in parsed(page).select(CARD)]
    assert len(cards) == len(dict(cards)) >= 9
    return {name.removeprefix("measured-"): page for name, page in cards}


def said_in(page: Path) -> dict[str, str]:
    """What the cells of a chapter measured, by claim."""
    glued = page.parents[2] / "jupyter_execute" / "book" / f"{page.stem}.glue.json"
    outputs = json.loads(glued.read_text(encoding="utf-8"))
    return {
        key.removeprefix("claim/"): output["data"]["text/plain"]
        for key, output in outputs.items()
        if key.startswith("claim/")
    }


def test_the_start_page_leads_to_the_book(pages: Path) -> None:
    assert "book/index.html" in (pages / "index.html").read_text(encoding="utf-8")


def test_a_page_has_its_colours_where_scripts_do_not_run(pages: Path) -> None:
    for page in every_page(pages):
        html = parsed(page).html
        assert html is not None
        assert html["data-theme"] == "light", page


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
            elif not anchor or target.suffix != ".html" or link.name != "a":
                continue
            elif unquote(anchor) not in places(target):
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
    figures = [f for page in every_chapter(pages) for f in parsed(page).select("figure")]
    assert len(figures) >= 9
    for figure in figures:
        assert len(figure.select_one("figcaption").get_text().split()) > 15
        image, drawing = figure.select_one("img"), figure.select_one("svg[role=img] > desc")
        assert len((image["alt"] if image else drawing.get_text()).split()) >= 10


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
        assert plain(claim.note) in text
        assert f"Confidence: {claim.confidence}" in text


def test_verdict_document_and_number_stand_outside_of_what_is_folded(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    for claim in load_claims().values():
        entry = page.select_one(f"#claim-{claim.id}")
        seen = [part for part in entry.find_all("p") if not part.find_parent(class_="claim-more")]
        text = plain(" ".join(part.get_text() for part in seen))
        assert text.startswith(claim.verdict)
        assert plain(claim.claim) in text
        assert "Measured:" in text
        link = entry.select_one("a.claim-document")
        assert link["href"] == f"#document-{claim.document.lower()}"
        assert page.select_one(f"li{link['href']}")
        assert entry.find_parent("details", class_="claims-topic")


def test_a_claim_that_leans_on_a_re_run_says_whether_it_came_out(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    for claim in load_claims().values():
        entry = page.select_one(f"#claim-{claim.id}")
        text = plain(entry.get_text())
        assert (f"Reproduced: {claim.reproduced}" in text) == bool(claim.reproduced)
        links = [a["href"] for a in entry.select("a[href]")]
        about_1997 = bool(claim.reproduced) and "hochreiter1997" in claim.sources
        assert ("reproduction.html" in links) == about_1997
        assert plain(claim.published) in text
    assert "What does not" in parsed(pages / "book/reproduction.html").get_text()


def test_primary_sources_are_linked(pages: Path) -> None:
    entries = places(pages / "book/ledger.html")
    linked = 0
    for claim in load_claims().values():
        wanted = [papers()[key] for key in claim.sources if papers()[key][1]]
        found = entries[f"claim-{claim.id}"].select(".claim-links a[href]")
        assert [(a.get_text(), a["href"]) for a in found] == wanted
        linked += bool(wanted)
    assert linked > 80


def test_every_card_shows_its_number_and_the_ledger_leads_to_it(pages: Path) -> None:
    entries, results = places(pages / "book/ledger.html"), in_results()
    for claim, page in every_card(pages).items():
        cells = said_in(page)
        text = cells[claim] if claim in cells else results[claim].finding.text
        card = places(page)[f"measured-{claim}"]
        assert plain(text) in plain(card.get_text())
        document = load_documents()[load_claims()[claim].document]
        link = card.select_one("a.claim-document")
        assert (link.get_text(), link["href"]) == (document.title, f"ledger.html#{document.anchor}")
        number = entries[f"claim-{claim}"].select_one(".claim-number")
        assert plain(text) in plain(number.get_text())
        assert number.select_one("a")["href"] == f"{page.name}#measured-{claim}"


def test_the_ledger_shows_what_the_experiments_say_and_how_to_run_them_again(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    results = in_results()
    assert results
    for claim, result in results.items():
        entry = page.select_one(f"#claim-{claim}")
        assert plain(result.finding.text) in plain(entry.get_text())
        command = plain(entry.select_one(".claim-command code").get_text())
        assert command == f"python -m experiments run --again {' '.join(result.experiments)}"


def test_no_claim_of_the_ledger_has_an_empty_field(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    numbers, reasons = 0, 0
    for claim in load_claims().values():
        entry = page.select_one(f"#claim-{claim.id}")
        fields = {
            label.get_text().rstrip(":"): plain(label.find_parent("p").get_text())
            for label in entry.select("p > strong")
        }
        wanted = {"Measured", "Primary source"}
        if claim.experiment is None:
            wanted |= {"Why it is not measured here", "What it would take"}
            assert "not a measurable claim" in fields["Measured"]
            reasons += 1
        else:
            assert re.search(r"\d", fields["Measured"]), f"{claim.id} shows no number"
            assert entry.select_one(".claim-command code").get_text(), f"{claim.id}: how again?"
            numbers += 1
        assert wanted <= set(fields), claim.id
        for name in wanted:
            assert len(fields[name].removeprefix(f"{name}:").split()) >= 3, f"{claim.id}: {name}"
        assert entry.select_one(".claim-verdict").get_text() == claim.verdict
    assert (numbers, reasons) == (68, 22)


def test_every_misreading_stands_in_one_table_with_its_number(pages: Path) -> None:
    rows = parsed(pages / "book/lineage.html").select("table.misread tbody tr")
    wrong = [c for c in load_claims().values() if c.verdict in ("contradicted", "imprecise")]
    assert len(rows) == len(wrong)
    for row, claim in zip(rows, wrong, strict=True):
        said, verdict, number = (plain(cell.get_text()) for cell in row.select("td, th"))
        assert plain(claim.claim) in said
        assert row.select_one(f'a[href="ledger.html#claim-{claim.id}"]')
        assert verdict == claim.verdict
        if claim.experiment:
            assert re.search(r"\d", number), claim.id
        else:
            assert plain(claim.primary) in number


def test_the_filter_offers_what_there_is_and_is_hidden_without_scripts(pages: Path) -> None:
    page = parsed(pages / "book/ledger.html")
    form = page.select_one("form.claims-filter")
    assert form.has_attr("hidden")
    claims = page.select(".claim")
    for field in form.select("select"):
        assert form.select_one(f"label[for={field['id']}]")
        counted = 0
        for option in field.select("option[value]:not([value=''])"):
            count = int(re.search(r"\((\d+)\)$", option.get_text())[1])
            assert count == sum(f"{field['name']}-{option['value']}" in c["class"] for c in claims)
            counted += count
        assert counted == len(claims)
    for name, count in (("supported", 1), ("partly", 1), ("none", 1)):
        assert len(form.select(f"option[value={name}]")) == count


def test_the_start_page_counts_the_claims(pages: Path) -> None:
    text = plain(parsed(pages / "book/index.html").select_one("article").get_text())
    claims = load_claims().values()
    measurable = sum(claim.experiment is not None for claim in claims)
    assert len({*every_card(pages), *in_results()}) == measurable
    assert f"holds {len(claims)} claims of others; {measurable} of them can be measured" in text
    assert "and all of these are" in text
    assert f"{sum(c.verdict == 'contradicted' for c in claims)} are wrong" in text


def test_pages_show_no_trace_of_a_failed_cell_or_reference(pages: Path) -> None:
    for page in every_page(pages):
        text = parsed(page).get_text()
        for trace in ("Traceback", "{glue:", "{cite", "{numref", "{eq}", "[?]"):
            assert trace not in text, f"{page.name}: {trace}"

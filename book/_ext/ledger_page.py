"""Sphinx extension: the claims ledger page, filled from executed chapters and experiments.

``{claims}`` writes the claims of one topic. The measured numbers are filled in when pages are
written, after every chapter was read: from the glue data that MyST-NB keeps beside each executed
notebook (fresh or from the cache, it makes no difference), and from the committed results of the
experiments. The build fails when a measurement no longer fits the ledger.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from docutils import nodes
from ledger import GLUE_PREFIX, VERDICTS, Claim, how_much, load_claims
from ledger_directives import LEDGER, CountSlot, add_words
from ledger_entries import DetailsSlot, NumberSlot, labelled, run_again
from result_cards import card_pages, known_results
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from experiments.harness.ledger import Measured

LOGGER = logging.getLogger(__name__)


def measurements(env: BuildEnvironment) -> list[tuple[str, dict[str, Any]]]:
    """Return (page, record) for every claim that a chapter measured."""
    found = []
    for docname in sorted(env.found_docs):
        glue_file = Path(env.mystnb_config.output_folder, f"{docname}.glue.json")
        # A page that lost its last measurement keeps an old file; its own list of keys is current.
        keys = env.nb_metadata.get(docname, {}).get("glue", [])
        if keys:
            outputs = json.loads(glue_file.read_text(encoding="utf-8"))
            found += [
                (docname, outputs[key]["metadata"]["claim"])
                for key in keys
                if key.startswith(GLUE_PREFIX)
            ]
    return found


def problems(
    claims: dict[str, Claim],
    found: list[tuple[str, dict[str, Any]]],
    topics: dict[str, list[str]],
    results: dict[str, Measured],
    cards: list[tuple[str, str]],
) -> list[str]:
    """Return what is wrong between the ledger, the chapters and the results, in plain words.

    ``topics`` tells for every page which topics it promises to measure (its front matter): each
    of their claims needs a cell, or the card of a result. ``cards`` are (page, claim) of those.
    """
    messages = []
    shown: dict[str, str] = {}
    for page, name in cards:
        if name in shown:
            messages.append(f"the card of {name} stands in {shown[name]} and {page}")
        shown[name] = page
    pages: dict[str, str] = {}
    for page, record in found:
        claim = claims.get(record["claim"])
        if claim is None:
            messages.append(f"{page} measures {record['claim']}, which is not in claims.yaml")
        elif claim.verdict != record["verdict"]:
            messages.append(
                f"{page} measured {claim.id} for the verdict {record['verdict']!r}, "
                f"claims.yaml now says {claim.verdict!r}: look at both"
            )
        if record["claim"] in pages:
            messages.append(f"{record['claim']} is measured in {pages[record['claim']]} and {page}")
        pages[record["claim"]] = page
    for page, names in topics.items():
        for claim in claims.values():
            if claim.topic in names and claim.experiment and claim.id not in {*pages, *shown}:
                messages.append(f"{page} promises to measure {claim.id} and does not")
    for name, result in results.items():
        if name in pages:
            messages.append(f"{name} is measured in {pages[name]} and by an experiment")
        if name in claims and not result.finding.agrees:
            messages.append(
                f"results of {', '.join(result.experiments)} do not agree with the verdict "
                f"{claims[name].verdict!r} on {name}: {result.finding.text}"
            )
    return messages


def check_ledger(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn about every claim whose measurement does not fit; warnings are errors here."""
    topics = {
        docname: env.metadata[docname].get("topics", "").split() for docname in env.found_docs
    }
    for message in problems(
        load_claims(), measurements(env), topics, known_results(), card_pages(env)
    ):
        LOGGER.warning("claims ledger: %s", message)


def counts(claims: dict[str, Claim], measured: Collection[str]) -> dict[str, str]:
    """Return what pages may say about how many claims there are.

    ``all``, ``measurable``, ``measured`` (of the measurable ones; "all" when none is missing), and
    the number with each verdict.
    """
    measurable = [claim.id for claim in claims.values() if claim.experiment]
    done = sum(name in measured for name in measurable)
    by_verdict = Counter(claim.verdict for claim in claims.values())
    return {
        "all": str(len(claims)),
        "measurable": str(len(measurable)),
        "measured": "all" if done == len(measurable) else str(done),
        **{verdict: str(by_verdict[verdict]) for verdict in VERDICTS},
    }


class FillMeasurements(SphinxPostTransform):
    """Put the measured numbers into the ledger page, and the counts into sentences."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        numbers = list(self.document.findall(NumberSlot))
        details = list(self.document.findall(DetailsSlot))
        sentences = list(self.document.findall(CountSlot))
        if not numbers and not sentences:
            return
        claims = load_claims()
        found = {record["claim"]: (page, record) for page, record in measurements(self.env)}
        results, cards = known_results(), {name: page for page, name in card_pages(self.env)}
        known = counts(claims, {*found, *results})
        for slot in sentences:
            if slot["count"] not in known:
                LOGGER.warning("no count of claims is called %r", slot["count"], location=slot)
            slot.replace_self(nodes.Text(known.get(slot["count"], "?")))
        for slot in numbers:
            name = slot["claim"]
            if name in found:
                page, record = found[name]
                slot.replace_self(self.number(name, record["text"], page, slot.get("bare")))
            elif name in results:
                text = results[name].finding.text
                slot.replace_self(self.number(name, text, cards.get(name), slot.get("bare")))
            elif claims[name].experiment:
                slot.replace_self(said("not yet; its experiment has not run in full."))
            else:
                slot.replace_self(said("no, it is not a measurable claim."))
        for slot in details:
            name = slot["claim"]
            if name in found:
                page, record = found[name]
                slot.replace_self([evidence(record), command(again_by_cell(page))])
            elif name in results:
                slot.replace_self(command(run_again(results[name].experiments)))
            else:
                slot.parent.remove(slot)

    def number(self, claim: str, text: str, page: str | None, bare: bool | None) -> nodes.paragraph:
        """Return the measured number with a link to its card in a chapter, where it has one."""
        line = nodes.paragraph("", text) if bare else said(text)
        if page is not None:
            uri = self.app.builder.get_relative_uri(self.env.docname, page)
            target = f"{uri}#measured-{claim}"
            title = self.env.titles[page].astext()
            line += nodes.Text(" ")
            line += nodes.reference("", title, refuri=target, internal=True)
        return line


def said(text: str) -> nodes.paragraph:
    """Return the line with the number, of which long ones are cut short until one looks closer."""
    line = labelled("Measured:", text)
    line["classes"].append("claim-number")
    return line


def evidence(record: dict[str, Any]) -> nodes.paragraph:
    """Return how much was run, and what would have to be seen for the opposite verdict."""
    text = f"{how_much(record)} This verdict would fall if {record['contradicted_by']}"
    return nodes.paragraph("", text, classes=["claim-falsifier"])


def command(again: str) -> nodes.paragraph:
    """Return the line with the command that makes a number again."""
    line = nodes.paragraph("", "Run it again: ", classes=["claim-command"])
    line += nodes.literal("", again)
    return line


def again_by_cell(page: str) -> str:
    """Return the command that executes a chapter and keeps it as a notebook with its cards."""
    notebook = f"_build/{page.rpartition('/')[2]}.ipynb"
    return f"jupytext --execute --run-path book --to ipynb --output {notebook} {page}.md"


def add_filter(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Give the ledger page its stylesheet and the script of the filter."""
    if pagename == LEDGER:
        app.add_css_file("ledger.css")
        app.add_js_file("ledger.mjs", type="module")


def ledger_pages(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have the ledger written anew whenever any page was read."""
    return [docname for docname, data in env.metadata.items() if "claims_ledger" in data]


def setup(app: Sphinx) -> dict[str, Any]:
    add_words(app)
    for slot in (NumberSlot, DetailsSlot, CountSlot):
        app.add_node(slot)
    app.add_post_transform(FillMeasurements)
    app.connect("env-check-consistency", check_ledger)
    app.connect("env-updated", ledger_pages)
    app.connect("html-page-context", add_filter)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

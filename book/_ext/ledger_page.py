"""Sphinx extension: the claims ledger page, filled from executed chapters and experiments.

``{claims}`` writes the claims of one topic. The measured numbers are filled in when pages are
written, after every chapter was read: from the glue data that MyST-NB keeps beside each executed
notebook (fresh or from the cache, it makes no difference), and from the committed results of the
experiments. The build fails when a measurement no longer fits the ledger.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from ledger import CLAIMS_FILE, GLUE_PREFIX, VERDICTS, Claim, load_claims
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from experiments.harness.ledger import Measured, in_results

LOGGER = logging.getLogger(__name__)


class MeasurementSlot(nodes.General, nodes.Element):
    """The place of a claim's measured number, filled when the page is written."""


class ClaimsDirective(SphinxDirective):
    """``{claims}`` with ``:topic:`` lists the claims of that topic."""

    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {"topic": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(CLAIMS_FILE))
        note_ledger(self.env)
        claims = [c for c in load_claims().values() if c.topic == self.options["topic"]]
        if not claims:
            raise self.error(f"no claim has the topic {self.options['topic']!r}")
        return [claim_entry(claim) for claim in claims]


class ClaimsSummary(SphinxDirective):
    """``{claims-summary}`` counts the claims by document and verdict."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(CLAIMS_FILE))
        note_ledger(self.env)
        claims = list(load_claims().values())
        count = Counter((c.document, c.verdict) for c in claims)
        rows = [["Document", *VERDICTS, "all"]]
        for document in sorted({c.document for c in claims}):
            by_verdict = [count[document, verdict] for verdict in VERDICTS]
            rows.append([document, *map(str, by_verdict), str(sum(by_verdict))])
        totals = [sum(c.verdict == verdict for c in claims) for verdict in VERDICTS]
        rows.append(["All", *map(str, totals), str(len(claims))])
        return [table(rows)]


def note_ledger(env: BuildEnvironment) -> None:
    """Remember which page shows the ledger, so that it is written anew with every chapter."""
    env.metadata[env.docname]["claims_ledger"] = "yes"


def claim_entry(claim: Claim) -> nodes.Element:
    """Return one claim as the ledger shows it, with a slot for the measured number."""
    entry = nodes.container(
        classes=["claim", f"verdict-{claim.verdict}"], ids=[f"claim-{claim.id}"]
    )
    head = nodes.paragraph(classes=["claim-head"])
    head += nodes.inline("", claim.document, classes=["claim-document"])
    head += nodes.Text(" " + claim.claim)
    verdict = nodes.paragraph()
    verdict += nodes.inline("", claim.verdict, classes=["claim-verdict"])
    verdict += nodes.Text(f" Confidence: {claim.confidence}. ")
    verdict += nodes.literal("", claim.id)
    primary = labelled("Primary source:", claim.primary)
    entry += [head, verdict, primary]
    slot = MeasurementSlot()
    slot["claim"] = claim.id
    slot["measurable"] = claim.experiment is not None
    entry += slot
    return entry


def labelled(label: str, text: str) -> nodes.paragraph:
    """Return a paragraph that begins with a label in bold."""
    return nodes.paragraph("", "", nodes.strong("", label), nodes.Text(" " + text))


def table(rows: list[list[str]]) -> nodes.table:
    """Return a table whose first row and first column are headers."""
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=1, stub=i == 0) for i in range(len(rows[0]))]
    for part, content in ((nodes.thead(), rows[:1]), (nodes.tbody(), rows[1:])):
        for cells in content:
            part += nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells))
        group += part
    return nodes.table("", group, classes=["claims-summary"])


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
) -> list[str]:
    """Return what is wrong between the ledger, the chapters and the results, in plain words.

    ``topics`` tells for every page which topics it promises to measure (its front matter).
    """
    messages = []
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
            if claim.topic in names and claim.experiment and claim.id not in {*pages, *results}:
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
    for message in problems(load_claims(), measurements(env), topics, in_results()):
        LOGGER.warning("claims ledger: %s", message)


class FillMeasurements(SphinxPostTransform):
    """Put the measured numbers into the ledger page."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        slots = list(self.document.findall(MeasurementSlot))
        if not slots:
            return
        found = {record["claim"]: (page, record) for page, record in measurements(self.env)}
        results = in_results()
        for slot in slots:
            name = slot["claim"]
            if name in found:
                slot.replace_self(self.number(*found[name]))
            elif name in results:
                slot.replace_self(reading(results[name]))
            elif slot["measurable"]:
                text = "not yet; not every trial of its experiment has run."
                slot.replace_self(labelled("Measured:", text))
            else:
                slot.replace_self(labelled("Measured:", "no, it is not a measurable claim."))

    def number(self, page: str, record: dict[str, Any]) -> list[nodes.Node]:
        """Return the measured number with a link to the cell that measured it."""
        line = labelled("Measured in this build:", record["text"] + " ")
        uri = self.app.builder.get_relative_uri(self.env.docname, page)
        title = self.env.titles[page].astext()
        line += nodes.reference(
            "", title, refuri=f"{uri}#measured-{record['claim']}", internal=True
        )
        falls = nodes.paragraph(
            "",
            f"This verdict would fall if {record['contradicted_by']}",
            classes=["claim-falsifier"],
        )
        return [line, falls]


def reading(result: Measured) -> list[nodes.Node]:
    """Return what the experiments' results say, and the command that runs them again."""
    line = labelled("Measured in the experiments:", result.finding.text)
    command = f"python -m experiments run --again {' '.join(result.experiments)}"
    again = nodes.paragraph("", "Run it again: ", classes=["claim-command"])
    again += nodes.literal("", command)
    return [line, again]


def ledger_pages(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have the ledger written anew whenever any page was read."""
    return [docname for docname, data in env.metadata.items() if "claims_ledger" in data]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("claims", ClaimsDirective)
    app.add_directive("claims-summary", ClaimsSummary)
    app.add_node(MeasurementSlot)
    app.add_post_transform(FillMeasurements)
    app.connect("env-check-consistency", check_ledger)
    app.connect("env-updated", ledger_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

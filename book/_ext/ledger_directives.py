"""What pages can say with the ledger: lists, counts, a table of misreadings, links to a claim.

Numbers are slots here; ``ledger_page`` fills them in when pages are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from bibliography import BIBLIOGRAPHY
from documents import DOCUMENTS_FILE, load_documents
from docutils import nodes
from docutils.parsers.rst import directives
from ledger import CLAIMS_FILE, VERDICTS, Claim, load_claims
from ledger_entries import NumberSlot, filter_form, topic
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole

LEDGER = "book/ledger"
MISREAD = ("contradicted", "imprecise")


class CountSlot(nodes.Inline, nodes.Element):
    """The place of a number of claims in a sentence, filled when the page is written."""


class ClaimsDirective(SphinxDirective):
    """``{claims}`` with ``:topic:`` lists the claims of that topic."""

    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {"topic": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        note_ledger(self.env)
        claims = [c for c in load_claims().values() if c.topic == self.options["topic"]]
        if not claims:
            raise self.error(f"no claim has the topic {self.options['topic']!r}")
        return topic(claims)


class FilterDirective(SphinxDirective):
    """``{claims-filter}`` lets a reader choose among the claims of the page."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        note_ledger(self.env)
        return [filter_form(load_claims().values())]


class DocumentsDirective(SphinxDirective):
    """``{documents}`` lists the five documents; the labels of claims lead here."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        note_ledger(self.env)
        claims = load_claims().values()
        found = nodes.bullet_list(classes=["documents"])
        for document in load_documents().values():
            line = nodes.paragraph("", "", nodes.strong("", document.label), nodes.Text(": "))
            line += nodes.emphasis("", document.title)
            count = sum(claim.document == document.label for claim in claims)
            where = f" ({document.where})" if document.where else ""
            line += nodes.Text(f"{where}, {count} claims")
            found += nodes.list_item("", line, ids=[document.anchor])
        return [found]


class CountRole(SphinxRole):
    """``{claims-count}`` followed by what to count: see ``counts``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        note_ledger(self.env)
        return [CountSlot(count=self.text)], []


class MisreadDirective(SphinxDirective):
    """``{misreadings}``: every claim that is contradicted or imprecise, with its number."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        note_ledger(self.env)
        rows: list[list[nodes.Node]] = [
            [nodes.paragraph("", name) for name in ("Claim", "Verdict", "Measured, or why not")]
        ]
        for claim in load_claims().values():
            if claim.verdict in MISREAD:
                said_by = nodes.paragraph("", f"{claim.claim} ")
                said_by += link_to_ledger(claim.id, claim.document)
                number = NumberSlot(claim=claim.id, bare=True)
                verdict = nodes.paragraph("", claim.verdict)
                rows.append([said_by, verdict, number if claim.experiment else why_not(claim)])
        return [table(rows, "misread")]


class ClaimRole(SphinxRole):
    """``{claim}`` followed by the id of a claim: a link to its entry in the ledger."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        if self.text not in load_claims():
            message = self.inliner.reporter.error(
                f"no claim {self.text!r} in {CLAIMS_FILE.name}", line=self.lineno
            )
            return [], [message]
        return [link_to_ledger(self.text, f"ledger: {self.text}")], []


class ClaimsSummary(SphinxDirective):
    """``{claims-summary}`` counts the claims by document and verdict."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        note_ledger(self.env)
        claims = list(load_claims().values())
        count = Counter((c.document, c.verdict) for c in claims)
        rows = [["Document", *VERDICTS, "all"]]
        for document in sorted({c.document for c in claims}):
            by_verdict = [count[document, verdict] for verdict in VERDICTS]
            rows.append([document, *map(str, by_verdict), str(sum(by_verdict))])
        totals = [sum(c.verdict == verdict for c in claims) for verdict in VERDICTS]
        rows.append(["All", *map(str, totals), str(len(claims))])
        cells = [[nodes.paragraph("", cell) for cell in row] for row in rows]
        return [table(cells, "claims-summary")]


def note_ledger(env: BuildEnvironment) -> None:
    """Remember which page shows the ledger, so that it is written anew with every chapter."""
    for path in (CLAIMS_FILE, DOCUMENTS_FILE, BIBLIOGRAPHY):
        env.note_dependency(str(path))
    env.metadata[env.docname]["claims_ledger"] = "yes"


def table(rows: Sequence[Sequence[nodes.Node]], name: str) -> nodes.table:
    """Return a table whose first row and first column are headers; ``name`` is its class."""
    group = nodes.tgroup(cols=len(rows[0]))
    group += [nodes.colspec(colwidth=1, stub=i == 0) for i in range(len(rows[0]))]
    for part, content in ((nodes.thead(), rows[:1]), (nodes.tbody(), rows[1:])):
        for cells in content:
            part += nodes.row("", *(nodes.entry("", cell) for cell in cells))
        group += part
    return nodes.table("", group, classes=[name])


def link_to_ledger(claim: str, text: str) -> nodes.reference:
    """Return a link to a claim's entry, from any page beside the ledger."""
    uri = f"{LEDGER.rpartition('/')[2]}.html#claim-{claim}"
    return nodes.reference("", text, refuri=uri, internal=True, classes=["to-ledger"])


def why_not(claim: Claim) -> nodes.paragraph:
    """Return why a claim has no number here."""
    return nodes.paragraph("", f"Not measured: {claim.why_not}")


def add_words(app: Sphinx) -> None:
    """Let pages use the directives and roles of the ledger."""
    app.add_directive("claims", ClaimsDirective)
    app.add_directive("claims-summary", ClaimsSummary)
    app.add_directive("claims-filter", FilterDirective)
    app.add_directive("misreadings", MisreadDirective)
    app.add_directive("documents", DocumentsDirective)
    app.add_role("claims-count", CountRole())
    app.add_role("claim", ClaimRole())

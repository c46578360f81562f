"""How the ledger page shows a claim: what everybody looks for in sight, the rest one click away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from bibliography import papers
from documents import load_documents
from docutils import nodes
from ledger import REPRODUCED, VERDICTS, Claim, LedgerError

NOT_RUN_AGAIN = "none"
PAPER = "hochreiter1997"  # the page on what comes out again is about this paper
TOPICS = {
    "rnn-limits": "Recurrent nets and their limits",
    "history": "History",
    "cec": "The constant error carousel",
    "truncated-bptt": "Truncated back-propagation",
    "gates": "Gates",
    "attention": "Attention",
    "transformer": "Transformers",
    "ssm": "State space models and other successors",
}


class NumberSlot(nodes.General, nodes.Element):
    """The place of a claim's measured number, filled when the page is written."""


class DetailsSlot(nodes.General, nodes.Element):
    """The place of what belongs to the number: how to run it again, what would contradict it."""


def entry(claim: Claim) -> nodes.Element:
    """Return one claim as the ledger shows it, with slots for what was measured."""
    box = nodes.container(classes=["claim", *facets(claim)], ids=[f"claim-{claim.id}"])
    document = load_documents()[claim.document]
    head = nodes.paragraph(classes=["claim-marks"])
    head += nodes.inline("", claim.verdict, classes=["claim-verdict"])
    if claim.reproduced:
        head += nodes.Text(" ")
        head += nodes.inline("", f"Reproduced: {claim.reproduced}", classes=["claim-reproduced"])
    head += nodes.Text(" ")
    head += nodes.reference(
        "",
        document.label,
        refuri=f"#{document.anchor}",
        internal=True,
        reftitle=document.title,
        classes=["claim-document"],
    )
    box += [head, nodes.paragraph("", claim.claim, classes=["claim-head"])]
    box += NumberSlot(claim=claim.id)
    box += raw('<details class="claim-more"><summary>Source and details</summary>')
    box += labelled("Primary source:", claim.primary)
    box += links(claim)
    if claim.note:
        box += labelled("Read with care:", claim.note)
    if claim.reproduced:
        again = labelled("Published:", f"{claim.published} Reproduced here: {claim.reproduced}.")
        if PAPER in claim.sources:
            again += nodes.Text(" ")
            again += nodes.reference("", "What comes out again", refuri="reproduction.html")
        box += again
    if claim.experiment is None:
        box += labelled("Why it is not measured here:", claim.why_not)
        box += labelled("What it would take:", claim.needs)
    box += DetailsSlot(claim=claim.id)
    last = nodes.paragraph("", f"Confidence: {claim.confidence}. ", classes=["claim-id"])
    last += nodes.literal("", claim.id)
    box += [last, raw("</details>")]
    return box


def facets(claim: Claim) -> list[str]:
    """Return the classes by which the filter finds a claim; they are also the filter's values."""
    return [
        f"topic-{claim.topic}",
        f"verdict-{claim.verdict}",
        f"reproduced-{claim.reproduced or NOT_RUN_AGAIN}",
        f"document-{claim.document.lower()}",
    ]


def links(claim: Claim) -> list[nodes.Node]:
    """Return one line with a link to every primary source that has an address."""
    unknown = [key for key in claim.sources if key not in papers()]
    if unknown:
        raise LedgerError(f"claim {claim.id}: {unknown[0]!r} is not in references.bib")
    found = [papers()[key] for key in claim.sources if papers()[key][1]]
    if not found:
        return []
    line = nodes.paragraph(classes=["claim-links"])
    line += nodes.Text("Read it: ")
    for i, (name, address) in enumerate(found):
        line += [nodes.Text(", ")] if i else []
        line += nodes.reference("", name, refuri=address)
    return [line]


def topic(claims: Sequence[Claim]) -> list[nodes.Node]:
    """Return the claims of one topic, folded behind a line that counts them by verdict."""
    count = Counter(claim.verdict for claim in claims)
    verdicts = ", ".join(f"{count[v]} {v}" for v in VERDICTS if count[v])
    summary = (
        f'<span class="claims-count" data-all="{len(claims)}">{len(claims)} claims</span>'
        f'<span class="claims-verdicts">: {verdicts}</span>'
    )
    return [
        raw(f'<details class="claims-topic"><summary>{summary}</summary>'),
        *(entry(claim) for claim in claims),
        raw("</details>"),
    ]


def filter_form(claims: Iterable[Claim]) -> nodes.Node:
    """Return the filter. Without scripts it stays hidden, and the page is the full list."""
    count = Counter(facet for claim in claims for facet in facets(claim))
    choices = {
        "topic": TOPICS,
        "verdict": {verdict: verdict for verdict in VERDICTS},
        "reproduced": {**{a: a for a in REPRODUCED}, NOT_RUN_AGAIN: "nothing to run again"},
        "document": {d.label.lower(): d.label for d in load_documents().values()},
    }
    fields = []
    for name, values in choices.items():
        options = "".join(
            f'<option value="{value}">{escape(text)} ({count[f"{name}-{value}"]})</option>'
            for value, text in values.items()
            if count[f"{name}-{value}"]
        )
        fields.append(
            f'<label for="claims-{name}">{name.capitalize()}</label>'
            f'<select id="claims-{name}" name="{name}"><option value="">any</option>{options}'
            "</select>"
        )
    return raw(
        '<form class="claims-filter" aria-label="Filter the claims" hidden>'
        + "".join(f'<div class="claims-field">{field}</div>' for field in fields)
        + '<button type="reset">Show all</button><p role="status"></p></form>'
    )


def run_again(experiments: Iterable[str]) -> str:
    """Return the command that runs the experiments behind a number again."""
    return f"python -m experiments run --again {' '.join(experiments)}"


def raw(html: str) -> nodes.raw:
    """Return HTML as it stands."""
    return nodes.raw("", html, format="html")


def labelled(label: str, text: str) -> nodes.paragraph:
    """Return a paragraph that begins with a label in bold."""
    return nodes.paragraph("", "", nodes.strong("", label), nodes.Text(" " + text))

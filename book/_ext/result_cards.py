"""Sphinx extension: a claim's card in a chapter, where an experiment and not a cell measures it.

``{result-card} CLAIM`` shows what the committed results say of the claim, at the place of the story
where it matters, with the command that runs them again. The number is filled in when the page is
written, so it is that of today's results; the ledger links to the card.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from docutils import nodes
from ledger import CLAIMS_FILE, card, load_claims
from ledger_entries import raw, run_again
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from experiments.harness.ledger import Measured, in_results

CARDS = "result_cards"  # in a page's metadata: the claims whose cards stand on it


@cache
def known_results() -> dict[str, Measured]:
    """Return, by claim, what the committed results say, as they are when first asked."""
    return in_results()


class CardSlot(nodes.General, nodes.Element):
    """The place of a card, filled when the page is written."""


class ResultCard(SphinxDirective):
    """``{result-card}`` with the id of a claim that a reading of results measures."""

    required_arguments = 1
    has_content = False

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in load_claims():
            raise self.error(f"no claim {name!r} in {CLAIMS_FILE.name}")
        if name not in known_results():
            raise self.error(
                f"no results measure {name!r} in full; let a cell call `measured`, or run its "
                "experiment"
            )
        self.env.note_dependency(str(CLAIMS_FILE))
        data = self.env.metadata[self.env.docname]
        data[CARDS] = f"{data.get(CARDS, '')} {name}".strip()
        return [CardSlot(claim=name)]


class FillCards(SphinxPostTransform):
    """Put what the results say into the cards."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        slots = list(self.document.findall(CardSlot))
        for slot in slots:
            result = known_results()[slot["claim"]]
            again = run_again(result.experiments)
            claim = load_claims()[slot["claim"]]
            text = result.finding.text
            html = card(claim, "beforehand", text, "Run it again:", code=again)
            slot.replace_self(raw(html))


def card_pages(env: BuildEnvironment) -> list[tuple[str, str]]:
    """Return (page, claim) for every card."""
    return [
        (docname, claim)
        for docname in sorted(env.found_docs)
        for claim in env.metadata[docname].get(CARDS, "").split()
    ]


def write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have the pages with cards written anew whenever any page was: results may be new."""
    return sorted({page for page, _ in card_pages(env)})


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("result-card", ResultCard)
    app.add_node(CardSlot)
    app.add_post_transform(FillCards)
    app.connect("env-updated", write_again)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

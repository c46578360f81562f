"""Sphinx extension: mend what the HTML writer gets wrong for screen readers."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def plain_citation_list(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Drop the list role of a bibliography: its entries are no list items, so it is no list."""
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", plain_citation_list)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The HTML pages we write: escaped, nothing loaded from elsewhere, no script but ours."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup


def render(template: str, **values: Any) -> str:
    """Fill in a template of autograder/steps/templates."""
    return _environment().get_template(template).render(**values)


@cache
def script(template: str) -> tuple[Markup, str]:
    """Return a script of ours as it stands in a page, and its hash for the page's policy."""
    text = render(template)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"sha256-{digest}"


def cut(text: str, limit: int) -> str:
    """Return the text, or so much of it and a sign that it goes on."""
    return text if len(text) <= limit else f"{text[:limit].rstrip()} […]"


@cache  # or every page would compile its template anew
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.steps"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["points"] = lambda value: f"{value:.4g}"
    environment.filters["seconds"] = lambda value: f"{value:.1f}"
    environment.filters["cut"] = cut
    return environment

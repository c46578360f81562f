"""The HTML pages we write: self-contained, escaped throughout, no script, nothing loaded."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2


def render(template: str, **values: Any) -> str:
    """Fill in a template of autograder/steps/templates."""
    return _environment().get_template(template).render(**values)


@cache  # or every page would compile its template anew
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.steps"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters["points"] = lambda value: f"{value:.4g}"
    return environment

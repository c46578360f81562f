"""Sphinx extension: how long it takes to run what the book says.

``{execution-times} pages`` lists how long each page took when it was executed last: the time that
the cache of notebooks keeps with it. ``{execution-times} experiments`` sums up, part by part, how
long the committed results took. Nothing is typed; both are filled in when the page is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from ledger_directives import table
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from experiments.harness.registry import experiments
from experiments.harness.results import load

KINDS = ("pages", "experiments")


class TimesSlot(nodes.General, nodes.Element):
    """The place of a table of times."""


class TimesDirective(SphinxDirective):
    """``{execution-times} pages`` or ``{execution-times} experiments``."""

    required_arguments = 1
    has_content = False

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0]
        if kind not in KINDS:
            raise self.error(f"times of {kind!r} are not known, only of {' and '.join(KINDS)}")
        self.env.metadata[self.env.docname]["execution_times"] = "yes"
        return [TimesSlot(kind=kind)]


class FillTimes(SphinxPostTransform):
    """Put today's times into the tables."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        for slot in list(self.document.findall(TimesSlot)):
            rows = self.pages() if slot["kind"] == "pages" else parts()
            slot.replace_self(table(list(rows), "execution-times"))

    def pages(self) -> Iterator[list[nodes.Node]]:
        """Yield a row for each page with code, in the order of the book."""
        yield row("Page", "Seconds")
        total = 0.0
        for docname in in_order(self.env):
            ran = self.env.nb_metadata.get(docname, {}).get("exec_data") or {}
            seconds = ran.get("runtime")
            if seconds is not None:
                total += seconds
                uri = self.app.builder.get_relative_uri(self.env.docname, docname)
                link = nodes.reference("", self.env.titles[docname].astext(), refuri=uri)
                yield [nodes.paragraph("", "", link), *row(f"{seconds:.1f}")]
        yield row("All pages", f"{total:.1f}")


def in_order(env: BuildEnvironment) -> list[str]:
    """Return the book's pages in the order of the table of contents."""
    return env.toctree_includes.get(env.config.root_doc, [])


def parts() -> Iterator[list[nodes.Node]]:
    """Yield a row for each part of the suite of experiments."""
    yield row("Part", "Experiments", "Trials", "Hours", "Machines")
    hours: dict[str, float] = {}
    counts: dict[str, list[int]] = {}
    machines: dict[str, set[str]] = {}
    for experiment in experiments().values():
        result = load(experiment.name, quick=False)
        if result is None:
            continue
        part = experiment.part
        hours[part] = hours.get(part, 0.0) + result.wall_s / 3600
        count = counts.setdefault(part, [0, 0])
        count[0] += 1
        count[1] += len(result.trials)
        devices = {record.made.device for record in result.trials.values()}
        machines.setdefault(part, set()).update(devices)
    for part, (names, trials) in counts.items():
        used = "; ".join(sorted(machines[part]))
        yield row(part, f"{names}", f"{trials:,}", f"{hours[part]:.2f}", used)
    names, trials = (sum(count[i] for count in counts.values()) for i in (0, 1))
    used = f"{len(set().union(*machines.values()))} kinds of machines"
    yield row("all", f"{names}", f"{trials:,}", f"{sum(hours.values()):.2f}", used)


def row(*cells: str) -> list[nodes.Node]:
    return [nodes.paragraph("", cell) for cell in cells]


def write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have pages with times written anew whenever any page was read."""
    return [docname for docname, data in env.metadata.items() if "execution_times" in data]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("execution-times", TimesDirective)
    app.add_node(TimesSlot)
    app.add_post_transform(FillTimes)
    app.connect("env-updated", write_again)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

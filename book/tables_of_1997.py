"""The tables of chapter 5: what was printed beside what was measured, in cells that are short.

A cell gives counts, shares and sequences; the same in words is what ``python -m experiments table``
prints. A trial that did not meet its criterion within its budget is not solved, and beside it
stands what its net got right at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from statistics import mean

import rerun
from rerun import Again, Outcome, again, learners, outcomes, seeds, title, trials_in
from results_of_1997 import ABLATED, LOSERS, MOVED
from style import Table, table

from experiments.documents.rows import COLUMNS
from experiments.documents.rows import ROWS as DOCUMENT_ROWS
from experiments.harness.outcomes import seeds_of, successes
from experiments.paper.rows import ROWS
from experiments.search.rows import details
from experiments.tables.ending import rising, share_of_the_mean, share_right, spread
from experiments.tables.printed import modern_name

# The row of the paper that a row of the document is about; the other five are no tasks of it.
SAME_TASK = {
    "reber": "1-3x2-rate0.1",
    "adding-100": "4-T100",
    "multiplication-100": "5-loose",
    "adding-1000": "4-T1000",
}
WRONG = {  # of 2,560 test sequences, as the paper prints it; in experiment 3 it prints shares
    "3a-T100-N3": 2560 * 0.000195,
    "3a-T100-N1": 2560 * 0.000117,
    "3a-T1000-N3": 2560 * 0.000078,
    "3b-T100-N3": 2560 * 0.00828,
    "3b-T100-N1": 2560 * 0.01500,
    "3b-T1000-N1": 2560 * 0.01207,
    "3c-T100-N3": 2560 * 0.00558,
    "3c-T100-N1": 2560 * 0.00441,
    "4-T100": 1,
    "4-T500": 0,
    "4-T1000": 1,
    "5-loose": 139,
    "5-tight": 14,
    "6a": 1,
    "6b": 2,
}
NOTATION = {  # experiments of the paper, and what the names of their rows mean
    "1": "1: embedded Reber; blocks × cells in each",
    "2a": "2a and 2b: a lag of p steps",
    "2b": "2a and 2b: a lag of p steps",
    "2c": "2c: a lag of q steps or more, p different symbols between",
    "3": "3: signal in the first N of T steps, then noise",
    "4": "4: adding over T steps",
    "5": "5: multiplication; what the stop rule lets pass",
    "6": "6: temporal order, 4 and 8 classes",
}


def grouped(header: Sequence[str], groups: Iterable[tuple[str, list[Sequence[object]]]]) -> Table:
    """Return a table whose rows stand in groups, each below a line that says what they share."""
    body = ""
    for shared, rows in groups:
        head, _, rest = table(header, rows).html.partition("<tbody>")
        line = f'<th scope="rowgroup" colspan="{len(header)}">{escape(shared)}</th>'
        body += f"<tbody><tr>{line}</tr>{rest.removesuffix('</table>')}"
    return Table(f"{head}{body}</table>")


def passed(found: Sequence[Outcome]) -> str:
    """Return how many nets met their criterion: "5/10"."""
    solved, count = successes(found)
    return f"{len(solved)}/{count}"


def others(found: Sequence[Outcome]) -> str:
    """Return what the nets that did not pass got right at the end, and whether that still rose."""
    left = [share_right(seed) for seed in seeds_of(found) if not seed["solved"]]
    if not left:
        return "—"
    # Only these keep a curve of shares; the rule of 1997 keeps one of errors.
    shares = {"task", "minimum"} & found[0]["parameters"].keys()
    return spread(left) + (", still rising" if shares and rising(found[0]["curve"]) else "")


def documents_table() -> Table:
    """Return every cell that the document prints, beside what was measured; grouped by task."""
    header = ["learner", "D1", "here", "the others, right", "sequences (× the paper's)"]
    groups = []
    for row in DOCUMENT_ROWS:
        cells, body = learners(row.name), []
        for name, printed in row.document.items():
            if printed != "—":
                found = cells[name]
                budget = f"{found['budget']:,}"
                if name == "lstm1997" and row.name in SAME_TASK:
                    budget += f" ({of_the_paper(row.name):.2g} ×)"
                body.append((COLUMNS[name], printed, passed([found]), others([found]), budget))
        chance = share_of_the_mean(row.task)
        said = "" if chance is None else f" (always the mean: {spread([chance])} right)"
        groups.append((f"{row.title}{said}", body))
    return grouped(header, groups)


def of_the_paper(row: str) -> float:
    """Return the 1997 net's budget on a row of the document, in means of the paper's own row."""
    return float(learners(row)["lstm1997"]["budget"]) / again(SAME_TASK[row]).paper


def moved_table() -> Table:
    """Return learners of adding, T = 100, with both marks early, and with one of them late.

    Both are counted within the smaller of their two budgets.
    """
    early = learners("adding-100")
    body = []
    for name, late in trials_in(MOVED).items():
        within = min(early[name]["budget"], late["budget"])
        counts = (solved_within(found, within) for found in (early[name], late))
        body.append((COLUMNS[name], f"{within:,}", *counts, others([late])))
    header = ["learner", "within, sequences", "both marks early", "one late"]
    return table([*header, "one late: the others, right at the end"], body)


def solved_within(found: Outcome, budget: int) -> str:
    """Return how many nets of a trial met their criterion within a budget of sequences."""
    solved, count = successes([found])
    return f"{sum(sequences <= budget for sequences in solved)}/{count}"


def paper_table() -> Table:
    """Return the paper's rows: its own figures, its recipe run again, and today's training."""
    groups: dict[str, list[Sequence[object]]] = {}
    seen: dict[str, str] = {}  # rows with one net share one run of today's training
    for row in ROWS:
        found = again(row.name)
        modern = modern_name(row.name)
        own = today(outcomes(f"modern-{modern}"))
        shared = next(said for task, said in NOTATION.items() if row.name.startswith(task))
        groups.setdefault(shared, []).append(
            (
                title(row.name),
                f"{row.paper:,}",
                in_short(found),
                others(outcomes(f"paper-{row.name}")),
                then_wrong(row.name),
                f"as for {seen[modern]}" if modern in seen else own,
            )
        )
        seen.setdefault(modern, title(row.name).removeprefix("1: "))
    header = ["task", "paper, sequences", "its recipe, here", "the others, right"]
    return grouped([*header, "then wrong (paper)", "Adam, here"], groups.items())


def then_wrong(row: str) -> str:
    """Return the mean errors of the nets that ended on fresh sequences, and the paper's."""
    wrong = [seed["test_wrong"] for seed in seeds(f"paper-{row}") if seed["solved"]]
    here = f"{mean(wrong):.1f}" if wrong else "—"
    return f"{here} ({WRONG[row]:.1f})" if row in WRONG else here


def in_short(found: Again) -> str:
    """Return how many nets ended, and after how often the paper's mean; or within how much."""
    if found.ratio:
        return f"{len(found.solved)}/{found.count} at {found.ratio:.1f} ×"
    return f"0/{found.count} in {found.budget / found.paper:.1f} ×"


def today(found: list[Outcome]) -> str:
    """Return how many nets passed, how soon or within which budget; what the others got right."""
    solved, _ = successes(found)
    budget = max(trial["budget"] for trial in found)
    said = f"{passed(found)} at {mean(solved):,.0f}" if solved else f"{passed(found)} in {budget:,}"
    if "noisy" in found[0]["parameters"]:  # judged all or nothing at every step
        return said
    left = others(found)
    return said if left == "—" else f"{said}; {left}"


def search_table(rows: Sequence[str]) -> Table:
    """Return rows of the paper as printed, and below each what changed details do."""
    groups = []
    for row in rows:
        body = []
        for detail in ("", *details(row)):
            found = again(row, detail)
            solved = f"{len(found.solved)} of {found.count}"
            body.append((rerun.SAID[detail], solved, found.in_words()))
        groups.append((title(row), body))
    return grouped(["recipe", "solved", "times the paper's sequences"], groups)


def ablation_table(variants: dict[str, str]) -> Table:
    """Return what is left of three tasks when something is taken out; titles are the values.

    A cell: nets that passed, their mean sequences, and what all nets got right at the end.
    """
    body = []
    for variant, said in variants.items():
        cells = (rerun.ablated(task, variant) for task in ABLATED)
        body.append((said, *(kept(found) if found else "—" for found in cells)))
    budgets = [rerun.ablated(task, "full")["budget"] for task in ABLATED]
    heads = (f"{task}, in {budget:,}" for task, budget in zip(ABLATED, budgets, strict=True))
    return table(["net", *heads], body)


def kept(found: Outcome) -> str:
    """Return who passed, how soon, and what all nets got right when their training ended."""
    solved, _ = successes([found])
    soon = f" at {mean(solved):,.0f}" if solved else ""
    return f"{passed([found])}{soon}; {spread([share_right(seed) for seed in found['seeds']])}"


def lost_table(names: dict[str, str], lengths: Sequence[int]) -> Table:
    """Return how the models that lost do on tasks 2a and 2b, each at the best of its rates."""
    header = ["model"]
    body: dict[str, list[str]] = {name: [] for name in names}
    for task, path in LOSERS.items():
        for length in lengths:
            header.append(f"{task}, p = {length}")
            for name in names:
                best = best_rate(trials_in(path).values(), name, length)
                solved, _ = successes([best])
                soon = f" at {mean(solved):,.0f}" if solved else ""
                body[name].append(f"{passed([best])}{soon}")
    return table(header, [(names[name], *cells) for name, cells in body.items()])


def best_rate(found: Iterable[Outcome], name: str, length: int) -> Outcome:
    """Return the trial of a model on one length whose nets took the fewest sequences."""
    given = (trial for trial in found if trial["parameters"]["learner"] == name)
    tried = [trial for trial in given if trial["parameters"]["p"] == length]
    return min(tried, key=lambda trial: sum(seed["sequences"] for seed in trial["seeds"]))

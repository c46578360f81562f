"""How long `autograder similar` takes for a large class, and what it finds: ``make bench-similar``.

A class whose students never were. Each answer is one of the corpus's versions, right or wrong, with
operands turned round and statements of the student's own between its lines; some hand in a
disguised copy of another one's work. The real command is run, and the copies among the pairs that
it shows first are counted.
"""

from __future__ import annotations

import argparse
import ast
import random
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import nbformat

from autograder.course.directory import find
from autograder.notebooks.marks import cells_of, is_code, source_of
from autograder.similarity.pairs import Collection, Piece, Text
from autograder.steps.similar import similar
from benchmarks.classroom import ASSIGNMENT, Classroom
from benchmarks.disguise import copied
from samples.assignments import assignments
from samples.corpus import build_submission, versions

SUITE = "rnn_limits"
COPIES = 20
OWN_LINES = 0.4  # of a student's own, for each statement of the version
TURNED = 0.5  # of sums and products


class Own(ast.NodeTransformer):
    """Writes code as one student would: operands turned round, steps and tests put in between."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult) and self._rng.random() < TURNED:
            node.left, node.right = node.right, node.left
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        body: list[ast.stmt] = []
        for statement in node.body:
            if self._rng.random() < OWN_LINES:
                a, b = self._rng.randrange(99), self._rng.choice(("sum", "max", "len", "sorted"))
                body += ast.parse(f"note = {b}([{a}, {self._rng.random():.4f}])").body
            body.append(statement)
        node.body = body
        return node


def answers(rng: random.Random, pool: Mapping[str, list[str]]) -> dict[str, str]:
    """Return one student's answers."""
    chosen = {cell: rng.choice(sources) for cell, sources in pool.items()}
    return {cell: ast.unparse(Own(rng).visit(ast.parse(source))) for cell, source in chosen.items()}


def fill(room: Classroom, submissions: int) -> set[frozenset[str]]:
    """Hand in for a class; return the pairs of which one copied the other."""
    rng, released = random.Random(1), room.read("release")
    pool: dict[str, list[str]] = {}
    for version in versions(SUITE, "right") + versions(SUITE, "wrong"):
        for cell, source in version.sections.items():
            pool.setdefault(cell, []).append(source)
    names = [f"student-{number:04d}" for number in range(submissions)]
    written = {name: answers(rng, pool) for name in names[:-COPIES]}
    planted = set()
    # Each from another: two copies of one work are a third pair.
    for name, victim in zip(names[-COPIES:], rng.sample(names[:-COPIES], COPIES), strict=True):
        written[name] = copied(written[victim])
        planted.add(frozenset((name, victim)))
    for name, sections in written.items():
        nbformat.write(build_submission(released, sections), room.submitted(name))
    return planted


def corpora() -> None:
    """Print what right versions of each assignment share, and what a disguised copy does."""
    for assignment in assignments():
        notebook = cells_of(assignment.notebook)
        given = _text("given", {str(n): source_of(c) for n, c in enumerate(notebook) if is_code(c)})
        class_ = [_text(each.name, each.sections) for each in assignment.right]
        apart = Collection(class_, [given]).pairs(1)
        scores = []
        for version in assignment.right:
            copy = _text("copy", copied(version.sections))
            pairs = Collection([*class_, copy], [given]).pairs(50)
            two = {"copy", version.name}
            scores += [p.score for p in pairs if {text.owner for text in p.texts} == two]
        highest = apart[0].score if apart else 0.0
        print(
            f"| {assignment.name} | {highest:.0f} | {min(scores):.0f} to {max(scores):.0f} |",
            flush=True,
        )


def _text(owner: str, cells: Mapping[str, str]) -> Text:
    return Text(owner, [Piece(name, name, source) for name, source in cells.items()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=1000)
    parser.add_argument("--corpora", action="store_true", help="scores of the corpora instead")
    asked = parser.parse_args()
    if asked.corpora:
        corpora()
        return
    with tempfile.TemporaryDirectory() as scratch:
        room = Classroom.make(Path(scratch) / "course")
        planted = fill(room, asked.submissions)
        page = Path(scratch) / "similar.html"
        start, before = time.perf_counter(), time.process_time()
        room.autograder("similar", ASSIGNMENT, "--output", str(page), "--pairs", str(COPIES))
        seconds, cpu = time.perf_counter() - start, time.process_time() - before
        found = similar(find(room.root), ASSIGNMENT, most=COPIES).pairs
        hits = planted & {frozenset(text.owner for text in pair.texts) for pair in found}
        print(
            f"bench-similar submissions={asked.submissions} seconds={seconds:.1f} cpu_s={cpu:.1f} "
            f"copies={COPIES} found={len(hits)} lowest={found[-1].score:.0f} "
            f"page_kb={page.stat().st_size / 1e3:.0f}"
        )


if __name__ == "__main__":
    main()

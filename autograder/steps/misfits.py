"""What a trial shows that is to be put right: in the checks, the answers, the versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from autograder.errors import CheckFailure
from autograder.notebooks.outline import sentence
from autograder.notebooks.versions import Version
from autograder.suite.suite import Suite
from autograder.verdict import CheckResult, Verdict

CROSSES = (
    "Only None, numbers, texts, tensors, and lists, tuples and dicts of them cross to the student "
    "(docs/own-assignment.md)."
)


@dataclass(frozen=True)
class Finding:
    """Something that is to be put right, or only looked at (`is_error` False)."""

    what: str
    where: str
    todo: str
    is_error: bool = True


@dataclass
class Tried:
    """One submission, how it was judged, and where the author's own code stopped."""

    name: str
    kind: str  # reference, blank, right, wrong
    version: Version | None = None
    notebook: NotebookNode | None = None  # as a student would have handed it in
    verdict: Verdict | None = None
    places: dict[str, tuple[str, Exception]] = field(default_factory=dict)  # check -> where, what

    @property
    def judged(self) -> Verdict:
        assert self.verdict is not None
        return self.verdict

    @property
    def results(self) -> dict[str, CheckResult]:
        parts = self.verdict.parts if self.verdict else []
        return {check.name: check for part in parts for check in part.checks}

    @property
    def failed(self) -> set[str]:
        return {name for name, result in self.results.items() if not result.passed}


def findings_of(tried: Tried, suite: Suite, path: Path, broken: set[str]) -> Iterator[Finding]:
    """Say what does not fit of one submission.

    Of checks that the reference fails (`broken`) nothing more is said: they are to be put right.
    """
    yield from _stopped(tried)
    match tried.kind:
        case "blank":
            for name in tried.results.keys() - tried.failed:
                yield Finding(
                    f"the blank notebook passes the check {name!r}",
                    line_of_check(suite, name),
                    "Let it ask for something that only an answer can give.",
                )
        case "wrong":
            yield from _wrong(tried, suite, broken)
        case _:
            yield from _cells(tried, path)
            failed = tried.failed if tried.kind == "reference" else tried.failed - broken
            for name in sorted(failed):
                place, error = tried.places.get(name, ("", None))
                if error is None or isinstance(error, CheckFailure):
                    yield Finding(
                        f"{tried.name} fails the check {name!r}: {tried.results[name].message}",
                        place or line_of_check(suite, name),
                        "Correct the check, or the answer: one of them is wrong.",
                    )


def _stopped(tried: Tried) -> Iterator[Finding]:
    """Exceptions in the author's code. Over a wrong answer they may be the answer's fault."""
    for name, (place, error) in tried.places.items():
        if isinstance(error, CheckFailure):
            continue
        crossing = "cannot be sent" in str(error) or type(error).__name__ == "WireError"
        told = tried.results[name].message
        yield Finding(
            f"the check {name!r} stopped with {type(error).__name__}: {error} (on {tried.name})",
            place,
            CROSSES if crossing else f"Correct that line. A student would read: {told}",
            is_error=tried.kind != "wrong",
        )


def _cells(tried: Tried, path: Path) -> Iterator[Finding]:
    """What a right notebook's own cells, among them the visible tests, say against it."""
    verdict = tried.judged
    for cell in verdict.cells:
        if cell.status != "ok":
            said = (cell.error.splitlines() or [cell.status])[-1]
            yield Finding(
                f"{sentence(cell.name)} stops on {tried.name}: {said}",
                f"{path}, {cell.cell_id}",
                "Correct the visible test, or the answer.",
            )
    for problem in verdict.problems:
        yield Finding(f"{tried.name}: {problem}", str(path), "Correct the exercise.")


def _wrong(tried: Tried, suite: Suite, broken: set[str]) -> Iterator[Finding]:
    assert tried.version is not None
    file = f"versions/{tried.name}.py"
    named = {check for checks in tried.version.breaks.values() for check in checks}
    unknown = sorted((named | set(tried.version.says)) - tried.results.keys())
    if unknown:
        yield Finding(
            f"{file} names {', '.join(map(repr, unknown))}, and no check is called that",
            file,
            f"Checks: {', '.join(tried.results)}.",
        )
    if not tried.failed:
        yield Finding(f"{tried.name} gets full marks", file, "Write a check that it fails.")
    elif named:
        for name in sorted(named & tried.results.keys() - tried.failed):
            yield Finding(
                f"{tried.name} passes the check {name!r}, which it should fail",
                line_of_check(suite, name),
                "Make the check sharper, or take its name out of BREAKS.",
            )
        for name in sorted(tried.failed - named - broken):
            yield Finding(
                f"{tried.name} fails the check {name!r} too: {tried.results[name].message}",
                line_of_check(suite, name),
                "Add its name to BREAKS, or let one mistake cost one check.",
            )
    for name, words in tried.version.says.items():
        message = tried.results[name].message if name in tried.results else words
        if name in tried.failed - broken and words not in message:
            yield Finding(
                f"the message of {name!r} on {tried.name} does not say {words!r}: {message}",
                line_of_check(suite, name),
                "Give the expectation a hint that names the mistake, or correct SAYS.",
            )


def idle_checks(tried: list[Tried], suite: Suite) -> Iterator[Finding]:
    """Checks that no wrong version fails: perhaps they cannot fail at all."""
    wrong = [each for each in tried if each.kind == "wrong"]
    failed = set().union(*(each.failed for each in wrong))
    for check in suite.checks if wrong else []:
        if check.name not in failed:
            yield Finding(
                f"no wrong version fails the check {check.name!r}: can it fail?",
                line_of_check(suite, check.name),
                "Write versions/wrong_NAME.py with the mistake that it is meant for.",
                is_error=False,
            )


def line_of_check(suite: Suite, name: str) -> str:
    code = next(check.function for check in suite.checks if check.name == name).__code__
    return f"{code.co_filename}:{code.co_firstlineno}"

"""Messages of failed checks, gathered by the bug that they name.

A message says what a check found, with the numbers of one submission, and then what is likely to be
wrong. The same bug comes with other numbers, in other checks, in another student's lines; its name
is what is left when those are gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from autograder.steps.site.people import Person
from autograder.verdict import CheckResult, PartResult

# What `autograder.suite.expect` says before the hint; of no use as a name once there is a hint.
FINDINGS = re.compile(
    r"(?P<what>.{1,200}?) (?:"
    r"(?P<off>differs by up to .{1,80}? values are off by more than the tolerance)"
    r"|(?P<shape>has shape \([^)]*\), expected \([^)]*\))"
    r"|(?P<dtype>has dtype \w+, expected \w+)"
    r"|(?P<nan>is NaN .{1,80}? \(\d+ of them\))"
    r")(?:\.(?:\s+|$)(?P<hint>.*))?",
    re.DOTALL,
)
SHORT = {
    "off": "has other numbers than it should",
    "shape": "has another shape than it should",
    "dtype": "has another dtype than it should",
    "nan": "is NaN",
}
CELL = r"(?:“[^”]*”|[^,`“]){1,200}"
LINE = re.compile(rf"\bline \d+ of (?P<cell>{CELL})(?:, `[^`]*`)?", re.IGNORECASE)
CODE = re.compile(r"(\(the [^()`]{1,200}), `[^`]*`\)")  # the line that a cell stopped at
NUMBER = re.compile(r"(?<![\w.^-])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w^]|\.\d)", re.IGNORECASE)
TUPLE = re.compile(r"\((?:…(?:, ?)?)+\)")
QUOTED = re.compile(r"“[^”]*”|\bpart \d+", re.IGNORECASE)  # headings, whose numbers are names
CHARS = 300  # of a message that are looked at, of which a name is made
LEANING = ("It ", "it ", "with ", "With ")  # begins a hint that means nothing by itself
NO_WORDS = "not passed, without a reason"


@dataclass
class Bug:
    """A bug by its name: who has it, in which checks, and what one of them was told."""

    name: str  # with numbers where everybody was told the same ones
    people: dict[str, Person] = field(default_factory=dict)  # by file, in the order of the class
    checks: dict[tuple[str, str], str] = field(default_factory=dict)  # titles by part and name
    parts: dict[str, None] = field(default_factory=dict)  # titles of the parts, in order
    example: str = ""  # a message as it was


def bugs(failures: Iterable[tuple[Person, PartResult, CheckResult]]) -> list[Bug]:
    """Return the bugs behind some failed checks, those that most students have first."""
    found: dict[str, Bug] = {}
    for person, part, check in failures:
        said = said_of(check.message)
        name = name_of(said)
        bug = found.setdefault(name.casefold(), Bug(said, example=check.message))
        bug.name = bug.name if bug.name == said else name
        bug.people[person.file] = person
        bug.checks[part.grade_id, check.name] = check.title
        bug.parts[part.title] = None
    return sorted(found.values(), key=lambda bug: (-len(bug.people), bug.name))


@lru_cache(maxsize=4096)
def said_of(message: str) -> str:
    """Return what a message says of the bug: the hint, where there is one.

    >>> said_of("h(t) differs by up to 0.3 at index (0, 2); 4 of 8 values are off by more than "
    ...         "the tolerance. U looks transposed")
    'U looks transposed'
    """
    text = " ".join(message[: 4 * CHARS].split())
    found = FINDINGS.match(text)
    if found:
        kind = next(name for name in SHORT if found[name])
        hint, finding = found["hint"] or "", f"{found['what']} {SHORT[kind]}"
        text = f"{finding}: {hint}" if hint.startswith(LEANING) else hint or finding
    text = CODE.sub(r"\1)", LINE.sub(lambda match: match["cell"], text))
    return (text if len(text) <= CHARS else f"{text[:CHARS]} […]").strip(" .") or NO_WORDS


@lru_cache(maxsize=4096)
def name_of(said: str) -> str:
    """Return it without numbers, other than those in the names of parts.

    >>> name_of("part 2 needs 4 rows, not (3, 4)")
    'part 2 needs … rows, not (…)'
    """
    kept = iter(QUOTED.findall(said))
    bare = TUPLE.sub("(…)", NUMBER.sub("…", QUOTED.sub("\0", said.replace("\0", ""))))
    return re.sub("\0", lambda _: next(kept), bare)

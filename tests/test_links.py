"""The documents' links lead somewhere: to a file, and to a heading where one is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCED = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.DOTALL | re.MULTILINE)
IN_CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(\s*<?([^\s()<>]+)>?[^()]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def links(text: str) -> Iterator[str]:
    """Yield where a document's links lead, web addresses left out."""
    for match in LINK.finditer(IN_CODE.sub("`code`", FENCED.sub("", text))):
        target = match[1] or match[2]
        if not re.match(r"[a-z][a-z0-9+.-]*:", target):
            yield target


@cache
def anchors(path: Path) -> set[str]:
    """Return the names of a document's headings, as the hosts of Markdown make them."""
    found: Counter[str] = Counter()
    names = set()
    for match in HEADING.finditer(FENCED.sub("", path.read_text(encoding="utf-8"))):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return names


def dead(path: Path, text: str) -> list[str]:
    """Return the links of a document that lead nowhere."""
    gone = []
    for target in links(text):
        name, _, heading = target.partition("#")
        leads_to = (path.parent / name).resolve() if name else path
        is_there = leads_to.exists() and leads_to.is_relative_to(ROOT)
        if not is_there or (heading and heading not in anchors(leads_to)):
            gone.append(target)
    return gone


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_link_is_dead(path: Path) -> None:
    assert not dead(path, path.read_text(encoding="utf-8"))


def test_a_dead_link_is_found() -> None:
    readme = ROOT / "README.md"
    text = (
        "[a](SECURITY.md) [b](#licence) [c](docs/none.md) [d](docs/lms.md#mars) "
        "[e](https://example.org/x)\n\n```\n[f](nowhere)\n```\n"
        "`[g](nowhere)` [h](../x)\n\n[i]: gone.md"
    )
    assert dead(readme, text) == ["docs/none.md", "docs/lms.md#mars", "../x", "gone.md"]


def test_every_document_is_reached_from_the_readme() -> None:
    """Whoever begins at the README finds all of docs/."""
    found, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in found or path.suffix != ".md" or not path.is_file():
            continue
        found.add(path)
        for target in links(path.read_text(encoding="utf-8")):
            waiting.append((path.parent / target.partition("#")[0]).resolve())
    assert {path for path in DOCUMENTS if path.parent.name == "docs"} <= found

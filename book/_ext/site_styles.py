"""Join stylesheets into one, without the rules that no page of the site can match.

On paper dark pages are light: the rules of the dark theme hold on screens only, and those of the
light theme are repeated for the printing of a dark page.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tinycss2
from tinycss2.ast import AtRule, HashToken, LiteralToken, Node, QualifiedRule

WORD = re.compile(r"[A-Za-z_][\w-]*")
ADDRESS = re.compile(r"""url\(\s*["']?(?!data:|#|/|https?:)([^"')]+)["']?\s*\)""")
DARK, LIGHT = (re.compile(rf"""\[data-theme=["']?{name}["']?\]""") for name in ("dark", "light"))
NESTING = ("media", "supports", "layer", "container")


@dataclass(frozen=True)
class Used:
    """Every word that occurs in the site's pages and scripts."""

    words: frozenset[str]

    @classmethod
    def of(cls, pages: Iterable[str], scripts: Iterable[str]) -> Used:
        """Collect the words; a name put together from pieces by a script is not found."""
        return cls(frozenset(w for text in [*pages, *scripts] for w in WORD.findall(text)))

    def selector(self, tokens: Sequence[Node]) -> bool:
        """Tell whether all classes and ids that a selector asks for occur somewhere."""
        return all(name in self.words for name in names(tokens))


def names(tokens: Sequence[Node]) -> Iterator[str]:
    """Yield the classes and ids of one selector; those inside :not(…) and :is(…) do not count."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        dotted = isinstance(before, LiteralToken) and before.value == "."
        if isinstance(token, HashToken) or (dotted and token.type == "ident"):
            yield token.value


def joined(sheets: Iterable[tuple[Path, bool]], folder: Path, used: Used) -> str:
    """Return the sheets as one text for ``folder``; a sheet marked True keeps all its rules."""
    parts = []
    for sheet, whole in sheets:
        css = relocated(sheet.read_text(encoding="utf-8"), sheet.parent, folder)
        rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        parts += [text for rule in rules if (text := kept(rule, None if whole else used))]
    return "\n".join(parts) + "\n"


def relocated(css: str, source: Path, target: Path) -> str:
    """Return ``css`` with its relative addresses as they read from another folder."""

    def move(match: re.Match[str]) -> str:
        return f"url({posixpath.relpath((source / match[1]).as_posix(), target.as_posix())})"

    return ADDRESS.sub(move, css)


def kept(rule: Node, used: Used | None) -> str:
    """Return a rule's text, shortened; nothing if no page can match it."""
    if isinstance(rule, QualifiedRule):
        selectors = [s for s in split(rule.prelude) if used is None or used.selector(s)]
        body = declarations(rule.content)
        return by_theme(list(map(text_of, selectors)), body) if body else ""
    if not isinstance(rule, AtRule) or rule.lower_at_keyword in ("charset", "import"):
        return ""
    if used is not None and rule.lower_at_keyword == "font-face":
        return ""  # the site's fonts are cut to size (site_fonts.py)
    head = f"@{rule.at_keyword} {text_of(rule.prelude)}".strip()
    if rule.content is None:
        return f"{head};"
    if rule.lower_at_keyword not in NESTING:
        return f"{head}{{{text_of(rule.content)}}}"
    inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
    body = "".join(kept(each, used) for each in inner)
    return f"{head}{{{body}}}" if body else ""


def by_theme(selectors: list[str], body: str) -> str:
    """Return a rule, its selectors sorted by where they hold: everywhere, on screens, on paper."""
    dark = [s for s in selectors if DARK.search(s)]
    light = [LIGHT.sub('[data-theme="dark"]', s) for s in selectors if LIGHT.search(s)]
    always = [s for s in selectors if s not in dark]
    text = f"{','.join(always)}{{{body}}}" if always else ""
    for medium, these in (("not print", dark), ("print", light)):
        if these:
            text += f"@media {medium}{{{','.join(these)}{{{body}}}}}"
    return text


def split(prelude: Sequence[Node]) -> list[list[Node]]:
    """Split a list of selectors at its commas."""
    selectors: list[list[Node]] = [[]]
    for token in prelude:
        if isinstance(token, LiteralToken) and token.value == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def declarations(content: Sequence[Node]) -> str:
    """Return a rule's declarations without the space around them."""
    parsed = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    texts = []
    for each in parsed:
        if each.type != "declaration":
            return text_of(content)  # nested rules, or something this reader does not know
        value = f"{each.name}:{text_of(each.value)}"
        texts.append(value + ("!important" if each.important else ""))
    return ";".join(texts)


def text_of(tokens: Sequence[Node]) -> str:
    """Return tokens as text without comments and with single spaces."""
    plain = [token for token in tokens if token.type != "comment"]
    return re.sub(r"\s+", " ", tinycss2.serialize(plain)).strip()

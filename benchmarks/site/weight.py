"""What a page of a built site makes a browser load, and how many bytes that is on the way.

Counted as a static host sends it: text compressed with gzip, fonts and pictures that are
compressed already as they are. Pictures below the fold count too.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

COMPRESSED = {".woff2", ".png", ".jpg", ".webp"}
LINKS = "script[src], link[rel=stylesheet], link[rel=icon], link[rel=preload], img[src], source"
ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")


def files_of(page: Path) -> set[Path]:
    """Return the page and every file that it loads, directly or through another file."""
    found: set[Path] = set()
    waiting = [page.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [
                (file.parent / unquote(urlsplit(address).path)).resolve()
                for address in addresses(file)
                if not address.startswith(("data:", "#", "http:", "https:"))
            ]
    return found


def addresses(file: Path) -> list[str]:
    """Return what a page, stylesheet or script loads, as written in it."""
    if file.suffix == ".html":
        page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        tags = page.select(LINKS)
        return [str(tag.get("src") or tag.get("href") or tag.get("srcset")) for tag in tags]
    if file.suffix == ".css":
        return ADDRESS.findall(file.read_text(encoding="utf-8"))
    if file.suffix == ".js":
        return IMPORT.findall(file.read_text(encoding="utf-8"))
    return []


def sent(file: Path) -> int:
    """Return the bytes of one file on the way."""
    content = file.read_bytes()
    return len(content) if file.suffix in COMPRESSED else len(gzip.compress(content, 6, mtime=0))


def weight(page: Path) -> int:
    """Return the bytes of a page with all that it loads."""
    return sum(sent(file) for file in files_of(page))

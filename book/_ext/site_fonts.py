"""Cut fonts down to the signs that the site shows: the theme's icons, and a font for formulas."""

from __future__ import annotations

import hashlib
import logging
import re
import unicodedata
from collections.abc import Iterable
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
ICONS = THEME / "vendor/fontawesome/webfonts/fa-solid-900.woff2"
SHOWN = re.compile(r'content:"([^"\\])"')  # as site_styles writes it
FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
logging.getLogger("fontTools").setLevel(logging.WARNING)  # its notes look like warnings here

MATHS = Path(find_spec("ziamath").origin).parent / "fonts/STIXTwoMath-Regular.ttf"


def icon_font(css: str, static: Path) -> str:
    """Write the icons that ``css`` still names as one small font; return its ``@font-face``."""
    signs = {ord(sign) for sign in SHOWN.findall(css)}
    written = cut(ICONS, signs, static / "fonts", "icons")
    return face("Font Awesome 6 Free", written, static, weight=900, display="block")


def maths_font(pages: Iterable[str], static: Path) -> str:
    """Write a font with the signs of all formulas; return its ``@font-face``.

    The font has a MATH table: it knows how to place a sum's bounds and how to stretch a bracket.
    """
    signs = set()
    for page in pages:
        for formula in FORMULA.findall(page):
            signs |= set(unescape(TAG.sub("", formula)))
            if "<msqrt" in formula or "<mroot" in formula:
                signs.add("√")  # drawn by the browser, written nowhere
    signs |= {slanted(sign) for sign in signs}
    written = cut(MATHS, {ord(sign) for sign in signs}, static / "fonts", "formulas")
    return face("STIX Two Math", written, static, weight=400, display="swap")


def slanted(letter: str) -> str:
    """Return the italic letter that a browser shows for a variable, or the letter itself."""
    name = unicodedata.name(letter, "").replace(" LETTER", "")
    name = name.removeprefix("LATIN ").removeprefix("GREEK ")
    for wanted in (f"MATHEMATICAL ITALIC {name}", "PLANCK CONSTANT" if letter == "h" else ""):
        try:
            return unicodedata.lookup(wanted)
        except KeyError:
            continue
    return letter


def cut(source: Path, signs: Iterable[int], folder: Path, name: str) -> Path:
    """Write the part of a font that draws ``signs``, with all their sizes and variants.

    The file's name tells its content, so one that is there already is right.
    """
    wanted = sorted({*signs, ord(" ")})
    # Instructions for coarse screens are a quarter of a font, and phones do not read them.
    options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False)
    key = hashlib.sha256(f"{source.stat().st_size} {vars(options)} {wanted}".encode())
    target = folder / f"{name}-{key.hexdigest()[:8]}.woff2"
    folder.mkdir(exist_ok=True)
    for old in set(folder.glob(f"{name}-*.woff2")) - {target}:
        old.unlink()
    if not target.exists():
        font = subset.load_font(str(source), options)
        worker = subset.Subsetter(options)
        worker.populate(unicodes=wanted)
        worker.subset(font)
        subset.save_font(font, str(target), options)
    return target


def face(family: str, font: Path, static: Path, weight: int, display: str) -> str:
    """Return the ``@font-face`` of a font under ``static``."""
    address = font.relative_to(static).as_posix()
    return (
        f'@font-face{{font-family:"{family}";font-style:normal;font-weight:{weight};'
        f'font-display:{display};src:url({address}) format("woff2")}}\n'
    )

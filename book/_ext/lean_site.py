"""Sphinx extension: a page sends what it needs and nothing else.

While pages are written, each drops the scripts it has no use for and links one stylesheet. When
all are written, that stylesheet is joined from those of the theme and the extensions without the
rules that no page needs, fonts are cut down to the signs that occur, and figures are rounded to a
hundredth of a point. The rules kept are found by name: a class of somebody else's stylesheet
counts as used when a page or a script contains its whole name.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from site_fonts import icon_font, maths_font
from site_styles import Used, joined
from sphinx.application import Sphinx

SHEET = "site.css"
THEME_SHEETS = ("basic.css", "styles/pydata-sphinx-theme.css")
UNUSED = (
    *("locales/*/*/*", "scripts/fontawesome.js*", "vendor/fontawesome/webfonts/*"),
    *("*webpack-macros.html", "scripts/*.map", "styles/*.map"),
)
LINK = re.compile(rf'(?<=_static/{re.escape(SHEET)})(\?v=[0-9a-f]*)?(?=")')
CLASSES = re.compile(r'\sclass="([^"]*)"')
DECIMALS = re.compile(r"(\.\d\d)\d+")
COORDINATES = re.compile(r'(?<=\s)(?:d|x|y|points)="[^"]*"')
FIGURE = re.compile(r'<img(?! width)(?=[^>]*\ssrc="[^"]*_images/([^"/]+)")')
SIZE = re.compile(r'<svg[^>]*?\swidth="([\d.]+)pt" height="([\d.]+)pt"')
METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)


def drop_idle_files(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out the scripts that this page has no use for, and let the others not block it."""
    body = context.get("body", "")
    groups = [set(match.split()) for match in CLASSES.findall(body)]
    needed = {
        "clipboard.min.js": any("highlight" in group for group in groups),
        "copybutton.js": any("highlight" in group for group in groups),
        "design-tabs.js": any("sd-tab-set" in group for group in groups),
        "togglebutton.js": any({"admonition", "dropdown"} <= g or "toggle" in g for g in groups),
    }
    # Sheets that a page adds for itself stay; those of all pages are in the joined one.
    common = {sheet.filename for sheet in app.builder._orig_css_files} - {f"_static/{SHEET}"}
    context["css_files"] = [s for s in context["css_files"] if s.filename not in common]
    if pagename == "search":  # its own scripts run at once and want the others before them
        return
    scripts = []
    for script in context["script_files"]:
        name = Path(script.filename or "").name
        if needed.get(name, True) and not is_idle(script.attributes.get("body", "")):
            deferred = {"defer": "defer"} if name else {}
            scripts.append(
                type(script)(
                    script.filename, priority=script.priority, **script.attributes | deferred
                )
            )
    context["script_files"] = scripts


def is_idle(inline: str) -> bool:
    """Tell whether an inline script only serves a part of the theme that this book leaves off."""
    return inline.startswith("DOCUMENTATION_OPTIONS.")


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write the joined stylesheet, the cut fonts and the rounded figures."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    for pattern in UNUSED:
        for file in static.glob(pattern):
            file.unlink()
    pages = {page: page.read_text(encoding="utf-8") for page in out.rglob("*.html")}
    scripts = [path.read_text(encoding="utf-8") for path in static.rglob("*.js")]
    used = Used.of(pages.values(), scripts)
    own = {f"_static/{name}" for name, _ in app.config.html_css_files}
    others = [Path(sheet.filename) for sheet in app.builder._orig_css_files]
    names = [Path("_static", name) for name in THEME_SHEETS]
    names += [name for name in others if name.name != SHEET and name not in names]
    css = joined([(out / name, name.as_posix() in own) for name in names], static, used)
    css += icon_font(css, static) + maths_font(pages.values(), static)
    (static / SHEET).write_text(css, encoding="utf-8")
    mark = f"?v={hashlib.sha256(css.encode()).hexdigest()[:8]}"
    sizes = {}
    for figure in (out / "_images").glob("*.svg"):
        text = figure.read_text(encoding="utf-8")
        sizes[figure.name] = size(text)
        if (short := rounded(text)) != text:
            figure.write_text(short, encoding="utf-8")
    for page, text in pages.items():
        done = sized(LINK.sub(mark, text), sizes)
        if done != text:
            page.write_text(done, encoding="utf-8")


def size(svg: str) -> str:
    """Return a drawing's width and height as attributes of an image, in pixels."""
    found = SIZE.search(svg)
    if not found:
        return ""
    width, height = (round(float(points) * 4 / 3) for points in found.groups())
    return f' width="{width}" height="{height}"'


def sized(page: str, sizes: dict[str, str]) -> str:
    """Return a page whose figures keep their place while they load."""
    return FIGURE.sub(lambda m: "<img" + sizes.get(m[1], ""), page)


def rounded(svg: str) -> str:
    """Return a drawing without metadata, its coordinates cut to hundredths of a point.

    Glyphs are defined in small units of their own and are whole numbers; scales stay as they are.
    """
    return METADATA.sub("", COORDINATES.sub(lambda m: DECIMALS.sub(r"\1", m[0]), svg))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_css_file(SHEET, priority=100)
    app.connect("html-page-context", drop_idle_files, priority=900)
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

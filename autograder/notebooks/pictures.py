"""What a student's cell showed, as far as it can be shown to whoever marks it by hand.

Outputs of a submission are text that somebody else's browser will render, so of all their kinds
only two are taken: plain text, which is escaped wherever it is shown, and PNG pictures, whose size
is looked at before anything draws them. HTML, SVG, scripts and widgets stay behind, and a line says
so. Time and memory are linear in the size of the output.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_OUTPUTS = 12  # of a cell
MAX_TEXT = 20_000  # characters of one of them
MAX_PNG = 3 * 2**20  # bytes
MAX_PIXELS = 40_000_000  # a small file may hold a huge picture


def shown_outputs(outputs: Any) -> list[dict[str, Any]]:
    """Return the outputs of a submitted cell that are safe to show, and words for the others."""
    given = outputs if isinstance(outputs, list) else []
    kept = [made for output in given[:MAX_OUTPUTS] for made in _kept(output)]
    if len(given) > MAX_OUTPUTS:
        kept.append(_text(f"[{len(given) - MAX_OUTPUTS} more outputs are not shown]"))
    return kept


def _kept(output: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(output, dict):
        return
    if output.get("output_type") == "stream":
        yield _text(_joined(output.get("text")))
        return
    data = output.get("data")
    if not isinstance(data, dict):
        return
    png = _png(data.get("image/png"))
    if png:
        yield {
            "output_type": "display_data",
            "data": {"image/png": png, "text/plain": "[a picture]"},
            "metadata": {},
        }
    elif "text/plain" in data:
        yield _text(_joined(data["text/plain"]))
    kinds = sorted(str(kind)[:40] for kind in data if kind not in ("text/plain", "image/png"))
    if "image/png" in data and not png:
        kinds = ["image/png, which is damaged or too large", *kinds]
    if kinds and not png:
        yield _text(f"[not shown: {', '.join(kinds[:4])}]")


def _png(value: Any) -> str:
    """Return the picture in base64 as we write it, or nothing for what is none."""
    text = _joined(value)
    if not text or len(text) > MAX_PNG * 3 // 2:
        return ""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    if not data.startswith(SIGNATURE) or data[12:16] != b"IHDR" or not 33 <= len(data) <= MAX_PNG:
        return ""
    width, height = struct.unpack(">II", data[16:24])
    if not 0 < width * height <= MAX_PIXELS:
        return ""
    return base64.b64encode(data).decode()


def _text(text: str) -> dict[str, Any]:
    shown = "".join(c for c in text[:MAX_TEXT] if c.isprintable() or c in "\n\t")
    cut = "\n[...]" if len(text) > MAX_TEXT else ""
    return {"output_type": "stream", "name": "stdout", "text": f"{shown.rstrip()}{cut}\n"}


def _joined(value: Any) -> str:
    """Return a text, which the format allows to be a list of lines."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""

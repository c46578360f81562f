"""Outputs of a student's that an instructor gets to see: text and pictures, and nothing alive."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from autograder.notebooks.pictures import MAX_OUTPUTS, MAX_PNG, MAX_TEXT, shown_outputs
from tests.autograder.own import png

PNG = base64.b64encode(png()).decode()


def display(**data: Any) -> dict[str, Any]:
    kinds = {"png": "image/png", "html": "text/html", "svg": "image/svg+xml", "plain": "text/plain"}
    return {
        "output_type": "display_data",
        "data": {kinds[name]: value for name, value in data.items()},
        "metadata": {"isolated": True},
    }


def kinds(outputs: Any) -> list[str]:
    return [kind for each in outputs for kind in each.get("data", {"stream": 0})]


def test_only_text_and_png_come_along() -> None:
    shown = shown_outputs(
        [
            display(png=PNG, html="<script>"),
            display(png=[PNG[:40] + "\n", PNG[40:]]),
            display(svg="<svg onload=x>", html="<b>"),
            display(plain=["a", "b\x1b[2J"], html="<b>"),
            {"output_type": "stream", "name": "stderr", "text": "printed"},
            {"output_type": "error", "ename": "<b>", "evalue": "", "traceback": ["x"]},
        ]
    )
    assert kinds(shown) == [*2 * ["image/png", "text/plain"], *4 * ["stream"]]
    assert [each["data"]["image/png"] for each in shown[:2]] == [PNG, PNG]
    texts = [each["text"] for each in shown[2:]]
    assert texts == [
        "[not shown: image/svg+xml, text/html]\n",
        "ab[2J\n",
        "[not shown: text/html]\n",
        "printed\n",
    ]
    assert all(each.get("metadata", {}) == {} for each in shown)


@pytest.mark.parametrize(
    "picture",
    [
        "not base64!",
        base64.b64encode(b"GIF89a" + png()).decode(),
        base64.b64encode(png()[:20]).decode(),
        base64.b64encode(png(100_000, 100_000)).decode(),
        base64.b64encode(png() + bytes(MAX_PNG)).decode(),
        {"a": 1},
        7,
    ],
)
def test_what_is_no_ordinary_picture_is_said_to_be(picture: Any) -> None:
    (shown,) = shown_outputs([display(png=picture)])
    assert shown["text"] == "[not shown: image/png, which is damaged or too large]\n"


@pytest.mark.parametrize("outputs", [None, 7, "x", {}, [None, 3, "x", {}, {"data": []}]])
def test_any_shape_is_survived(outputs: Any) -> None:
    assert shown_outputs(outputs) == []


def test_much_is_cut() -> None:
    shown = shown_outputs([display(plain="x" * (MAX_TEXT + 1))] * (MAX_OUTPUTS + 5))
    assert len(shown) == MAX_OUTPUTS + 1
    assert shown[-1]["text"] == "[5 more outputs are not shown]\n"
    assert all(len(each["text"]) < MAX_TEXT + 10 for each in shown)

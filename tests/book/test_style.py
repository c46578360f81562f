"""One colour per architecture, legible, told apart without colour too, written down once."""

from __future__ import annotations

import itertools
import math
import re

import matplotlib as mpl
import pytest
import style
from matplotlib.colors import to_rgb

CARD = "#fbfaf7"  # what matplotlib's figures are drawn on, in light and in dark mode
DARK = "#121212"  # the theme's page in dark mode, where drawings stand without a card

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
BLINDNESS = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def linear(color: str) -> list[float]:
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]


def luminance(color: str) -> float:
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(color), strict=True))


def lab(rgb: list[float]) -> list[float]:
    """CIE L*a*b* of a linear RGB colour (D65)."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    white = [0.9505, 1.0, 1.089]
    x, y, z = (
        sum(m * c for m, c in zip(row, rgb, strict=True)) / w
        for row, w in zip(matrix, white, strict=True)
    )
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]


def seen(color: str, kind: str) -> list[float]:
    rgb = linear(color)
    mixed = [sum(m * c for m, c in zip(row, rgb, strict=True)) for row in BLINDNESS[kind]]
    return lab([min(1.0, max(0.0, c)) for c in mixed])


def contrast(one: str, two: str) -> float:
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def distance(one: str, two: str, kind: str) -> float:
    """How different two colours look to someone with this colour blindness (CIE 1976)."""
    return math.dist(seen(one, kind), seen(two, kind))


@pytest.mark.parametrize("name", style.PALETTE)
def test_colours_stand_out_from_their_ground(name: str) -> None:
    assert contrast(CARD, style.PALETTE[name]["color"]) >= 3.5
    assert contrast(DARK, style.PALETTE[name]["dark"]) >= 4.5


@pytest.mark.parametrize("ground", ["color", "dark"])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_no_two_lines_look_the_same_to_anyone(kind: str, ground: str) -> None:
    for (a, one), (b, two) in itertools.combinations(style.PALETTE.items(), 2):
        assert one["marker"] != two["marker"], (a, b)
        apart = distance(one[ground], two[ground], kind)
        assert apart > 12 or one["dash"] != two["dash"], (a, b, apart)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_the_scale_runs_from_light_to_dark_and_every_step_shows(n: int) -> None:
    scale = style.sequential(n)
    assert len(scale) == n
    assert min(contrast(CARD, color) for color in scale) >= 3.4
    for one, two in itertools.pairwise(scale):
        assert luminance(one) > luminance(two)
        for kind in BLINDNESS:
            assert distance(one, two, kind) > 11, (one, two)


def test_the_scale_on_dark_ground_runs_the_other_way() -> None:
    scale = style.COLORS["sequential"]["dark"]
    assert len(scale) == len(style.COLORS["sequential"]["color"])
    assert min(contrast(DARK, color) for color in scale) >= 3.5
    assert [luminance(c) for c in scale] == sorted(luminance(c) for c in scale)


def test_a_scale_of_nothing_says_so() -> None:
    with pytest.raises(ValueError, match="at least 1 colour, got n = 0"):
        style.sequential(0)


@pytest.mark.parametrize(("ground", "page"), [("color", "#ffffff"), ("dark", DARK)])
def test_words_and_lines_of_a_drawing_are_legible(ground: str, page: str) -> None:
    fill = style.ROLES["fill"][ground]
    for name, least in {"ink": 7, "muted": 4.5, "error": 4.5, "flow": 4.5, "rule": 3}.items():
        color = style.ROLES[name][ground]
        assert min(contrast(page, color), contrast(fill, color)) >= least, name


def test_every_architecture_of_the_course_has_a_colour() -> None:
    assert set(style.PALETTE) >= {
        *("rnn", "lstm1997", "lstm", "gru", "attention", "transformer"),
        *("ssm", "mamba", "mingru", "rwkv", "retnet", "linear"),
    }


def test_the_stylesheet_holds_the_current_colours() -> None:
    assert style.css_palette() in style.CSS_FILE.read_text("utf-8")


def test_colours_are_written_down_in_one_place_only() -> None:
    css = style.CSS_FILE.read_text("utf-8").replace(style.css_palette(), "")
    for entry in (style.PALETTE | style.ROLES).values():
        assert entry["dark"] not in css
    for entry in style.PALETTE.values():
        assert entry["color"] not in css


def test_figures_are_drawn_on_the_card_that_the_page_shows() -> None:
    with mpl.rc_context(fname=style.STYLE_FILE):
        assert mpl.rcParams["figure.facecolor"] in (CARD, CARD[1:])
        cycle = [to_rgb(c) for c in mpl.rcParams["axes.prop_cycle"].by_key()["color"]]
    assert f"--card: {CARD}" in style.CSS_FILE.read_text("utf-8")
    palette = {to_rgb(entry["color"]) for entry in style.PALETTE.values()}
    assert set(cycle) <= palette


def test_line_knows_the_names_and_can_be_changed() -> None:
    assert style.line("rnn", linestyle=":")["linestyle"] == ":"
    assert style.line("rnn")["label"] == "RNN"
    with pytest.raises(KeyError, match="no colour for 'perceptron'"):
        style.line("perceptron")


def test_tables_escape_what_they_show() -> None:
    html = style.table(["a & b"], [("<x>", 1)])._repr_html_()
    assert "a &amp; b" in html
    assert re.search(r'<th scope="row">&lt;x&gt;</th><td>1</td>', html)


def test_letters_of_a_figure_stay_readable_on_a_phone() -> None:
    settings = mpl.rc_params_from_file(style.STYLE_FILE, use_default_template=False)
    width = settings["figure.figsize"][0]  # inches, shown 311 pixels wide on a phone of 360
    for name in ("xtick.labelsize", "ytick.labelsize", "legend.fontsize", "axes.labelsize"):
        assert settings[name] / 72 / width * 311 >= 10, name

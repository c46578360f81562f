"""Pictures of computations: well formed, named, legible on a phone, in the palette's colours."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from xml.etree import ElementTree

import drawing
import pytest
import style
from drawing import (
    Apply,
    Drawing,
    Fork,
    Gate,
    Keep,
    Read,
    Strip,
    Way,
    Write,
    both_ways,
    cell,
    choices,
    gradient_path,
    matrix,
    one_block,
    translation,
    unrolled,
    ways,
)
from drawing.canvas import FINE
from drawing.label import Span, spans, width
from drawing.waiting import schedule

from experiments.tasks.paper1997 import REBER

ALT = "A picture of the computation, described in words."
UPDATE = Gate("σ", "update")
WAYS = [
    Way("all of it"),
    Way("windows", window=2),
    Way("forward", forward=True),
    Way("states alone", weights=False),
    Way("states alone, forward", forward=True, weights=False),
]
PICTURES: dict[str, Callable[[], Drawing]] = {
    "unrolled": lambda: unrolled(alt=ALT),
    "outputs": lambda: unrolled(alt=ALT, outputs="y"),
    "folded": lambda: unrolled(alt=ALT, outputs="y", folded=True),
    "numbered": lambda: unrolled(alt=ALT, last=None),
    "both ways": lambda: both_ways(alt=ALT),
    "gradient": lambda: gradient_path(alt=ALT),
    "measured gradient": lambda: gradient_path(alt=ALT, sizes=[1, 0.42, 0.07, 1.2e-5]),
    "one block": lambda: one_block(["widen", "feed", "narrow"], slot="a layer", alt=ALT),
    "choices": lambda: choices(
        [Fork("Look up by key, and", "all may be kept?", "linear attention", "100 %, 4.8 kB")] * 3,
        otherwise=("Mamba", "1.96 nats"),
        alt=ALT,
    ),
    "plain cell": lambda: cell(
        [Apply("$U$"), Write(Gate("$W$")), Apply("tanh")],
        alt=ALT,
        name="a plain cell",
        state="h",
        inputs="$x(t)$",
    ),
    "LSTM of 1997": lambda: cell(
        [Write(Gate("$g$", "input"), Gate("σ", "in"))],
        alt=ALT,
        name="the LSTM cell of 1997",
        state="s",
        read=Read(Gate("σ", "out"), "$h$", "$y(t)$"),
        architecture="lstm1997",
    ),
    "LSTM": lambda: cell(
        [Keep(Gate("σ", "forget")), Write(Gate("tanh", "cell"), Gate("σ", "input"))],
        alt=ALT,
        name="an LSTM cell",
        read=Read(Gate("σ", "output")),
        architecture="lstm",
    ),
    "GRU": lambda: cell(
        [Keep(UPDATE, "1−"), Write(Gate("tanh", "new", "$x$"), UPDATE, Gate("σ", "reset"))],
        alt=ALT,
        name="a GRU cell",
        state="h",
        architecture="gru",
    ),
    "matrix": lambda: matrix(
        [[1, -0.5], [0.25, 0]], alt=ALT, rows=["$h_1$", "$h_2$"], columns=["a", "b"], form=".2f"
    ),
    "mask": lambda: matrix([[float(j <= i) for j in range(12)] for i in range(12)], alt=ALT),
    "large mask": lambda: matrix([[float(j <= i) for j in range(37)] for i in range(37)], alt=ALT),
    "tree": lambda: drawing.tree(3, alt=ALT),
    "three forms": lambda: drawing.three_forms(alt=ALT),
    "scans": lambda: drawing.scan_rounds(["one by one", "Hillis-Steele", "odd-even"], alt=ALT),
    "who waits": lambda: drawing.who_waits(alt=ALT),
    "who works when": lambda: drawing.shifts({"a": [1, 1, 1], "b": [5, 3]}, alt=ALT),
    "small scan": lambda: drawing.scan_rounds(["odd-even"], alt=ALT, steps=4),
    "ways": lambda: ways(WAYS, alt=ALT),
    "one vector": lambda: translation("abcde", ("k", "ae", "b"), alt=ALT),
    "looking back": lambda: translation(
        "night", ("N", "AY", "T"), alt=ALT, weights=[0.1, 0.6, 0.2, 0.1, 0], at=2
    ),
    "looking at the first": lambda: translation("oh", ("OW", "end"), alt=ALT, weights=[1, 0], at=2),
    "head": lambda: drawing.head(alt=ALT),
    "small head": lambda: drawing.head(alt=ALT, tokens=2),
    "blocks": lambda: drawing.blocks(["pre", "post"], alt=ALT),
    "cache": lambda: drawing.cache(alt=ALT),
    "trial": lambda: drawing.trial(alt=ALT),
    "grammar": lambda: drawing.grammar(REBER.tolist(), alt=ALT),
    "strips": lambda: drawing.strips(
        [
            Strip("long", [0.2] * 105, "which?", {0: "a name", 2: "its neighbour", 104: "end"}),
            Strip("short and signed", [0.5, -1, 0], "sum", {1: "-1"}, signed=True),
        ],
        alt=ALT,
    ),
}


@pytest.fixture(params=PICTURES, ids=lambda name: name.replace(" ", "-"))
def picture(request: pytest.FixtureRequest) -> Drawing:
    return PICTURES[request.param]()


def inside(picture: Drawing) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture.svg).iter())


def test_a_picture_is_well_formed_and_says_in_words_what_it_shows(picture: Drawing) -> None:
    root, *rest = inside(picture)
    named = {part.get("id"): part.text for part in rest if part.get("id")}
    title, alt = (named[key] for key in root.attrib["aria-labelledby"].split())
    assert title
    assert alt == ALT
    assert root.attrib["role"] == "img"


def test_colours_come_from_the_palette_and_follow_the_page(picture: Drawing) -> None:
    known = {f"--{k}": v["color"] for k, v in (style.PALETTE | style.ROLES).items()}
    for part in inside(picture):
        for name in ("fill", "stroke"):
            value = part.get(name, "none")
            if value != "none":
                variable, color = re.fullmatch(r"var\((--[\w]+), (#\w{6})\)", value).groups()
                assert known[variable] == color


def test_no_label_covers_another_or_is_crossed_by_a_line(picture: Drawing) -> None:
    for a, b in itertools.combinations(picture.labels, 2):
        apart = a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
        assert apart, (a, b)
    for label in picture.labels:
        for start, end in picture.lines:
            for i in range(41):  # points along the line
                x = start.x + (end.x - start.x) * i / 40
                y = start.y + (end.y - start.y) * i / 40
                crossed = label.left < x < label.right and label.top < y < label.bottom
                assert not crossed, (label, start, end)


def test_nothing_lies_outside_and_all_is_legible_on_a_phone(picture: Drawing) -> None:
    for label in picture.labels:
        assert label.left >= 0
        assert label.top >= 0
        assert label.right <= picture.size.x
        assert label.bottom <= picture.size.y
    for point in itertools.chain(*picture.lines):
        assert 0 <= point.x <= picture.size.x
        assert 0 <= point.y <= picture.size.y
    assert FINE * 311 / picture.size.x >= 9.5


def test_the_same_call_gives_the_same_bytes_and_another_text_other_ids() -> None:
    assert unrolled(alt=ALT).svg == unrolled(alt=ALT).svg
    ids = re.compile(r'id="(\S+)"')
    assert not set(ids.findall(unrolled(alt=ALT).svg)) & set(
        ids.findall(unrolled(alt=f"{ALT} More.").svg)
    )


def test_a_cell_shows_a_drawing_inside_the_page() -> None:
    assert unrolled(alt=ALT)._repr_html_().startswith("<svg ")


def test_a_factor_that_shrinks_error_thins_its_arrow() -> None:
    def widths(picture: Drawing) -> list[float]:
        red = [e for e in inside(picture) if "--error" in e.get("stroke", "")]
        return [float(e.get("stroke-width", "")) for e in red]

    assert len(set(widths(gradient_path(alt=ALT)))) == 1
    at_loss, third, second, first = widths(gradient_path(alt=ALT, sizes=[1, 0.1, 0.01, 0.001]))
    assert third < second < first < at_loss


def test_a_way_reaches_the_steps_that_its_cuts_leave() -> None:
    def reached(way: Way) -> list[int]:
        """Count the boxes that hear, the arrows that carry, and the strokes of crosses."""
        color = "--flow" if way.forward else "--error"
        parts = inside(ways([way], alt=ALT))
        boxes = [p for p in parts if p.tag.endswith("rect") and color in p.get("stroke", "")]
        heads = [p for p in parts if p.tag.endswith("polygon") and color in p.get("fill", "")]
        crosses = [p for p in parts if p.get("stroke-width") == "2"]
        return [len(boxes), len(heads), len(crosses)]

    back, windows, forth, states, traces = (reached(way) for way in WAYS)
    assert back == [8, 6 + 4 + 1, 0]  # all boxes, both paths, within each step, and the loss
    assert windows == [4, 2 + 2 + 1, 4]  # both paths are cut between two steps
    assert forth == [8, 6 + 4, 0]
    assert states == [5, 3 + 1 + 1, 6]  # the last y, and all states
    assert traces == [4, 3, 6]  # the last y is red: there the error comes in


def test_a_strip_has_a_stick_for_every_step_and_colours_those_that_decide() -> None:
    strip = Strip("a", [0.5, 0.25, 1.0, 0.0], "b", {2: "here"})
    shades = {
        part.get("stroke"): part.get("d")
        for part in inside(drawing.strips([strip], alt=ALT))
        if part.tag.endswith("path")
    }
    (others,) = (d for stroke, d in shades.items() if "--rule" in stroke)
    (deciding,) = (d for stroke, d in shades.items() if "--lstm1997" in stroke)
    assert others.count("M") == 3
    assert deciding.count("M") == 1


def test_the_grammar_says_every_symbol_on_its_way() -> None:
    labels = [label.text for label in drawing.grammar(REBER.tolist(), alt=ALT).labels]
    said = Counter(text for text in labels if text in "BTPSXVE")
    assert said == {"B": 2, "T": 2, "P": 2, "S": 2, "X": 2, "V": 2, "E": 2}


def test_labels_hold_maths_between_dollars() -> None:
    assert spans("in $c_{t-1}$!") == [
        Span("in ", False, ""),
        Span("c", True, ""),
        Span("t", True, "_"),
        Span("−1", False, "_"),
        Span("!", False, ""),
    ]
    assert width("wider", 14) > width("wide", 14) > width("wide", 12)
    strange = unrolled(alt="a < b &\n all of that", inputs="<x>")
    assert "a < b & all of that" in [part.text for part in inside(strange)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: unrolled(alt="A net"), "alt must tell in a sentence"),
        (lambda: unrolled(alt=ALT, steps=1), "at least 2 steps, got 1"),
        (lambda: unrolled(alt=ALT, steps=4), "units wide, a phone shows 380 legibly"),
        (lambda: unrolled(alt=ALT, weights=("W$", "U", "V")), "one is missing"),
        (lambda: unrolled(alt=ALT, architecture="perceptron"), "no colour for 'perceptron'"),
        (lambda: both_ways(alt=ALT, steps=1), "at least 2 steps, got 1"),
        (lambda: both_ways(alt=ALT, steps=4), "units wide, a phone shows 380 legibly"),
        (lambda: gradient_path(alt=ALT, sizes=[1.0]), "must be 4 norms"),
        (lambda: gradient_path(alt=ALT, steps=5), "units wide, a phone shows 380 legibly"),
        (lambda: matrix([[0] * 38], alt=ALT), "units wide, a phone shows 380 legibly"),
        (lambda: cell([], alt=ALT, name="nothing"), "the rail is empty"),
        (lambda: matrix([[1], [1, 2]], alt=ALT), r"rows of one length, at least 1, got \[1, 2\]"),
        (lambda: matrix([[1, 2]], alt=ALT, rows=["a", "b"]), "2 names for 1 rows"),
        (lambda: drawing.tree(4, alt=ALT), "1 to 3 levels fits a phone, got 4"),
        (lambda: drawing.strips([], alt=ALT), "at least one strip"),
        (
            lambda: drawing.strips([Strip("a", [1.0], "b", {1: "c"})], alt=ALT),
            r"a: 1 steps, and names for \[1\] beyond them",
        ),
        (lambda: drawing.strips([Strip("a", [], "b")], alt=ALT), "a: 0 steps"),
        (lambda: drawing.grammar([[(0, 1)]], alt=ALT), "has 7 states, got 1"),
        (lambda: ways([], alt=ALT), "needs a way and at least 2 steps, got 0 and 4"),
        (lambda: ways(WAYS, alt=ALT, steps=1), "at least 2 steps, got 5 and 1"),
        (lambda: ways(WAYS, alt=ALT, steps=6), "units wide, a phone shows 380 legibly"),
        (lambda: drawing.who_waits(alt=ALT, steps=3), "2, 4 or 8 steps, got 3"),
        (lambda: drawing.shifts({"a": [99]}, alt=ALT), "a: 25 turns, a phone shows 18"),
    ],
)
def test_what_cannot_be_drawn_says_why(call: Callable[[], Drawing], message: str) -> None:
    with pytest.raises((ValueError, KeyError), match=message):
        call()


def test_a_round_of_a_shift_begins_when_the_one_before_is_done() -> None:
    assert schedule([1, 1, 1], workers=4) == [1, 1, 1]
    assert schedule([8, 5], workers=4) == [4, 4, 4, 1]
    picture = drawing.shifts({"two rounds": [8, 5]}, alt=ALT, workers=4)
    assert "4 turns, 81% busy" in [text.text for text in picture.labels]
    assert picture.svg.count("--flow") == 13


def test_a_tree_of_choices_needs_a_question_and_says_yes_and_no_to_each() -> None:
    words = [label.text for label in PICTURES["choices"]().labels]
    assert words.count("yes") == words.count("no") == 3
    with pytest.raises(ValueError, match="at least 1 question"):
        choices([], otherwise=("a", "b"), alt=ALT)

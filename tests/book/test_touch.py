"""Figures to touch: what a page gets without scripts, and that Python and the page agree."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree

import pytest
import style
import torch
import touch
from bs4 import BeautifulSoup
from drawing.chart import Line, chart
from touch import attention_on_words as words_figure
from touch import bottleneck, forget_playground, gated_cell, the_table
from touch import error_through_time as error
from touch import positions_as_phases as phases
from touch import state_against_cache as cache
from touch import where_the_gradient_stops as stops
from touch_figures import html

from experiments.cost.layers import BY_NAME
from experiments.cost.measure import build, state_bytes
from experiments.memory.letters_to_sound import held_out, lexicon
from experiments.tables import printed
from solutions import positions, rnn

NAMES = sorted(path.stem for path in touch.SCRIPTS.glob("*.js") if path.stem != "base")


@pytest.fixture(params=NAMES)
def figure(request: pytest.FixtureRequest) -> touch.TouchFigure:
    return touch.figure(request.param)


def test_every_script_has_its_figure_and_the_other_way_round() -> None:
    modules = {path.stem.replace("_", "-") for path in touch.HERE.glob("*.py")} - {"--init--"}
    assert modules == set(NAMES)
    assert NAMES


def test_the_picture_stands_without_scripts(figure: touch.TouchFigure) -> None:
    root = ElementTree.fromstring(figure.picture().svg)
    lines = {e.get("data-curve"): e for e in root.iter() if e.get("data-curve")}
    assert set(lines) == {curve.key for curve in figure.curves}
    for curve in figure.curves:
        assert curve.color in style.PALETTE | style.ROLES
        line, count = lines[curve.key], len(figure.frame.steps)
        if figure.panels[curve.panel].axis:
            assert len(line.get("points").split()) == 2 * count
        elif figure.panels[curve.panel].dials:
            assert len(line) == len(curve.values(figure.start()))
        elif figure.panels[curve.panel].dots:
            assert line.get("transform").startswith("translate(")
        else:
            assert len(line) == count
    looks = {(curve.panel, curve.color, curve.dash, curve.label) for curve in figure.curves}
    assert len(looks) == len(figure.curves)


def test_labels_of_the_picture_do_not_overlap(figure: touch.TouchFigure) -> None:
    labels = figure.picture().labels
    for i, a in enumerate(labels):
        for b in labels[:i]:
            apart = a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
            assert apart, (a, b)


def test_the_page_holds_labelled_controls_and_a_sentence(figure: touch.TouchFigure) -> None:
    page = BeautifulSoup(html("some-name", figure, "../x.js"), "html.parser")
    assert page.select_one("fieldset").has_attr("disabled")  # until the script is there
    for control in figure.controls:
        field = page.select_one(f"[name={control.name}]")
        assert page.select_one(f'label[for="{field["id"]}"]').get_text() == control.label
        if isinstance(control, touch.Choice):
            assert [o.get_text() for o in field.select("option")] == list(control.options)
            assert field.select_one("option[selected]")["value"] == str(control.start)
        elif isinstance(control, touch.Word):
            assert field["value"] == control.start
            assert int(field["maxlength"]) == control.longest
            picks = page.select_one(f'[data-for="{field["id"]}"]')
            assert tuple(b["value"] for b in picks.select("button")) == control.picks
            for word in (control.start, *control.picks):
                assert word.isascii()
                assert word.isalpha()
                assert word == word.lower()
                assert len(word) <= control.longest
        else:
            assert control.low <= control.start <= control.high
            steps = (control.start - control.low) / control.step
            assert math.isclose(steps, round(steps), abs_tol=1e-9), "no place on the slider"
    sentence = page.select_one("[role=status]").get_text()
    assert sentence == figure.sentence(figure.start())
    assert "{" not in sentence
    data = json.loads(page.select_one("script[type='application/json']").get_text())
    assert data["says"] == figure.says


def test_a_figure_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(
        KeyError, match="no figure to touch is called 'x'; there are attention-on-words, bott"
    ):
        touch.figure("x")


def test_a_chart_wants_a_value_for_every_step() -> None:
    frame, panel = touch.Frame(300, last=4, tick=1), touch.Panel(100, touch.Axis("", -1, 1, 1))
    line = Line("a", "a", "rnn", "-", [1.0, 1.0])
    with pytest.raises(ValueError, match="'a' has 2 values, steps 0 to 4 need 5"):
        chart([line], frame, [panel], alt="A line over five steps.", title="t", across="")


def test_rows_are_as_full_as_their_values_and_labelled_beside() -> None:
    lines = [
        Line(key, key, "rnn", "-", values)
        for key, values in (("first", [0.0, 0.25]), ("a longer name", [7.0, -1.0]))
    ]
    frame = touch.Frame(200, last=2, first=1, tick=1)
    drawn = chart(
        lines, frame, [touch.Panel(0, None)], alt="Two rows of two cells.", title="t", across="step"
    )
    root = ElementTree.fromstring(drawn.svg)
    full = {
        e.get("data-curve"): [float(c.get("fill-opacity")) for c in e]
        for e in root.iter()
        if e.get("data-curve")
    }
    assert full == {"first": [0, 0.25], "a longer name": [1, 0]}
    assert {"1", "2", "first", "a longer name"} <= {label.text for label in drawn.labels}


def test_texts_stand_in_place_of_names_and_can_be_found_by_a_script() -> None:
    lines = [Line(key, key, "rnn", "-", [0.0, 1.0]) for key in ("one", "two")]
    texts = {"rows": ["A", "B"], "ends": ["C", ""], "heads": ["x", "y"], "sides": ["left", "right"]}
    frame = touch.Frame(200, last=2, first=1, tick=1)
    drawn = chart(
        lines,
        frame,
        [touch.Panel(0, None)],
        alt="Two rows of two cells.",
        title="t",
        across="step",
        texts=texts,
    )
    found: dict[str, list[str]] = {}
    for part in ElementTree.fromstring(drawn.svg).iter():
        if part.get("data-text"):
            found.setdefault(part.get("data-text"), []).append("".join(part.itertext()))
    assert found == {key: texts[key] for key in ("rows", "ends", "heads")}
    said = {label.text for label in drawn.labels}
    assert {"left", "right"} <= said
    assert not said & {"one", "two", "1", "2"}


def test_two_nets_pronounce_a_word_and_one_of_them_looks_where_its_letters_are() -> None:
    settings = words_figure.FIGURE.start()
    heard = words_figure.say(settings["word"])
    assert tuple(heard.looking) in lexicon()[settings["word"]]
    assert heard.one_vector != heard.looking
    for weights in heard.weights:
        assert sum(weights) == pytest.approx(1)
        assert not any(weights[len(settings["word"]) :])
    so_far = words_figure.FIGURE.written(settings | {"sounds": 3})
    assert so_far["rows"] == [*heard.looking[:3], *[""] * 9]
    assert so_far["ends"] == [*heard.one_vector[:3], *[""] * 9]
    values = words_figure.FIGURE.values(settings | {"sounds": 3})
    assert [any(values[f"w{number}"]) for number in range(1, 13)] == [True] * 3 + [False] * 9


def test_words_to_pick_were_not_trained_on() -> None:
    assert all(held_out(word) for word in words_figure.PICKS)


def test_hands_stand_at_their_angles_and_ticks_may_have_names() -> None:
    lines = [Line("hand", "hand", "flow", "-", [0.0, math.pi / 2, 7 * math.pi])]
    frame = touch.Frame(200, last=2, tick=2, names=("one", "many"))
    drawn = chart(
        lines,
        frame,
        [touch.Panel(40, None, dials=True)],
        alt="Three dials with one hand each.",
        title="t",
        across="size",
    )
    (row,) = (e for e in ElementTree.fromstring(drawn.svg).iter() if e.get("data-curve"))
    turned = [hand.get("transform")[len("rotate(") :].split()[0] for hand in row]
    assert turned == ["0.00", "90.00", "180.00"]
    assert {"one", "many"} <= {label.text for label in drawn.labels}


def test_dots_stand_where_their_shares_say_and_their_axes_can_be_renamed() -> None:
    lines = [
        Line(key, key, "flow", "-", values)
        for key, values in (("A", [0.5, 1.0, 1.0]), ("B", [0.0, 0.25, 0.2]))
    ]
    drawn = chart(
        lines,
        touch.Frame(200, last=2, tick=1),
        [touch.Panel(100, None, dots=True)],
        alt="Two dots with a letter each.",
        title="t",
        across="",
        texts={"up": ["loss", "1", "3"], "right": ["bytes", "8", "16"]},
    )
    root = ElementTree.fromstring(drawn.svg)
    dots = {e.get("data-curve"): e for e in root.iter() if e.get("data-curve")}
    places = {key: (dot.get("transform"), dot.get("opacity")) for key, dot in dots.items()}
    assert places == {
        "A": ("translate(100.00 0.00)", "1.0"),
        "B": ("translate(0.00 75.00)", "0.2"),
    }
    axes = [e.get("data-text") for e in root.iter() if e.get("data-text")]
    assert axes == ["up"] * 3 + ["right"] * 3


def test_axes_count_in_numbers_or_in_powers_of_ten() -> None:
    plain, powers = touch.Axis("", -1, 1, 0.5), touch.Axis("", -2, 0, 1, log=True)
    assert [label for _, label in plain.marks()] == ["−1", "−0.5", "0", "0.5", "1"]
    assert [share for share, _ in plain.marks()] == [0, 0.25, 0.5, 0.75, 1]
    assert [label for _, label in powers.marks()] == ["$10^{-2}$", "$10^{-1}$", "$10^{0}$"]
    assert plain.share(0.5) == 0.75
    assert powers.share(0.1) == pytest.approx(0.5)
    assert powers.share(0) < -100


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (1.0, "1"), (0.364, "0.36"), (12.3, "12"), (345.6, "346"), (6.9e6, "6.9e6")],
)
def test_numbers_in_a_sentence_are_short(value: float, words: str) -> None:
    assert touch.readable(value) == words
    assert touch.readable(1.84e-7) == "1.8e−7"
    assert touch.readable(-0.364) == "−0.36"


def test_error_through_time_measures_what_the_chapter_measures() -> None:
    settings = {"gain": 1.3, "slope": 1.0, "drive": 0.3}
    net = rnn.RNN(1, error.UNITS).double()
    weights = {
        "weight_hh": 1.3 * error.ORTHOGONAL,
        "weight_ih": 0.3 * error.WEIGHTS.unsqueeze(1),
        "bias": 0 * error.WEIGHTS,
    }
    net.cell.load_state_dict(weights)
    h, _ = net(error.INPUTS.reshape(1, -1, 1))
    wanted = rnn.jacobian_norms(h[0], net.cell.weight_hh)
    assert error.plain(settings) == pytest.approx(wanted.tolist())


@pytest.mark.parametrize("slope", [0.25, 0.6, 1.0])
@pytest.mark.parametrize("gain", [0.5, 1.0, 1.6])
@pytest.mark.parametrize("drive", [0.0, 0.3, 3.0])
def test_no_measured_norm_lies_above_its_bound(gain: float, slope: float, drive: float) -> None:
    settings = {"gain": gain, "slope": slope, "drive": drive}
    for above, below in zip(error.bound(settings), error.plain(settings), strict=True):
        assert below <= above * (1 + 1e-9)


def test_the_picture_starts_with_its_lesson() -> None:
    """A bound above 1 permits explosion and does not promise it."""
    values = error.FIGURE.values(error.FIGURE.start())
    assert values["bound"][-1] > 1e6
    assert values["plain"][-1] < 1e-3 * values["bound"][-1]


@pytest.mark.parametrize("keep", [0.0, 3.0, 7.0])
def test_half_of_a_cell_is_gone_after_the_half_life(keep: float) -> None:
    settings = {"keep": keep, "write": -12.0}
    kept = forget_playground.gate(keep) ** forget_playground.half_life(settings)
    assert kept == pytest.approx(0.5)


def test_noise_moves_two_cells_alike_and_as_far_as_is_said() -> None:
    settings = {"keep": 7.0, "write": -5.0}
    above, below = (forget_playground.content(settings, bit)[-1] for bit in (1.0, -1.0))
    assert above - below == pytest.approx(forget_playground.apart(settings))
    moved = []
    for seed in range(200):
        noise = 2 * torch.rand(1000, generator=torch.Generator().manual_seed(seed)).double() - 1
        kept = forget_playground.gate(7.0) ** torch.arange(999, -1, -1).double()
        moved.append((forget_playground.gate(-5.0) * kept @ noise).item())
    assert torch.tensor(moved).std().item() == pytest.approx(
        forget_playground.spread(settings), rel=0.2
    )


def test_a_gated_cell_writes_keeps_clears_and_shows_when_it_is_told() -> None:
    settings = {"write": 3.0, "read": 8.0, "clear": 12.0, "leak": 0.0}
    steps = gated_cell.of(settings)
    assert [step.c for step in steps] == [0, 0] + [0.9] * 9 + [0] * 5
    assert [number for number, step in enumerate(steps, 1) if step.h] == [8]
    assert gated_cell.shown(settings) == math.tanh(0.9)
    leaking = gated_cell.of(settings | {"leak": 0.5})  # all gates stand at one half throughout
    assert all(step.i == step.f == step.o == 0.5 for step in leaking)


@pytest.mark.parametrize("task", [0, 1])
@pytest.mark.parametrize("when", [0, 1])
def test_a_window_as_long_as_the_sequence_hears_what_the_full_gradient_hears(
    task: int, when: int
) -> None:
    settings = {"task": task, "when": when, "window": stops.STEPS}
    values, counted = stops.FIGURE.values, stops.FIGURE.counted
    full = settings | {"rule": stops.FULL}
    assert values(full) == values(settings | {"rule": stops.WINDOWS})
    assert counted(full) == {"cosine": 1, "lowest": 1}
    assert counted(settings | {"rule": stops.WINDOWS}) == pytest.approx(counted(full))


def test_each_algorithm_hears_and_keeps_what_the_chapter_says() -> None:
    settings = stops.FIGURE.start() | {"window": 10}
    heard = {
        rule: stops.FIGURE.values(settings | {"rule": rule})
        for rule in (stops.FULL, stops.WINDOWS, stops.RTRL, stops.RULE)
    }
    assert [sum(values["kept"]) for values in heard.values()] == [stops.STEPS, 10, 1, 1]
    for key in ("cells", "inputs", "outputs"):
        assert not any(heard[stops.WINDOWS][key][:-10])
        assert heard[stops.WINDOWS][key][-10:] == heard[stops.FULL][key][-10:]
        assert heard[stops.RTRL][key] == heard[stops.FULL][key]
    assert not any(heard[stops.RULE]["outputs"][:-1])
    assert all(heard[stops.RULE]["cells"])


@pytest.mark.parametrize("base", [1.0, 4.0, 6.0])
def test_scores_of_turned_tokens_depend_on_the_distance_alone(base: float) -> None:
    here, there = ({"place": place, "distance": 5, "base": base} for place in (0, 137))
    now, then = phases.FIGURE.values(here), phases.FIGURE.values(there)
    for key in ("rotary", "codes"):
        assert now[key] == pytest.approx(then[key], abs=1e-12)
    assert now["added"] != pytest.approx(then["added"], abs=1e-3)


def test_phases_are_those_of_the_layers() -> None:
    settings = {"place": 20, "distance": 5, "base": 4.0}
    pairs = 2 * phases.PAIRS
    code = positions.sinusoidal(26, pairs)
    assert phases.codes_alone(5, settings) == pytest.approx(
        (code[25] @ code[20]).item() / phases.PAIRS
    )
    query, key = (torch.tensor(t).double().reshape(1, -1) for t in (phases.QUERY, phases.KEY))
    turn = positions.Rotary(pairs)
    score = turn(query, offset=25)[0] @ turn(key, offset=20)[0]
    assert phases.rotary(5, settings) == pytest.approx(score.item() / phases.PAIRS)
    score = (query[0] + code[25]) @ (key[0] + code[20])
    assert phases.added(5, settings) == pytest.approx(score.item() / phases.PAIRS)


@pytest.mark.parametrize("name", cache.NAMES)
def test_bytes_are_those_that_the_layer_s_state_has(name: str) -> None:
    spec = BY_NAME[name].spec()
    layer = build(spec["kind"], spec["arguments"])
    _, state = layer(torch.zeros(1, 130, BY_NAME[name].width))
    held = state_bytes(state)
    assert cache.held(name, math.log10(130), blocks=2) == pytest.approx(2 * held)


def test_times_pass_through_what_was_measured() -> None:
    for name, outcome in cache.GENERATION.items():
        for point in outcome["points"]:
            took = cache.took(name, math.log10(point["size"]), blocks=1)
            assert took == pytest.approx(point["seconds_per_token"])


@pytest.mark.parametrize("name", bottleneck.NAMES)
def test_the_bottleneck_shows_what_was_measured_and_says_what_was_not(name: str) -> None:
    settings = {"layer": float(bottleneck.NAMES.index(name)), "other": 0.0}
    for number, batch in enumerate(bottleneck.BATCHES):
        points = bottleneck.GRID[f"{name}, batch {batch}"]["points"]
        for place, point in enumerate(points):
            here = settings | {"batch": float(number), "length": float(bottleneck.FIRST + place)}
            values = bottleneck.FIGURE.values(here)
            assert values["layer_training"][place] == point.get("seconds", bottleneck.NOT_RUN)
            assert sum(values["chosen"]) == place + 1
            said = bottleneck.FIGURE.sentence(here)
            assert ("was not run" in said.partition(";")[0]) == ("not_run" in point)
            assert f"{point['size']:,} tokens, batch {batch}. {name}:" in said
            chain = bottleneck.DEPTH[name]["counted"].get(str(point["size"]))
            assert chain is None or values["layer_chain"][place] == chain


@pytest.mark.parametrize(
    ("value", "words"), [(0.0123, "12 ms"), (12.3, "12 s"), (4.4e-05, "0.044 ms")]
)
def test_times_are_said_in_fitting_units(value: float, words: str) -> None:
    assert bottleneck.in_seconds(value) == words


def test_bytes_are_said_in_fitting_units() -> None:
    assert [bottleneck.in_bytes(n) for n in (728, 3_276_800)] == ["0.7 kB", "3.3 MB"]


@pytest.mark.parametrize("task", [0, 1, 7])
@pytest.mark.parametrize("learner", [0, 4, 12, 15])
def test_a_cell_of_the_table_shows_each_net_s_moment(task: int, learner: int) -> None:
    settings = {"task": task, "learner": learner, "percent": 100}
    cell = the_table.CELLS[task][learner]
    values, ends = the_table.FIGURE.values(settings), the_table.ends(settings)
    for net, seed in enumerate(cell["seeds"]):
        row = values[f"net{net}"]
        assert row == sorted(row)
        assert bool(row[-1]) == seed["solved"]
        if seed["solved"]:
            first = row.index(1.0) / len(row)
            assert first < seed["sequences"] / cell["budget"] <= first + 1 / len(row) + 1e-12
        assert ends[net] == (
            f"{seed['sequences']:,}" if seed["solved"] else f"{round(100 * seed['right'])} %"
        )
    assert printed.cell([cell])[1] in the_table.FIGURE.sentence(settings)
    for percent in (5, 50, 100):
        by_then = [s["sequences"] <= cell["budget"] * percent / 100 for s in cell["seeds"]]
        count = sum(s["solved"] and early for s, early in zip(cell["seeds"], by_then, strict=True))
        stopped = settings | {"percent": percent}
        assert the_table.done(stopped) == count
        values = the_table.FIGURE.values(stopped)
        assert sum(any(values[f"net{net}"]) for net in range(10)) == count


def test_the_curve_of_a_cell_is_the_stored_one_whatever_its_order() -> None:
    cell = {"budget": 320, "curve": [[320, 0.9, 1], [160, 0.5, 2], [10, 0.2, 3]]}
    curve = the_table.percent(cell)
    assert len(curve) == the_table.PARTS + 1
    assert curve[0] == 20  # before the first point, the first
    assert curve[15] == 20
    assert curve[16] == curve[31] == 50
    assert curve[32] == 90
    assert the_table.percent({"budget": 320, "curve": []}) == [0] * 33

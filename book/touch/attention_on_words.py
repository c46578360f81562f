"""Attention on real words: two trained nets pronounce a word, one of them looks back.

Both nets are those of ``alignment-one-vector`` whose weights were kept: GRU encoder and decoder, of
nearly as many weights. The page runs them in the browser on any word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from committed import committed

from experiments.alignment.one_vector import translator
from experiments.alignment.rows import KEPT
from experiments.instruments.packing import unpacked_weights
from experiments.memory.letters_to_sound import lexicon, phonemes, said, spelled
from experiments.training.translate import Translator, greedy
from touch import Curve, Frame, Panel, Settings, Slider, Text, TouchFigure, Word

RESULT = "experiments/results/alignment-one-vector.json"
MOST = 12  # letters, and sounds that are shown
PICKS = ("intoxicated", "knight", "phoenix", "earthquake", "psychiatric", "wednesday")  # held out
OUTCOMES = committed(RESULT).outcomes


def trained(trial: str) -> Translator:
    """Return a translator with the weights that were kept."""
    outcome = OUTCOMES[trial]
    parameters = committed(RESULT).parameters[trial]
    model = translator(parameters["width"], parameters["attention"]).double()
    model.load_state_dict(unpacked_weights(outcome["weights"]))
    return model


LOOKING, ONE_VECTOR = (trained(trial) for trial in KEPT)


class Said(NamedTuple):
    """What both nets say to a word, and where the first one looks for each of its sounds."""

    looking: list[str]
    weights: list[list[float]]  # (sound, letter), filled up with zeros
    one_vector: list[str]


@lru_cache
def say(word: str) -> Said:
    """Let both nets pronounce a word."""
    source = spelled([word])
    looking, weights = greedy(LOOKING, source, MOST)
    one_vector, _ = greedy(ONE_VECTOR, source, MOST)
    assert weights is not None
    rows = [[*row, *([0.0] * (MOST - len(word)))] for row in weights[0].tolist()]
    return Said(said(looking[0]), rows, said(one_vector[0]))


def row(number: int) -> Curve:
    def values(settings: Settings) -> list[float]:
        heard = say(settings["word"])
        if number >= min(settings["sounds"], len(heard.looking)):
            return [0.0] * MOST
        return heard.weights[number]

    return Curve(f"w{number + 1}", f"sound {number + 1}", "attention", "-", values)


def so_far(sounds: list[str], settings: Settings) -> list[str]:
    """Return the sounds that have been written, filled up with nothing."""
    written = sounds[: int(settings["sounds"])]
    return [*written, *([""] * (MOST - len(written)))]


def heads(settings: Settings) -> list[str]:
    word: str = settings["word"]
    return [*word, *([""] * (MOST - len(word)))]


def entries(word: str) -> str:
    """Return what the dictionary has for a word."""
    return " or ".join(" ".join(sounds) for sounds in lexicon()[word])


def truth(settings: Settings) -> list[str]:
    word: str = settings["word"]
    return [f"The dictionary has {entries(word)}."] if word in PICKS else []


FIGURE = TouchFigure(
    title="Attention on real words, to touch",
    alt=(
        "A grid with a row for each sound and a column for each letter of a word. Full cells "
        "run from the upper left to the lower right: for every sound the net looks at the letters "
        "that spell it. Beside the rows stand the sounds of two nets."
    ),
    across="letters of the word",
    frame=Frame(width=288, first=1, last=MOST, tick=1),
    panels=(Panel(0, None),),
    controls=(
        Word("word", "Type a word", MOST, PICKS, PICKS[0]),
        Slider("sounds", "Sounds so far", 0, MOST, 1, MOST),
    ),
    curves=tuple(row(number) for number in range(MOST)),
    says=(
        "For {word} the net that looks back says {looking}; the net with one vector says "
        "{vector}. {truth}"
    ),
    texts=(
        Text("sides", lambda _: ("looks back", "one vector")),
        Text("rows", lambda settings: so_far(say(settings["word"]).looking, settings)),
        Text("ends", lambda settings: so_far(say(settings["word"]).one_vector, settings)),
        Text("heads", heads),
        Text("looking", lambda settings: say(settings["word"]).looking),
        Text("vector", lambda settings: say(settings["word"]).one_vector),
        Text("truth", truth),
    ),
    data={
        "nets": {
            name: OUTCOMES[trial]["weights"]
            for name, trial in zip(("looking", "vector"), KEPT, strict=True)
        },
        "phonemes": phonemes(),
        "truth": {word: entries(word) for word in PICKS},
        "most": MOST,
    },
    files=(RESULT,),
)

"""Do the weights show the letter that speaks? A spelling whose rule is known.

Letters of an invented alphabet, and what they say:

    plain   one sound of their own; another one behind a mark
    double  two sounds
    silent  nothing
    mark    nothing, but a plain letter behind it says its other sound

So of every sound it is known which letter *speaks* it, and on which letters it *depends*: on the
one that speaks, and behind a mark on the mark as well. A translator with attention learns the
spelling; then its weights, gradients and what an exchanged letter changes are held against both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from experiments.training.descent import Descent
from experiments.training.translate import END, FIRST, START
from solutions.alignment import BahdanauDecoder, LuongDecoder
from solutions.memory import Encoder

PLAIN, DOUBLE, SILENT, MARK = range(1, 7), range(7, 11), range(11, 13), range(13, 15)
LETTERS = 14
SOUNDS = 2 * len(PLAIN) + 2 * len(DOUBLE)


class Spoken(NamedTuple):
    """A word, what it says, and by which letter; sounds and speakers are padded with 0 and -1."""

    letters: Int[Tensor, "batch source"]
    sounds: Int[Tensor, "batch time"]
    speaker: Int[Tensor, "batch time"]  # the place of the letter that speaks; -1 at the end


def pronounced(letters: list[int]) -> list[tuple[int, int]]:
    """Return the sounds of one word by the rule, each with the place of its letter."""
    said = []
    for place, letter in enumerate(letters):
        if letter in PLAIN:
            marked = place > 0 and letters[place - 1] in MARK
            said.append((FIRST + letter - 1 + len(PLAIN) * marked, place))
        elif letter in DOUBLE:
            first = FIRST + 2 * len(PLAIN) + 2 * (letter - DOUBLE.start)
            said += [(first, place), (first + 1, place)]
    return said


def draw(batch: int, length: int, generator: torch.Generator) -> Spoken:
    """Draw words of one length, every letter as likely as every other."""
    letters = torch.randint(1, LETTERS + 1, (batch, length), generator=generator)
    rows = [[*pronounced(word), (END, -1)] for word in letters.tolist()]
    longest = max(map(len, rows))
    filled = torch.tensor([row + [(0, -1)] * (longest - len(row)) for row in rows])
    return Spoken(letters, filled[..., 0], filled[..., 1])


class Speller(nn.Module):
    """Embedding, GRU in both directions, a decoder that looks back, a score for every sound."""

    def __init__(self, decoder: str, width: int) -> None:
        super().__init__()
        self.read = nn.Embedding(LETTERS + 1, width)
        self.written = nn.Embedding(FIRST + SOUNDS, width)
        self.encoder = Encoder(width, width, bidirectional=True)
        memory = self.encoder.memory_size
        self.decoder: BahdanauDecoder | LuongDecoder
        if decoder == "additive":
            self.decoder = BahdanauDecoder(width, width, memory)
            self.output = nn.Linear(width + memory, FIRST + SOUNDS)
        else:
            self.decoder = LuongDecoder(width, width, memory, decoder, cell="gru")  # type: ignore[arg-type]
            self.output = nn.Linear(width, FIRST + SOUNDS)

    def forward(
        self, embedded: Float[Tensor, "batch source width"], sounds: Int[Tensor, "batch time"]
    ) -> tuple[Float[Tensor, "batch time sound"], Float[Tensor, "batch time source"]]:
        """Return the scores of every next sound, given those before it, and the weights."""
        before = nn.functional.pad(sounds[:, :-1], (1, 0), value=START)
        state = self.decoder.start(self.encoder(embedded))
        y, weights, _ = self.decoder.aligned(self.written(before), state)
        return self.output(y), weights


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one kind of speller from several seeds; hold what it shows against the rule."""
    p, rows = parameters, []
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        model = Speller(p["decoder"], p["width"])
        descent = Descent(model, p["rate"], p["steps"])
        for _ in range(p["steps"]):
            length = int(torch.randint(2, p["longest"] + 1, (1,), generator=generator))
            word = draw(p["batch"], length, generator)
            scores, _ = model(model.read(word.letters), word.sounds)
            wrong = nn.functional.cross_entropy(
                scores.flatten(0, 1), word.sounds.flatten(), ignore_index=0
            )
            descent.step(wrong)
        rows.append({"seed": seed, **judge(model, p["longest"], p["test_count"], generator)})
    return {"seeds": rows}


def judge(model: Speller, length: int, count: int, generator: torch.Generator) -> dict[str, float]:
    """Return what three ways of asking show of fresh words, given the right sounds so far.

    Each way gives every letter a number for every sound: its *weight*; the *gradient* of the
    sound's log-probability by the letter's embedding; the *change*, how far that falls when the
    letter is exchanged for another one of its kind, and a mark for a silent letter.

    ``right``: share of sounds that score highest. ``WAY_speaker``: sounds for which the largest
    number stands at the letter that speaks. Of sounds behind a mark: ``WAY_mark``: the mark is
    among the two largest; ``weight_of_mark`` and ``weight_of_speaker``; ``turned``: the sound is
    no longer the best one once the mark is exchanged.
    """
    word = draw(count, length, generator)
    likely, weights, gradient = sound_by_sound(model, word)
    change = torch.empty_like(weights)
    for place in range(length):
        change[:, :, place] = likely - said_of(model, exchanged(word, place))
    spoken, marked = word.speaker >= 0, behind_mark(word)
    speaker, mark = word.speaker[spoken], word.speaker[marked].unsqueeze(1) - 1
    found: dict[str, Tensor] = {"right": best(model, word)[spoken] == word.sounds[spoken]}
    for way, numbers in (("weight", weights), ("gradient", gradient), ("change", change)):
        found[f"{way}_speaker"] = numbers[spoken].argmax(1) == speaker
        found[f"{way}_mark"] = (numbers[marked].topk(2, dim=1).indices == mark).any(1)
    found["weight_of_mark"] = weights[marked].gather(1, mark)
    found["weight_of_speaker"] = weights[marked].gather(1, mark + 1)
    found["turned"] = torch.cat(
        [
            best(model, exchanged(word, place))[here] != word.sounds[here]
            for place in range(length - 1)
            if (here := marked & (word.speaker == place + 1)).any()
        ]
    )
    return {name: round(values.double().mean().item(), 4) for name, values in found.items()}


def behind_mark(word: Spoken) -> Bool[Tensor, "batch time"]:
    """Return which sounds come from a plain letter behind a mark."""
    first_marked = FIRST + len(PLAIN)
    return (word.sounds >= first_marked) & (word.sounds < first_marked + len(PLAIN))


def exchanged(word: Spoken, place: int) -> Spoken:
    """Return the words with the letter at one place exchanged for the next of its kind.

    Instead of a mark stands a silent letter. The sounds stay those of the words as they were.
    """
    other = torch.zeros(LETTERS + 1, dtype=torch.long)
    for kind in (PLAIN, DOUBLE, SILENT):
        other[kind.start : kind.stop] = torch.arange(kind.start, kind.stop).roll(-1)
    other[MARK.start : MARK.stop] = SILENT.start
    letters = word.letters.clone()
    letters[:, place] = other[letters[:, place]]
    return word._replace(letters=letters)


def sound_by_sound(model: Speller, word: Spoken) -> tuple[Tensor, Tensor, Tensor]:
    """Return the log-probability of every sound, and its weights and gradients by letter."""
    embedded = model.read(word.letters).detach().requires_grad_()
    scores, weights = model(embedded, word.sounds)
    likely = scores.log_softmax(-1).gather(2, word.sounds.unsqueeze(2)).squeeze(2)
    gradients = [
        torch.autograd.grad(at_once.sum(), embedded, retain_graph=True)[0].norm(dim=2)
        for at_once in likely.unbind(1)
    ]
    return likely.detach(), weights.detach(), torch.stack(gradients, dim=1)


@torch.no_grad()
def said_of(model: Speller, word: Spoken) -> Float[Tensor, "batch time"]:
    """Return the log-probability of every sound."""
    scores, _ = model(model.read(word.letters), word.sounds)
    return scores.log_softmax(-1).gather(2, word.sounds.unsqueeze(2)).squeeze(2)


@torch.no_grad()
def best(model: Speller, word: Spoken) -> Int[Tensor, "batch time"]:
    """Return the sound that scores highest at every step."""
    scores, _ = model(model.read(word.letters), word.sounds)
    return scores.argmax(-1)

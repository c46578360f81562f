"""Which two texts share runs of tokens that few others have, and how much of each that is.

What everybody was given (the release, the reference) counts for nothing, and neither does what more
than a few of the class wrote: a short right answer has few forms. What is left is a text's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from autograder.similarity.grams import covered, grams, winnowed
from autograder.similarity.tokens import Token, code, prose

COMMON = 0.01  # of the class: what more have written says nothing (MOSS: ten, however many)
FEW = 5  # so many may share a run in any class
PRIOR = 40  # tokens, added to a part's own: short answers do not reach the top
LEAST = 10  # of a score that is worth showing: less is a line or two
CANDIDATES = 10  # pairs that are compared token by token, for each that is asked for
MIN_MATCHED = 2  # fingerprints that a pair shares before it is looked at


@dataclass(frozen=True)
class Piece:
    """One cell: which part of the assignment it belongs to, what it is called, its source."""

    part: str
    name: str
    source: str
    is_prose: bool = False


class Text:
    """All that one submission has written.

    Of a class of a thousand the runs are kept, and the tokens only read again where they are shown.
    """

    def __init__(self, owner: str, pieces: Sequence[Piece], *, is_earlier: bool = False) -> None:
        self.owner = owner
        self.pieces = pieces
        self.is_earlier = is_earlier  # from another year: compared with this year's only
        read = self.tokens()
        self.lengths = [len(found) for found in read]
        self.grams = [grams([token.text for token in found]) for found in read]

    def tokens(self) -> list[list[Token]]:
        """Return the tokens of each piece."""
        read = iter(code([piece.source for piece in self.pieces if not piece.is_prose]))
        return [prose(piece.source) if piece.is_prose else next(read) for piece in self.pieces]

    @property
    def runs(self) -> set[int]:
        return {number for found in self.grams for number in found}


@dataclass(frozen=True)
class Share:
    """How much of one part's own tokens stands in the other text, too."""

    part: str
    matched: int
    own: int

    @property
    def score(self) -> float:
        """The matched tokens, times the share that they are: many and nearly all weigh most.

        A part's own tokens count as PRIOR more than they are, since of a few nearly all may match
        by chance.
        """
        return self.matched**2 / (self.own + PRIOR)


@dataclass(frozen=True)
class Pair:
    """Two texts and what they share, seen from each of them."""

    texts: tuple[Text, Text]
    shares: tuple[list[Share], list[Share]]
    marks: tuple[list[bytearray], list[bytearray]] = field(repr=False)  # by piece and token

    @property
    def parts(self) -> list[Share]:
        """The parts in which something matches, from the side that it is more of."""
        best: dict[str, Share] = {}
        for share in (share for side in self.shares for share in side if share.matched):
            if share.part not in best or share.score > best[share.part].score:
                best[share.part] = share
        return sorted(best.values(), key=lambda share: (-share.score, share.part))

    @property
    def score(self) -> float:
        return sum(share.score for share in self.parts)

    @property
    def matched(self) -> int:
        """Tokens that both have, counted in the one that has fewer of them."""
        return min(sum(share.matched for share in side) for side in self.shares)


class Collection:
    """The texts of a class (and of earlier ones), indexed by the runs that few of them share."""

    def __init__(self, texts: Sequence[Text], given: Iterable[Text] = ()) -> None:
        self.texts = texts
        given = list(given)
        self._given = set().union(*(text.runs for text in given))
        counts = Counter(number for text in texts for number in text.runs)
        limit = max(FEW, int(COMMON * len(texts)))
        common = {number for number, count in counts.items() if count > limit}
        self._shared = {number for number, count in counts.items() if 1 < count <= limit}
        self._shared -= self._given
        self._dull = common | self._given

    def pairs(self, most: int) -> list[Pair]:
        """Return the pairs that share most, the highest score first."""
        found = [self._compared(*pair) for pair in self._candidates(CANDIDATES * most)]
        found.sort(key=lambda p: (-p.score, -p.matched, p.texts[0].owner, p.texts[1].owner))
        return [pair for pair in found if pair.score >= LEAST][:most]

    def _candidates(self, most: int) -> list[tuple[Text, Text]]:
        """Return pairs that share many fingerprints, or many of one's own."""
        kept = [
            {n for found in text.grams for n in winnowed(found)} & self._shared
            for text in self.texts
        ]
        where: dict[int, list[int]] = defaultdict(list)
        for place, numbers in enumerate(kept):
            for number in numbers:
                where[number].append(place)
        both: Counter[tuple[int, int]] = Counter()
        for places in where.values():
            both.update(combinations(places, 2))
        likely = [
            (count / min(len(kept[a]), len(kept[b])), count, a, b)
            for (a, b), count in both.items()
            if count >= MIN_MATCHED and not (self.texts[a].is_earlier and self.texts[b].is_earlier)
        ]
        by_share = sorted(likely, reverse=True)[:most]
        by_count = sorted(likely, key=lambda each: each[1:], reverse=True)[:most]
        chosen = dict.fromkeys((a, b) for *_, a, b in by_share + by_count)
        return [(self.texts[a], self.texts[b]) for a, b in chosen]

    def _compared(self, one: Text, other: Text) -> Pair:
        wanted = one.runs & other.runs & self._shared
        marks = (self._marks(one, wanted), self._marks(other, wanted))
        shares = (self._shares(one, marks[0]), self._shares(other, marks[1]))
        return Pair((one, other), shares, marks)

    def _marks(self, text: Text, wanted: set[int]) -> list[bytearray]:
        return [
            covered(numbers, wanted, length)
            for numbers, length in zip(text.grams, text.lengths, strict=True)
        ]

    def _shares(self, text: Text, marks: Sequence[bytearray]) -> list[Share]:
        """Return what is matched of each part, and how much of it is the text's own."""
        matched: Counter[str] = Counter()
        own: Counter[str] = Counter()
        for piece, dull, found in zip(
            text.pieces, self._marks(text, self._dull), marks, strict=True
        ):
            own[piece.part] += dull.count(0)
            matched[piece.part] += sum(m > d for m, d in zip(found, dull, strict=True))
        return [Share(part, matched[part], own[part]) for part in own]

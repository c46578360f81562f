"""Do attention weights show which inputs an answer depends on?

A small classifier reads 20 words, weighs them by additive attention and answers whether the
good or the bad words prevail; a "not" turns the next word round. Weights are held against
what happens to the answer when a word is left out, and against weights put in another order.
Source of both questions: Jain & Wallace 2019, sections 4.1 and 4.2.1.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from experiments.harness.registry import Outcome
from solutions.alignment import AdditiveScore, align
from solutions.gates import GRU
from solutions.stacking import Bidirectional

WORDS, EACH, NOT = 40, 5, 10  # words 0 .. 4 are good, 5 .. 9 bad, 10 is "not", the rest neutral


def draw(
    batch: int, length: int, generator: torch.Generator
) -> tuple[Int[Tensor, "batch time"], Float[Tensor, " batch"]]:
    """Draw texts of equally likely kinds of words; the label is 1 where good words prevail.

    Texts without a winner are drawn again. Kinds: good, bad, "not", and neutral three times.
    """
    texts, labels = torch.empty(0, length, dtype=torch.long), torch.empty(0)
    while len(texts) < batch:
        kind = torch.randint(0, 6, (2 * batch, length), generator=generator)
        which = torch.randint(0, EACH, (2 * batch, length), generator=generator)
        neutral = torch.randint(NOT + 1, WORDS, (2 * batch, length), generator=generator)
        word = torch.where(kind < 2, EACH * kind + which, torch.where(kind == 2, NOT, neutral))
        balance = verdict(word)
        decided = balance != 0
        texts = torch.cat([texts, word[decided]])
        labels = torch.cat([labels, (balance[decided] > 0).float()])
    return texts[:batch], labels[:batch]


def verdict(word: Int[Tensor, "batch time"]) -> Int[Tensor, " batch"]:
    """Return good minus bad words, a word behind "not" counting the other way round."""
    value = (word < EACH).long() - ((word >= EACH) & (word < NOT)).long()
    negated = nn.functional.pad(word[:, :-1] == NOT, (1, 0))
    return torch.where(negated, -value, value).sum(1)


class AttentionClassifier(nn.Module):
    """Embed, encode ("none" or "gru", in both directions), weigh, answer.

    alpha = softmax(v . tanh(U h(t))),   answer = sigmoid(w . sum_t alpha(t) h(t) + b)
    """

    def __init__(self, width: int, encoder: str) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, width)
        self.encoder = (
            Bidirectional(GRU(width, width), GRU(width, width)) if encoder == "gru" else None
        )
        size = 2 * width if encoder == "gru" else width
        self.score = AdditiveScore(1, size, width)
        self.answer = nn.Linear(size, 1)

    def forward(
        self, word: Int[Tensor, "batch time"]
    ) -> tuple[Float[Tensor, " batch"], Float[Tensor, "batch time"], Float[Tensor, "batch time h"]]:
        """Return the logits, the weights, and what was weighed."""
        h = self.embed(word)
        if self.encoder is not None:
            h, _ = self.encoder(h)
        nothing = h.new_zeros(len(h), 1)  # one question for all texts
        context, weights = align(self.score(nothing, self.score.read(h)), h)
        return self.answer(context).squeeze(1), weights, h


def rank(x: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
    """Return each entry's rank within its row, from 0."""
    return x.argsort(1).argsort(1).to(torch.float64)


def rank_correlation(
    a: Float[Tensor, "batch time"], b: Float[Tensor, "batch time"]
) -> Float[Tensor, " batch"]:
    """Return Spearman's correlation of every pair of rows (entries of a row all different)."""
    a, b = rank(a), rank(b)
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))


def left_out(
    model: AttentionClassifier, word: Int[Tensor, "batch time"]
) -> Float[Tensor, "batch time"]:
    """Return how far the answer moves when a word is taken out of the text, for every word."""
    answer = torch.sigmoid(model(word)[0])
    moved = []
    for t in range(word.shape[1]):
        shorter = torch.cat([word[:, :t], word[:, t + 1 :]], dim=1)
        moved.append((torch.sigmoid(model(shorter)[0]) - answer).abs())
    return torch.stack(moved, dim=1)


def run(parameters: dict[str, Any], device: str) -> Outcome:
    """Train one kind of classifier from several seeds; hold weights against dependence."""
    p = parameters
    rows = []
    for seed in p["seeds"]:
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        model = AttentionClassifier(p["width"], p["encoder"]).to(device)
        optimizer = torch.optim.Adam(model.parameters(), lr=p["rate"])
        for _ in range(p["steps"]):
            word, label = (part.to(device) for part in draw(p["batch"], p["length"], generator))
            logit, _, _ = model(word)
            loss = nn.functional.binary_cross_entropy_with_logits(logit, label)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        word, label = (part.to(device) for part in draw(p["test_count"], p["length"], generator))
        rows.append({"seed": seed, **judge(model, word, label, p["orders"])})
    return {"seeds": rows}


@torch.no_grad()
def judge(
    model: AttentionClassifier,
    word: Int[Tensor, "batch time"],
    label: Float[Tensor, " batch"],
    orders: int,
) -> dict[str, float]:
    """Return accuracy, correlation, how often the top weight is the top cause, and the effect
    of weights dealt out in random order (median over texts of the median over orders)."""
    logit, weights, h = model(word)
    moved = left_out(model, word)
    found = rank_correlation(weights, moved)
    shifts = []
    for _ in range(orders):
        order = torch.rand(word.shape).argsort(1).to(word.device)
        mixed = model.answer((weights.gather(1, order).unsqueeze(1) @ h).squeeze(1)).squeeze(1)
        shifts.append((torch.sigmoid(mixed) - torch.sigmoid(logit)).abs())
    top = weights.argmax(1) == moved.argmax(1)
    return {
        "accuracy": round(((logit > 0) == (label > 0.5)).float().mean().item(), 4),
        "rank_correlation": round(found.mean().item(), 4),
        "correlation_quartiles": [
            round(q, 3) for q in found.quantile(found.new_tensor([0.25, 0.5, 0.75])).tolist()
        ],
        "top_agrees": round(top.float().mean().item(), 4),
        "shuffled_shift": round(torch.stack(shifts).median(0).values.median().item(), 4),
    }

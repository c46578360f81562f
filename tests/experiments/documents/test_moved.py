"""Adding with the second mark moved: the task, and that only the mark has moved."""

from __future__ import annotations

import torch

from experiments.documents.moved import MovedPairs, run_moved
from experiments.documents.moved_rows import LEARNERS, SAME, rows


def test_the_second_mark_lies_in_the_last_half() -> None:
    task = MovedPairs(100)
    x, target = task.draw(4, 500, torch.Generator().manual_seed(0))
    value, mark = x.unbind(-1)
    assert 100 <= x.shape[2] <= 110
    assert value.min() >= -1
    assert (mark[..., 0] == -1).all()
    assert (mark[..., -1] == -1).all()
    marked = mark == 1
    assert (marked[..., 50:99].sum(-1) == 1).all()
    assert (marked[..., :10].sum(-1) <= 1).all()
    assert marked[..., 1:10].any(-1).float().mean() > 0.85
    assert not marked[..., 10:50].any()
    torch.testing.assert_close(target[..., 0], 0.5 + (value * marked).sum(-1) / 4)
    assert task.right(target + 0.039, target).all()


def test_nets_and_training_are_those_of_the_documents_table() -> None:
    for name, given in rows(quick=False).items():
        same = SAME.learners[name]
        assert {key: given[key] for key in ("budget", "batch", "rate", "clip")} == {
            key: same[key] for key in ("budget", "batch", "rate", "clip")
        }
        assert given["net"] == same.get("net", name)
    assert set(LEARNERS) < set(SAME.learners)


def test_a_run_repeats_itself() -> None:
    given = rows(quick=True)["gru-chrono"] | {"budget": 64, "seeds": 2}
    first = run_moved(given, "cpu")
    assert first == run_moved(given, "cpu")
    assert [seed["sequences"] for seed in first["seeds"]] == [64, 64]

"""Fits give back the law that made the numbers."""

from __future__ import annotations

import pytest
import torch

from experiments.instruments import power_law

SIZES = [3e3, 1e4, 3e4, 1e5, 3e5]


def made(a: float, b: float, c: float, noise: float = 0.0) -> list[float]:
    generator = torch.Generator().manual_seed(0)
    shake = 1 + noise * torch.randn(len(SIZES), generator=generator)
    return [(a * n**-b + c) * s for n, s in zip(SIZES, shake.tolist(), strict=True)]


def test_a_line_is_found_exactly() -> None:
    law = power_law.fit(SIZES, made(5, 0.1, 0))
    assert law.a == pytest.approx(5)
    assert law.b == pytest.approx(0.1)
    assert law.b_error < 1e-10
    assert (law.smallest, law.largest, law.points) == (3000, 300_000, 5)


def test_the_error_covers_the_noise() -> None:
    law = power_law.fit(SIZES, made(5, 0.1, 0, noise=0.02))
    assert 0.001 < law.b_error < 0.02
    assert abs(law.b - 0.1) < 4 * law.b_error


def test_a_floor_is_found() -> None:
    losses = made(30, 0.4, 1.2)
    law = power_law.fit_with_floor(SIZES, losses)
    assert law.c == pytest.approx(1.2, abs=0.02)
    assert law.b == pytest.approx(0.4, abs=0.02)
    assert power_law.fit(SIZES, losses).b < 0.2


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        power_law.fit([1, 2], [2, 1])
    with pytest.raises(ValueError, match="above c"):
        power_law.fit([1, 2, 3], [3, 2, 1], c=1)


def test_laws_are_by_kind_and_say_their_limits() -> None:
    trials = {
        f"{kind}-{n}-{seed}": {
            "parameters": {"kind": kind},
            "weights": int(n),
            "loss": loss * (1 + 0.001 * seed),
            "characters_read": 1_500_000,
            "epochs": 0.4,
        }
        for kind, b in (("lstm", 0.05), ("mamba", 0.1))
        for n, loss in zip(SIZES, made(4, b, 0), strict=True)
        for seed in (0, 1)
    }
    laws = power_law.laws(trials)
    assert laws["lstm"]["line"]["b"] == pytest.approx(0.05)
    assert laws["mamba"]["line"]["b"] == pytest.approx(0.1)
    low, high = laws["mamba"]["without_one_size"]
    assert low <= 0.1000001
    assert high >= 0.0999999
    assert "3,000 to 300,000" in laws["lstm"]["limits"]
    assert "1,500,000 characters" in laws["lstm"]["limits"]

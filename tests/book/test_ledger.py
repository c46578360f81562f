"""A number gets into the ledger only if it fits its claim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ledger
import pytest
import yaml
from evidence import Computed, named
from ledger import LedgerError, load_claims, measurement

# A section, a table, an equation, a page; or the point is computed.
PLACE = re.compile(
    r"[Ss]ection|Tables? |Figure|eq\.|abstract|Theorem|Appendix|\bA\.\d|, \d\.\d|pages"
    r"|references|documentation|conclusion|arithmetic|Markov"
)
ENTRY: dict[str, Any] = {
    "id": "moon",
    "document": "D1",
    "claim": "The moon is made of cheese.",
    "topic": "history",
    "verdict": "contradicted",
    "primary": "Samples.",
    "confidence": "high",
    "measurable": "yes",
    "experiment": "Taste it.",
}


def claims_file(folder: Path, *entries: dict[str, Any]) -> Path:
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump(list(entries)), encoding="utf-8")
    return path


def measure(file: Path, **changes: Any) -> ledger.Measurement:
    arguments: dict[str, Any] = {
        "claim_id": "moon",
        "verdict": "contradicted",
        "text": "cheese is {share:.0%} of it <all>.",
        "evidence": Computed("ten spoons of moon, weighed"),
        "constants": {"most": named(0.5, "half is the most")},
        "agrees": lambda share: share < 0.5,
        "contradicted_by": "{share:.0%} of it were cheese.",
        "contrary": {"share": 0.6},
        "possible": {"share": (0, 1)},
        "claims_file": file,
        "numbers": {"share": 0.0},
    }
    return measurement(**(arguments | changes))


def test_the_book_s_claims_are_complete_and_sound() -> None:
    claims = load_claims()
    assert len(claims) == 90
    assert sum(c.experiment is not None for c in claims.values()) == 68
    assert {c.document for c in claims.values()} == {"D1", "D2", "D3", "D4", "D5"}
    for claim in claims.values():
        assert claim.claim.strip()
        assert PLACE.search(claim.primary), f"{claim.id}: where does the source say that?"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"verdict": "true"}, "verdict must be one of"),
        ({"confidence": "sure"}, "confidence must be one of"),
        ({"measurable": "no"}, "measurable, but how"),
        ({"document": "D9"}, "document must be one of"),
        ({"reproduced": "maybe", "published": "All of it."}, "reproduced must be one of"),
        ({"reproduced": "no"}, "needs 'published'"),
        ({"published": "All of it."}, "needs 'published'"),
        ({"why_not": "It is far.", "needs": "A rocket."}, "no other has them"),
    ],
)
def test_a_bad_record_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        load_claims(claims_file(tmp_path, ENTRY | change))


def test_a_claim_stands_once(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="twice"):
        load_claims(claims_file(tmp_path, ENTRY, ENTRY))


def test_a_measurement_that_agrees_is_recorded(tmp_path: Path) -> None:
    found = measure(claims_file(tmp_path, ENTRY))
    data, metadata = found._repr_mimebundle_()
    assert data["text/plain"] == "cheese is 0% of it <all>."
    assert metadata["claim"] == {
        "claim": "moon",
        "verdict": "contradicted",
        "text": "cheese is 0% of it <all>.",
        "numbers": {"share": 0.0},
        "contradicted_by": "60% of it were cheese.",
        "evidence": {"kind": "computed", "how": "ten spoons of moon, weighed"},
        "constants": {"most": "0.5, half is the most"},
    }
    assert "&lt;all&gt;" in data["text/html"]
    assert "How much was run: ten spoons of moon, weighed. Chosen: most 0.5" in data["text/html"]
    assert 'id="measured-moon"' in data["text/html"]


def test_a_disagreement_stops_the_build_and_shows_the_number(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cheese is 90%"):
        measure(claims_file(tmp_path, ENTRY), numbers={"share": 0.9})


def test_a_tampered_verdict_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="says 'supported'"):
        measure(claims_file(tmp_path, ENTRY | {"verdict": "supported"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"claim_id": "sun"}, "no claim 'sun'"),
        ({"numbers": {"share": float("nan")}}, "measures nothing"),
        ({"numbers": {"share": float("inf")}}, "measures nothing"),
        ({"text": "no cheese at all."}, "none of the measured numbers"),
    ],
)
def test_a_number_must_be_one(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        measure(claims_file(tmp_path, ENTRY), **change)


def test_without_a_number_nothing_is_measured(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="at least one number"):
        measure(claims_file(tmp_path, ENTRY), numbers={})


def test_an_unmeasurable_claim_cannot_be_measured(tmp_path: Path) -> None:
    entry = {k: v for k, v in ENTRY.items() if k != "experiment"} | {"measurable": "no"}
    with pytest.raises(LedgerError, match="needs both"):
        load_claims(claims_file(tmp_path, entry | {"why_not": "It is far."}))
    reasons = {"why_not": "It is far.", "needs": "A rocket."}
    with pytest.raises(LedgerError, match="not measurable"):
        measure(claims_file(tmp_path, entry | reasons))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contrary": {"share": 0.4}}, "moon: the falsifier does not fire"),
        (
            {"evidence": Computed("weighed", clock=("share",))},
            "moon: the verdict hangs on the clock",
        ),
        ({"agrees": True}, "moon: `agrees` must be a function"),
    ],
)
def test_the_rules_of_evidence_hold_and_the_claim_is_named(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(LedgerError, match=message):
        measure(claims_file(tmp_path, ENTRY), **change)


def test_the_reason_for_unequal_budgets_is_said(tmp_path: Path) -> None:
    record = measure(claims_file(tmp_path, ENTRY)).record()
    record["evidence"] = {"how": "two nets.", "unequal": "the second is twice as slow"}
    record["constants"] = {}
    assert ledger.how_much(record) == (
        "How much was run: two nets. Budgets differ because the second is twice as slow."
    )

"""What may be wrong between the ledger and the chapters, found and said in plain words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ledger import Claim, load_claims
from ledger_page import counts, problems

from experiments.harness.ledger import Measured
from experiments.harness.registry import Finding

MOON = Claim("moon", "D1", "Cheese.", "history", "contradicted", "Samples.", "high", "Taste it.")
CLAIMS = {
    "moon": MOON,
    "sun": replace(MOON, id="sun"),
    "sky": replace(MOON, id="sky", experiment=None),
}


def record(claim: str, verdict: str = "contradicted") -> dict[str, Any]:
    return {"claim": claim, "verdict": verdict}


def weighed(*, agrees: bool = True) -> Measured:
    return Measured(("scales", "spoons"), Finding("1 % of it is cheese.", agrees))


def test_all_is_well() -> None:
    found = [("one", record("moon")), ("two", record("sun"))]
    assert problems(CLAIMS, found, {"one": ["history"]}, {}, []) == []


def test_a_verdict_that_changed_after_the_measurement() -> None:
    (message,) = problems(CLAIMS, [("one", record("moon", "supported"))], {}, {}, [])
    assert "one measured moon for the verdict 'supported'" in message


def test_a_claim_that_is_gone_or_measured_twice() -> None:
    found = [("one", record("moon")), ("two", record("moon")), ("two", record("mars"))]
    twice, gone = problems(CLAIMS, found, {}, {}, [])
    assert twice == "moon is measured in one and two"
    assert "mars, which is not in" in gone


def test_a_chapter_keeps_its_promise() -> None:
    promises = {"one": ["history"], "two": []}
    found, results = [("one", record("moon"))], {"sun": weighed()}
    broken = ["one promises to measure sun and does not"]
    assert problems(CLAIMS, found, promises, {}, []) == broken
    assert problems(CLAIMS, found, promises, results, []) == broken
    assert problems(CLAIMS, found, promises, results, [("one", "sun")]) == []


def test_a_card_stands_in_one_chapter() -> None:
    cards = [("one", "sun"), ("two", "sun")]
    (message,) = problems(CLAIMS, [], {}, {"sun": weighed()}, cards)
    assert message == "the card of sun stands in one and two"


def test_results_that_disagree_are_shown_with_their_number() -> None:
    (message,) = problems(CLAIMS, [], {}, {"sun": weighed(agrees=False)}, [])
    assert message == (
        "results of scales, spoons do not agree with the verdict 'contradicted' on sun: "
        "1 % of it is cheese."
    )


def test_a_claim_has_one_place() -> None:
    (message,) = problems(CLAIMS, [("one", record("sun"))], {}, {"sun": weighed()}, [])
    assert message == "sun is measured in one and by an experiment"


def test_counts_say_all_only_when_none_is_missing() -> None:
    known = counts(CLAIMS, ["moon"])
    assert (known["all"], known["measurable"], known["measured"]) == ("3", "2", "1")
    assert counts(CLAIMS, ["moon", "sun", "sky"])["measured"] == "all"
    assert (known["contradicted"], known["supported"]) == ("3", "0")


def test_the_real_ledger_is_what_the_extension_reads() -> None:
    assert len(problems(load_claims(), [], {"x": ["rnn-limits"]}, {}, [])) == 9

"""The claims ledger: what the documents say, and what this build measured.

``claims.yaml`` holds one record per claim, with the verdict of the primary source. A chapter
cell that measures a claim calls ``measured``: it holds the measurement to the rules of evidence
(``evidence.py``) and to the verdict, shows a card in the page, and leaves the record in the
cell's output. Outputs live in the cache of executed notebooks, so the ledger page finds the
number again when nothing is run anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from documents import load_documents
from evidence import Constant, Evidence, Falsifier, LedgerError, Predicate, holds, parameters

CLAIMS_FILE = Path(__file__).with_name("claims.yaml")
VERDICTS = ("supported", "imprecise", "contradicted", "unverified")
CONFIDENCES = ("high", "medium", "low")
REPRODUCED = ("yes", "partly", "no")
GLUE_PREFIX = "claim/"


@dataclass(frozen=True)
class Claim:
    """One claim of one document, and what the primary source says about it.

    ``experiment`` is the small measurement that tests the claim; a claim without one is not
    measurable here. ``topic`` names the chapter that measures it. ``sources`` are keys of the
    bibliography. ``reproduced`` says whether what a source reports (``published``) came out again,
    which is another question than the verdict; it is None where nothing had to be run again.
    ``note`` is what to keep in mind when reading the number. ``why_not`` says of a claim without
    experiment why nothing is measured here, and ``needs`` what it would take.
    """

    id: str
    document: str
    claim: str
    topic: str
    verdict: str
    primary: str
    confidence: str
    experiment: str | None = None
    sources: tuple[str, ...] = ()
    reproduced: str | None = None
    published: str = ""
    note: str = ""
    why_not: str = ""
    needs: str = ""

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("verdict", self.verdict, VERDICTS),
            ("confidence", self.confidence, CONFIDENCES),
            ("document", self.document, tuple(load_documents())),
            ("reproduced", self.reproduced, (None, *REPRODUCED)),
        ):
            if value not in allowed:
                raise LedgerError(f"claim {self.id}: {name} must be one of {allowed}, got {value}")
        if (self.reproduced is None) != (not self.published):
            raise LedgerError(
                f"claim {self.id}: 'reproduced' needs 'published', what the source reports, and "
                "the other way round"
            )


@dataclass(frozen=True)
class Measurement:
    """A number measured for a claim, as a notebook cell displays and stores it."""

    claim: Claim
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    contradicted_by: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return what the ledger page needs, as plain JSON data."""
        return {
            "claim": self.claim.id,
            "verdict": self.claim.verdict,
            "text": self.text,
            "numbers": dict(self.numbers),
            "contradicted_by": self.contradicted_by,
            "evidence": dict(self.evidence),
            "constants": dict(self.constants),
        }

    def card(self) -> str:
        """Return the card that the chapter shows, as HTML."""
        falls = f"This verdict would fall if {self.contradicted_by}"
        return card(self.claim, "in this build", self.text, how_much(self.record()), falls)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Tell Jupyter how to show the measurement; the record travels as output metadata."""
        return {"text/plain": self.text, "text/html": self.card()}, {"claim": self.record()}


def card(claim: Claim, when: str, text: str, *more: str, code: str = "") -> str:
    """Return a claim beside what was measured for it, as HTML; ``code`` ends the last line."""
    document = load_documents()[claim.document]
    again = f'<span class="claim-reproduced">Reproduced: {claim.reproduced}.</span> '
    lines = [escape(line) for line in more]
    if code:
        lines[-1] += f" <code>{escape(code)}</code>"
    return (
        f'<div class="claim-card verdict-{claim.verdict}" id="measured-{escape(claim.id)}">'
        f'<p class="claim-head"><a class="claim-document" href="ledger.html#{document.anchor}">'
        f"{escape(document.title)}</a> ({document.label}) claims: {escape(claim.claim)}</p>"
        f'<p><span class="claim-verdict">{claim.verdict}</span> '
        f"{again if claim.reproduced else ''}"
        f'<a href="ledger.html#claim-{escape(claim.id)}">ledger entry</a></p>'
        f"<p><strong>Measured {when}:</strong> {escape(text)}</p>"
        + "".join(f'<p class="claim-falsifier">{line}</p>' for line in lines)
        + "</div>"
    )


def how_much(record: Mapping[str, Any]) -> str:
    """Return, from the record of a measurement, how much was run and what was chosen for it."""
    evidence = record["evidence"]
    parts = [f"How much was run: {evidence['how'].rstrip('.')}."]
    if evidence.get("unequal"):
        parts.append(f"Budgets differ because {evidence['unequal'].rstrip('.')}.")
    if record["constants"]:
        chosen = "; ".join(f"{name} {text}" for name, text in record["constants"].items())
        parts.append(f"Chosen: {chosen}.")
    return " ".join(parts)


@cache
def load_claims(path: Path = CLAIMS_FILE) -> dict[str, Claim]:
    """Return all claims, by id, in the order of the file, as it is when first asked."""
    claims: dict[str, Claim] = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        fields = dict(entry)
        measurable = fields.pop("measurable") == "yes"
        claim = Claim(**fields | {"sources": tuple(fields.get("sources", ()))})
        if measurable != (claim.experiment is not None):
            raise LedgerError(f"claim {claim.id}: measurable, but how? An experiment must say so")
        if measurable == bool(claim.why_not and claim.needs):
            raise LedgerError(
                f"claim {claim.id}: 'why_not' and 'needs' say why nothing is measured and what it "
                "would take; a claim that is not measurable needs both, no other has them"
            )
        if claim.id in claims:
            raise LedgerError(f"claim {claim.id} stands twice in {path.name}")
        claims[claim.id] = claim
    return claims


def measurement(
    claim_id: str,
    verdict: str,
    text: str,
    numbers: Mapping[str, float],
    *,
    evidence: Evidence,
    constants: Mapping[str, Constant],
    agrees: Predicate,
    contradicted_by: str,
    contrary: Mapping[str, float],
    possible: Mapping[str, tuple[float, float]],
    claims_file: Path = CLAIMS_FILE,
) -> Measurement:
    """Check a measured claim and return its record; ``measured`` explains the arguments."""
    claims = load_claims(claims_file)
    if claim_id not in claims:
        raise LedgerError(f"no claim {claim_id!r} in {claims_file.name}")
    claim = claims[claim_id]
    if claim.experiment is None:
        raise LedgerError(f"claim {claim_id} is marked as not measurable in {claims_file.name}")
    if verdict != claim.verdict:
        raise LedgerError(
            f"claim {claim_id}: {claims_file.name} says {claim.verdict!r}, the measurement is "
            f"written for {verdict!r}. Look at the primary source again, then mend one of them."
        )
    plain = {name: float(value) for name, value in numbers.items()}
    try:
        filled = fill(text, plain)
        if not holds(agrees, plain):
            raise LedgerError(
                f"the measurement does not agree with the verdict {verdict!r}: {filled} Find out "
                "which of the two is wrong."
            )
        evidence.check(parameters(agrees, plain))
        Falsifier(contrary, possible).check(agrees, plain)
    except LedgerError as error:
        raise LedgerError(f"claim {claim_id}: {error}") from None
    return Measurement(
        claim,
        filled,
        plain,
        contradicted_by.format_map({**plain, **contrary}),
        evidence.record(),
        {name: constant.text for name, constant in constants.items()},
    )


def fill(text: str, numbers: Mapping[str, float]) -> str:
    """Return the format string with the measured numbers in it; all must be finite."""
    if not numbers:
        raise LedgerError("a measurement needs at least one number")
    for name, value in numbers.items():
        if not math.isfinite(value):
            raise LedgerError(f"{name} is {value}, which measures nothing")
    filled = text.format_map(numbers)
    if filled == text:
        raise LedgerError("the text shows none of the measured numbers")
    return filled


def measured(
    claim_id: str,
    verdict: str,
    text: str,
    *,
    evidence: Evidence,
    constants: Mapping[str, Constant],
    agrees: Predicate,
    contradicted_by: str,
    contrary: Mapping[str, float],
    possible: Mapping[str, tuple[float, float]],
    **numbers: float,
) -> None:
    """Glue the measurement of a claim into the notebook, or raise LedgerError.

    ``text`` is a format string over ``numbers``, so that no figure is typed in by hand.
    ``verdict`` is the one the experiment speaks for; it must be the ledger's.

    ``evidence`` is ``Computed`` or ``Trained`` and brings its own rules: equal budgets, a
    control, five seeds with their spread. ``constants`` are the numbers that somebody chose,
    each ``swept`` or ``named`` with its reason.

    ``agrees`` is a function of some of the numbers, by name: do they bear the verdict out?
    ``contrary`` holds the numbers of the opposite verdict, ``possible`` between which values
    they can come out, ``contradicted_by`` says them in words (it completes "This verdict would
    fall if ..." and is a format string over the contrary numbers). ``agrees`` has to be true of
    the numbers and false of the contrary ones. A measurement that disagrees, or that could not
    have disagreed, stops the build; a person has to find out what is wrong.
    """
    # Imported here: the book's other parts read claims without a notebook around them.
    from myst_nb import glue

    record = measurement(
        claim_id,
        verdict,
        text,
        numbers,
        evidence=evidence,
        constants=constants,
        agrees=agrees,
        contradicted_by=contradicted_by,
        contrary=contrary,
        possible=possible,
    )
    glue(GLUE_PREFIX + claim_id, record)

"""The papers of the bibliography, as the ledger links them: a short name and one address."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pybtex.database import Entry, parse_file

BIBLIOGRAPHY = Path(__file__).parents[1] / "references.bib"


@cache
def papers() -> dict[str, tuple[str, str]]:
    """Return, by key, each paper's name ("Gers et al. 2000") and address ("" for none).

    The bibliography is the one place for addresses: a DOI, or the ``url`` of a paper without one.
    """
    entries = parse_file(str(BIBLIOGRAPHY)).entries
    return {key: (name_of(entry), address_of(entry)) for key, entry in entries.items()}


def name_of(entry: Entry) -> str:
    """Return the authors' last names, shortened as in a text, and the year."""
    people = entry.persons["author"]
    last = [
        " ".join(str(part) for part in (*person.rich_prelast_names, *person.rich_last_names))
        for person in people
    ]
    names = f"{last[0]} et al." if last[-1] == "others" or len(last) > 2 else " & ".join(last)
    return f"{names} {entry.fields['year']}"


def address_of(entry: Entry) -> str:
    """Return the paper's address: its DOI's, or the one that the bibliography gives."""
    if "doi" in entry.fields:
        return f"https://doi.org/{entry.fields['doi']}"
    return str(entry.fields.get("url", ""))

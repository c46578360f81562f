"""Pass rates, and who passes the visible tests and fails the hidden check all the same."""

from __future__ import annotations

from autograder.steps.site.rates import rates
from tests.autograder.classes import someone

FINE, BROKEN = {"double-tests": "ok", "norm-tests": "ok"}, {"double-tests": "error"}


def test_visible_tests_are_set_against_hidden_ones() -> None:
    people = [
        someone("ada", visible=FINE),
        someone("bob", {"doubles": "no", "euclidean": "no"}, visible=FINE),
        someone("eve", {"doubles": "no"}, visible=BROKEN),
        someone("junk", {"doubles": "no", "keeps": "no", "euclidean": "no"}),
    ]
    found = {rate.check.name: rate for rate in rates(people)}
    counts = {
        name: (rate.passed, rate.total, rate.surprised, rate.prepared)
        for name, rate in found.items()
    }
    assert counts == {"doubles": (1, 4, 1, 2), "keeps": (3, 4, 0, 2), "euclidean": (2, 4, 1, 2)}
    assert found["doubles"].percent == 25
    assert [list(bug.people) for bug in found["euclidean"].bugs] == [["bob", "junk"]]


def test_every_check_has_a_page_of_its_own() -> None:
    pages = [rate.page for rate in rates([someone("ada")])]
    assert len(set(pages)) == 3
    assert rates([]) == []

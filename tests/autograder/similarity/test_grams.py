"""Runs of tokens: equal for equal runs, and no long run that two share is missed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from autograder.similarity.grams import GRAM, WINDOW, covered, grams, winnowed

WORDS = st.lists(st.sampled_from("abcdef"), max_size=60)
LONG = st.lists(
    st.sampled_from("abcdefgh"), min_size=GRAM + WINDOW - 1, max_size=GRAM + WINDOW + 10
)


@given(WORDS)
def test_equal_runs_have_equal_numbers_and_no_others(words: list[str]) -> None:
    found = grams(words)
    runs = [tuple(words[place : place + GRAM]) for place in range(len(words) - GRAM + 1)]
    assert len(found) == len(runs)
    assert len(set(found)) == len(set(runs))
    assert len(set(zip(found, runs, strict=True))) == len(set(runs))


def test_numbers_are_the_same_in_every_process() -> None:
    assert list(grams(["token"] * GRAM)) == [SAME]


SAME = 579942496544355236


@given(LONG, WORDS, WORDS, WORDS, WORDS)
def test_what_two_share_is_found(
    shared: list[str], a: list[str], b: list[str], c: list[str], d: list[str]
) -> None:
    one, other = (winnowed(grams(words)) for words in (a + shared + b, c + shared + d))
    assert one & other


@given(WORDS)
def test_a_part_of_the_runs_stands_for_the_text(words: list[str]) -> None:
    found = grams(words)
    assert winnowed(found) <= set(found)
    assert bool(winnowed(found)) == bool(found)


@given(WORDS, st.data())
def test_tokens_below_a_wanted_run_are_covered(words: list[str], data: st.DataObject) -> None:
    found = grams(words)
    wanted = set(data.draw(st.lists(st.sampled_from(list(found))))) if found else set()
    marks = covered(found, wanted, len(words))
    for place in range(len(words)):
        near = found[max(0, place - GRAM + 1) : place + 1]
        assert marks[place] == any(number in wanted for number in near)

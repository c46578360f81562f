"""Pseudonyms: the same every time, another for each assignment, and nothing without the secret."""

from __future__ import annotations

from collections import Counter

from autograder.steps.pseudonyms import ANIMALS, MANNERS, pseudonym


def test_a_pseudonym_is_stable_and_looks_like_one() -> None:
    found = pseudonym("secret", "08-capstone", "ada")
    assert found == pseudonym("secret", "08-capstone", "ada")
    manner, animal, number = found.split()
    assert manner in MANNERS
    assert animal in ANIMALS
    assert len(number) == 4


def test_it_depends_on_the_secret_the_assignment_and_the_student() -> None:
    asked = [("s", "a", "ada"), ("t", "a", "ada"), ("s", "b", "ada"), ("s", "a", "eve")]
    assert len({pseudonym(*each) for each in asked}) == len(asked)


def test_the_border_between_assignment_and_student_counts() -> None:
    assert pseudonym("s", "a", "b-c") != pseudonym("s", "a\0b", "c")
    assert pseudonym("s", "ab", "c") != pseudonym("s", "a", "bc")


def test_a_class_has_hardly_two_of_one_name_and_all_words_are_used() -> None:
    found = [pseudonym("secret", "a", f"student{number}") for number in range(2000)]
    assert len(set(found)) >= 1998
    assert len(Counter(each.split()[0] for each in found)) == len(MANNERS) == 32
    assert len(Counter(each.split()[1] for each in found)) == len(ANIMALS) == 32

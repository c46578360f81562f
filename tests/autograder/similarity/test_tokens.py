"""Tokens that a copier cannot change without changing the code; any text is read to its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.similarity.tokens import code, prose
from tests.autograder.bounded import bounded

ORIGINAL = '''
class Cell(nn.Module):
    """The cell."""

    def __init__(self):
        self.w = self.u = 1

    def step(self, x, h):  # one token
        rows = (x @ self.w, h @ self.u)
        return torch.stack(rows, dim=1).tanh() * 0.001 if len(x) > 1 else "none"
'''
COPY = """
class Mine ( nn . Module ) :
        # all of this I wrote
        def __init__(me): me.weight = me.other = 1
        def advance(me, value, before,):
            both = (
                value @ me.weight,
                before @ me.other,
            )
            return torch.stack(both, axis = 1,).tanh() * 1e-3 if len(value) > 1 else f'n{1}'
"""


def texts(source: str) -> list[str]:
    (found,) = code([source])
    return [token.text for token in found]


def test_names_layout_and_comments_do_not_count() -> None:
    assert texts(ORIGINAL) == texts(COPY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x + y", "x - y"),
        ("x.sum()", "x.mean()"),
        ("len(x)", "sum(x)"),
        ("x ** 2", "x ** 3"),
        ("x[1]", "x[1.0]"),
        ("while x: pass", "if x: pass"),
        ("f(x, y)", "f(x)"),
        ("return 'a'", "return"),
    ],
)
def test_what_it_does_counts(one: str, other: str) -> None:
    assert texts(one) != texts(other)


def test_what_one_cell_defines_is_a_name_in_the_others() -> None:
    first = "class A:\n    def run(self):\n        self.w = 1"
    (_, second) = code([first, "a.run(); a.w; a.sum"])
    assert [token.text for token in second] == [
        *("name", ".", "name", "(", ")"),
        *("name", ".", "name", "name", ".", ".sum"),
    ]


def test_tokens_stand_where_the_source_has_them() -> None:
    (found,) = code([ORIGINAL])
    assert ORIGINAL[found[0].start : found[0].end] == "class"
    shown = [ORIGINAL[token.start : token.end] for token in found]
    assert shown[:6] == ["class", "Cell", "(", "nn", ".", "Module"]
    assert shown[-1] == '"none"'


def test_docstrings_go_and_strings_that_are_used_stay() -> None:
    assert texts('"""All\nof it."""\n"alone"\nx = """kept"""\nprint("a", "b",)') == [
        *("name", "=", "string", "print", "(", "string", ",", "string", ")")
    ]
    assert texts('"{}".format(x)') == ["string", ".", ".format", "(", "name", ")"]


def test_broken_source_is_read_to_its_end() -> None:
    broken = "def f(x:\n  return ((x +\n'open\ny = x ** 2 ]\n$ ? \x00 z"
    assert texts(broken)[-6:] == ["**", "2", "]", "$", "?", "\x00", "name"][-6:]
    assert texts('x = """never closed\n y = 1')[-1] == "string"


@given(st.text(alphabet=st.sampled_from("\"'#\\\n ()[]{},:.=ab1e+rf$\ud800é"), max_size=200))
def test_any_text_has_tokens_in_order(source: str) -> None:
    (found,) = code([source])
    assert all(0 <= token.start < token.end <= len(source) for token in found)
    assert [token.start for token in found] == sorted(token.start for token in found)


@pytest.mark.parametrize(
    "unit", ['"', "'\\", '"""\\', "(", "f'", "1_", "0x", ".", "a=", "\n", "\\"]
)
def test_any_text_is_read_in_linear_time(unit: str) -> None:
    source = unit * (100_000 // len(unit))
    assert bounded(lambda: code([source])) == ""


def test_prose_is_words() -> None:
    assert [token.text for token in prose("Über die *Gates*, 2x!")] == [
        "über",
        "die",
        "gates",
        "2x",
    ]

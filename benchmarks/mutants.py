"""What could be wrong with an answer, by the letter: the solution with one small change each.

A mutant is the reference's cell with one operator, number, comparison, argument or statement
changed inside its solution regions. The hidden tests should notice each one that changes what
the code does.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Add,
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


@dataclass(frozen=True)
class Mutant:
    """A changed cell, and the change as text: what stood there, what stands there now."""

    cell: str
    line: int
    change: str
    source: str


def mutants(cell: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a cell, in the order of its lines."""
    tree = ast.parse(source)
    inside = _inside(source)
    count = sum(1 for _ in ast.walk(tree))
    seen = {ast.unparse(tree)}
    found = []
    for index in range(count):
        for number in range(len(_changes(list(ast.walk(tree))[index]))):
            changed = copy.deepcopy(tree)
            node = list(ast.walk(changed))[index]
            line = getattr(node, "lineno", 0)
            if line not in inside or _is_strict(node, changed):
                continue
            before = ast.unparse(node)
            after = _changes(node)[number]
            text = "nothing" if isinstance(after, ast.Pass) else ast.unparse(after)
            _replace(changed, node, after)
            mutated = ast.unparse(ast.fix_missing_locations(changed))
            if mutated not in seen:
                seen.add(mutated)
                found.append(Mutant(cell, line, f"{_short(before)} -> {_short(text)}", mutated))
    yield from sorted(found, key=lambda mutant: mutant.line)


def _inside(source: str) -> set[int]:
    """The numbers of the lines within solution regions."""
    lines, on = set(), False
    for number, line in enumerate(source.splitlines(), 1):
        on = (on or line.strip() == BEGIN) and line.strip() != END
        if on:
            lines.add(number)
    return lines


def _is_strict(node: ast.AST, tree: ast.AST) -> bool:
    """Whether a node is what `zip` gets for `strict`, which only looks at lengths that agree."""
    keywords = (each for each in ast.walk(tree) if isinstance(each, ast.keyword))
    return any(keyword.value is node for keyword in keywords if keyword.arg == "strict")


def _changes(node: ast.AST) -> list[ast.AST]:
    """What could stand in the place of a node."""
    match node:
        case ast.BinOp(left, op, right):
            turned = (
                [ast.BinOp(left, OPERATORS[type(op)](), right)] if type(op) in OPERATORS else []
            )
            swapped = isinstance(op, ast.Sub | ast.Div | ast.MatMult | ast.Pow)
            return [*turned, *([ast.BinOp(right, op, left)] if swapped else []), left, right]
        case ast.Compare(left, [op], comparators):
            return [
                ast.Compare(left, [other()], comparators) for other in COMPARISONS.get(type(op), ())
            ]
        case ast.BoolOp(op, values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            return [ast.BoolOp(other, values), *values]
        case ast.UnaryOp(_, operand):
            return [operand]
        case ast.IfExp(test, body, orelse):
            return [ast.IfExp(test, orelse, body), body, orelse]
        case ast.Constant(bool() as value):
            return [ast.Constant(not value)]
        case ast.Constant(int() | float() as value):
            return [ast.Constant(value + 1), *([ast.Constant(0)] if value else [])]
        case ast.Slice(lower, upper, step) if lower or upper or step:
            return [ast.Slice(None, None, None)]
        case ast.Attribute(value, "T"):
            return [value]
        case ast.Call(function, arguments, keywords):
            return _calls(function, arguments, keywords)
        case ast.If(_, body, orelse):
            return [ast.Pass(), *body[:1]]
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Raise() | ast.Expr():
            return [ast.Pass()]
    return []


def _calls(
    function: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]
) -> list[ast.AST]:
    found: list[ast.AST] = []
    if len(arguments) > 1:
        found.append(ast.Call(function, [arguments[1], arguments[0], *arguments[2:]], keywords))
    found += [
        ast.Call(function, arguments, keywords[:i] + keywords[i + 1 :])
        for i, keyword in enumerate(keywords)
        if keyword.arg != "strict"
    ]
    if len(keywords) > 1 and all(keyword.arg for keyword in keywords):
        names = [keyword.arg for keyword in keywords]
        turned = [ast.keyword(names[i - 1], k.value) for i, k in enumerate(keywords)]
        found.append(ast.Call(function, arguments, turned))
    if isinstance(function, ast.Attribute) and not isinstance(function.value, ast.Name):
        found.append(function.value)  # x.f().g() -> x.f()
    elif isinstance(function, ast.Attribute) and not arguments:
        found.append(function.value)
    if (
        isinstance(function, ast.Name)
        and len(arguments) == 1
        and function.id in ("reversed", "abs")
    ):
        found.append(arguments[0])
    return found


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                setattr(parent, name, [new if item is old else item for item in value])


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."

"""The system call filter: turns the list in `syscalls.py` into a program for the kernel.

The program is a binary search over the numbers of the calls, so that one call costs about eight
comparisons; for a call whose arguments do not matter the kernel remembers the answer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from autograder.inside import syscalls
from autograder.inside.syscalls import Numbers, Only, Without

# column in the list, AUDIT_ARCH of <linux/audit.h>
MACHINES = {"x86_64": (0, 0xC000_003E), "aarch64": (1, 0xC000_00B7)}

# <linux/filter.h>: load a word, jump, jump if equal / greater or equal / any bit set, return
_LOAD, _JUMP, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
# <linux/seccomp.h>
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_FARTHEST = 255  # instructions that a conditional jump can skip

Instruction = tuple[int, int, int, int]
Code = list[Instruction]
ALLOW: Code = [(_RETURN, 0, 0, _ALLOW)]
REFUSE: Code = [(_RETURN, 0, 0, _ERRNO | _EPERM)]
UNKNOWN: Code = [(_RETURN, 0, 0, _ERRNO | _ENOSYS)]


def filter_program(machine: str, pid: int) -> bytes:
    """Return the program that lets process ``pid`` make the calls on the list and no other."""
    column, arch = MACHINES[machine]
    answers = _answers(lambda numbers: numbers[column], pid)
    # Numbers above the newest include those of x32, another numbering that would slip past.
    pieces: list[tuple[int, Code]] = []  # (first number, what to do from there on)
    for number in range(syscalls.NEWEST + 2):
        code = UNKNOWN if number > syscalls.NEWEST else answers.get(number, REFUSE)
        if not pieces or pieces[-1][1] != code:
            pieces.append((number, code))
    program: Code = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_search(pieces),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _answers(number_of: Callable[[Numbers], int | None], pid: int) -> dict[int, Code]:
    """What is done about each number on the list."""
    found: dict[int | None, Code] = {}
    found |= {number_of(numbers): ALLOW for numbers in syscalls.ALLOWED.values()}
    found |= {number_of(numbers): UNKNOWN for numbers in syscalls.FALLS_BACK.values()}
    for numbers, condition in syscalls.NARROWED.values():
        found[number_of(numbers)] = _if(condition, pid)
    return {number: code for number, code in found.items() if number is not None}


def _if(condition: Only | Without, pid: int) -> Code:
    load = (_LOAD, 0, 0, _ARGUMENTS + 8 * condition.argument)  # the low half
    if isinstance(condition, Without):
        return [load, (_ANY_BIT, 0, 1, condition.bits), *REFUSE, *ALLOW]
    values = [pid if value == syscalls.OWN_PROCESS else value for value in condition.values]
    # From each comparison over those that follow and over the refusal.
    tests = [(_EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [load, *tests, *REFUSE, *ALLOW]


def _search(pieces: list[tuple[int, Code]]) -> Code:
    if len(pieces) == 1:
        return pieces[0][1]
    half = len(pieces) // 2
    below, above = _search(pieces[:half]), _search(pieces[half:])
    first = pieces[half][0]
    if len(below) <= _FARTHEST:
        return [(_AT_LEAST, len(below), 0, first), *below, *above]
    return [(_AT_LEAST, 0, 1, first), (_JUMP, 0, 0, len(below)), *below, *above]

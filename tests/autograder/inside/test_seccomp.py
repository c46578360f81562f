"""The filter lets through what is on the list, on every machine it is written for, and no more."""

from __future__ import annotations

import struct

import pytest

from autograder.inside import seccomp, syscalls
from autograder.inside.syscalls import ALLOWED, FALLS_BACK, NARROWED, Only, Without

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF_0000, 0x8000_0000, 0x0005_0001, 0x0005_0026
PID = 4321
OTHER_ARCH = 0x4000_0003  # i386
X32 = 0x4000_0000  # the bit that marks another numbering on x86_64
MANY_STEPS = 40


def run(
    program: bytes, number: int, arch: int, arguments: tuple[int, ...] = (), steps: int = MANY_STEPS
) -> int:
    """A small interpreter for the part of BPF the filter uses."""
    data = struct.pack("<IIQ6Q", number, arch, 0, *(*arguments, *[0] * 6)[:6])
    accumulator, position = 0, 0
    for _ in range(steps):
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, 8 * position)
        position += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return value
        elif code == 0x05:
            position += value
        else:
            hit = {
                0x15: accumulator == value,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[code]
            position += if_true if hit else if_false
    raise AssertionError(f"call {number} takes more than {steps} steps")


class Machine:
    """The filter for one kind of processor, asked by the names of calls."""

    def __init__(self, name: str) -> None:
        self.column, self.arch = seccomp.MACHINES[name]
        self.program = seccomp.filter_program(name, PID)

    def number(self, name: str) -> int | None:
        numbers = {**ALLOWED, **FALLS_BACK, **{key: item[0] for key, item in NARROWED.items()}}
        return numbers[name][self.column]

    def ask(self, number: int, *arguments: int) -> int:
        return run(self.program, number, self.arch, arguments)


@pytest.fixture(params=sorted(seccomp.MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    return Machine(str(request.param))


def test_every_number_gets_the_answer_of_the_list(machine: Machine) -> None:
    allowed = {machine.number(name) for name in ALLOWED}
    falls_back = {machine.number(name) for name in FALLS_BACK}
    narrowed = {machine.number(name) for name in NARROWED}
    for number in range(700):
        if number in narrowed:
            continue
        expected = ALLOW if number in allowed else EPERM
        if number in falls_back or number > syscalls.NEWEST:
            expected = ENOSYS
        assert machine.ask(number) == expected, number


def test_no_number_stands_twice(machine: Machine) -> None:
    names = [*ALLOWED, *FALLS_BACK, *NARROWED]
    numbers = [number for name in names if (number := machine.number(name)) is not None]
    assert len(set(numbers)) == len(numbers)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(NARROWED))
def test_narrowed_calls_pass_with_the_named_arguments_only(machine: Machine, name: str) -> None:
    condition = NARROWED[name][1]
    number = machine.number(name)
    if number is None:
        assert name == "arch_prctl"  # has no namesake elsewhere
        return

    def ask(value: int) -> int:
        return machine.ask(number, *[0] * condition.argument, value)

    match condition:
        case Only(_, values):
            named = {PID if value == syscalls.OWN_PROCESS else value for value in values}
            others = {value + 1 for value in named} | {value ^ 0x8000_0000 for value in named}
            others |= {0, 1, PID - 1, 2**32 - 1} - named
            assert all(ask(value) == ALLOW for value in named)
            assert all(ask(value) == EPERM for value in others - named)
        case Without(_, bits):
            assert ask(0xFFFF_FFFF & ~bits) == ALLOW
            assert ask(bits) == ask(bits | 1) == EPERM


def test_threads_may_be_made_and_processes_not(machine: Machine) -> None:
    clone = machine.number("clone")
    assert clone is not None
    assert machine.ask(clone, 0x003D_0F00) == ALLOW  # what pthread_create asks for
    assert machine.ask(clone, 0x0120_0011) == EPERM  # what fork asks for
    for namespace in (0x1000_0000, 0x2000_0000, 0x0002_0000, 0x0000_0080):
        assert machine.ask(clone, namespace | 0x003D_0F00) == EPERM
        assert machine.ask(clone, namespace | 17) == EPERM


def test_another_numbering_of_calls_is_no_way_round(machine: Machine) -> None:
    assert run(machine.program, 57, OTHER_ARCH) == KILL
    for number in (57, 0, 1, 520, 547):
        assert machine.ask(X32 | number) == ENOSYS
    assert machine.ask(2**32 - 1) == ENOSYS


def test_the_program_is_small_and_a_call_costs_few_comparisons(machine: Machine) -> None:
    assert len(machine.program) % 8 == 0
    assert len(machine.program) // 8 <= 4096  # what the kernel takes
    for number in range(500):
        run(machine.program, number, machine.arch, (0, 0, 0, 0), steps=26)


def test_jumps_over_long_stretches_arrive() -> None:
    pieces = [(number, [(0x06, 0, 0, number)] * 3) for number in range(400)]
    program = b"".join(struct.pack("=HBBI", *code) for code in seccomp._search(pieces))
    load = struct.pack("=HBBI", 0x20, 0, 0, 0)
    assert [run(load + program, number, 0) for number in range(400)] == list(range(400))

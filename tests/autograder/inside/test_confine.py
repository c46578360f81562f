"""The system call filter says no to the listed calls on every machine it is written for."""

from __future__ import annotations

import struct

import pytest

from autograder.inside import confine

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF_0000, 0x8000_0000, 0x0005_0001, 0x0005_0026
PID = 4321
OTHER_ARCH = 0x4000_0003  # i386


def run(program: bytes, number: int, arch: int, argument: int = 0) -> int:
    """A small interpreter for the part of BPF the filter uses."""
    data = struct.pack("<IIQQ", number, arch, 0, argument)
    accumulator, position = 0, 0
    while True:
        code, if_true, if_false, value = struct.unpack_from("=HBBI", program, 8 * position)
        position += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return value
        else:
            hit = {
                0x15: accumulator == value,
                0x35: accumulator >= value,
                0x45: bool(accumulator & value),
            }[code]
            position += if_true if hit else if_false


@pytest.fixture(params=sorted(confine.MACHINES))
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_listed_calls_are_refused_and_others_pass(machine: str) -> None:
    column, arch, clone, clone3 = confine.MACHINES[machine]
    program = confine.filter_program(machine, PID)
    denied = {numbers[column] for numbers in confine.DENIED.values()} - {None}
    own = {numbers[column] for numbers in confine.OWN_ONLY.values()}
    for number in range(500):
        verdict = run(program, number, arch, PID)
        if number in denied:
            assert verdict == EPERM, number
        elif number == clone3:
            assert verdict == ENOSYS
        elif number == clone:
            assert verdict == EPERM
        else:
            assert verdict == ALLOW, number
    for number in own:
        assert run(program, number, arch, PID + 1) == EPERM
        assert run(program, number, arch, 2**32 - 1) == EPERM  # everybody


def test_threads_may_be_made_and_processes_not(machine: str) -> None:
    _, arch, clone, _ = confine.MACHINES[machine]
    program = confine.filter_program(machine, PID)
    assert run(program, clone, arch, 0x003D_0F00) == ALLOW  # what pthread_create asks for
    assert run(program, clone, arch, 0x0120_0011) == EPERM  # what fork asks for
    assert run(program, clone, arch, confine.CLONE_NEWUSER | 17) == EPERM


def test_another_numbering_of_calls_is_no_way_round(machine: str) -> None:
    _, arch, _, _ = confine.MACHINES[machine]
    program = confine.filter_program(machine, PID)
    assert run(program, 57, OTHER_ARCH) == KILL
    if machine == "x86_64":
        assert run(program, confine.X32 | 57, arch) == ENOSYS


def test_the_filter_fits_what_the_kernel_takes(machine: str) -> None:
    program = confine.filter_program(machine, PID)
    assert len(program) % 8 == 0
    assert len(program) // 8 <= 4096

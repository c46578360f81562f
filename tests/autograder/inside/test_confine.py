"""What a process does to itself, tried in processes that are nobody's sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from tests.conftest import ROOT


def run(source: str, *, pass_fds: tuple[int, ...] = ()) -> str:
    code = "from autograder.inside import confine\n" + textwrap.dedent(source)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        pass_fds=pass_fds,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + "".join(done.stderr.splitlines(keepends=True)[-1:])


WITHOUT_PRIVILEGES = """
    real = confine._prctl
    def without(option, *args):
        if option != confine.PR_SET_NO_NEW_PRIVS: real(option, *args)
"""


def test_the_filter_needs_no_new_privileges_and_is_not_left_out_silently() -> None:
    use = """
    confine.drop_capabilities()
    confine.filter_system_calls()
    print("confined")
    """
    assert run(use) == "confined\n"
    assert "PermissionError" in run(f"{WITHOUT_PRIVILEGES}    confine._prctl = without\n{use}")


def test_no_capability_is_left() -> None:
    source = """
    confine.drop_capabilities()
    with open("/proc/self/status") as status:
        sets = [line.split()[1] for line in status if line.startswith("Cap")]
    print(len(sets) >= 5, [int(held, 16) for held in sets[:3] + sets[4:]])
    """
    assert run(source) == "True [0, 0, 0, 0]\n"  # inheritable, permitted, effective, ambient


@pytest.mark.parametrize("alive", [True, False])
def test_who_is_late_for_the_death_of_its_parent_dies_too(alive: bool) -> None:
    leash, held = os.pipe()
    if not alive:
        os.close(held)
    said = run(f"confine.die_with_parent({leash})\nprint('alive')", pass_fds=(leash,))
    assert said == ("alive\n" if alive else "")
    os.close(leash)
    if alive:
        os.close(held)


def test_only_the_line_stays_open() -> None:
    read, write = os.pipe()
    source = f"""
    import os
    assert confine.only_this_descriptor({write}) == 3
    os.write(3, b"through")
    print("to nowhere")
    """
    assert run(source, pass_fds=(write,)) == ""
    assert os.read(read, 100) == b"through"
    os.close(read)
    os.close(write)

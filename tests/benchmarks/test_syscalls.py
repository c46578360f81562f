"""What strace wrote is read rightly: whose call, which argument, how it was answered."""

from __future__ import annotations

import pytest

from benchmarks.syscalls import calls, main, table

TRACE = """\
100 socket(AF_UNIX, SOCK_STREAM, 0) = 3
101 prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, {len=265, filter=0x7f}) = 0
101 fcntl(3, F_GETFD)                 = 0
101 ioctl(4, TCGETS <unfinished ...>
100 fork()                            = 102
101 <... ioctl resumed>, 0x7ffc)      = -1 ENOTTY (Inappropriate ioctl for device)
101 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_THREAD <unfinished ...>
103 rseq(0x7f, 0x20, 0, 0x53)         = 0
101 <... clone resumed>, parent_tid=[2], tls=0x7f) = 2 /* 103 in strace's PID NS */
103 madvise(0x7f, 4096, MADV_DONTNEED) = 0
103 clone(child_stack=NULL, flags=SIGCHLD) = -1 EPERM (Operation not permitted)
103 clone3({flags=CLONE_THREAD}, 88)  = -1 ENOSYS (Function not implemented)
100 wait4(101, NULL, 0, NULL)         = 101
103 +++ exited with 0 +++
"""


def test_only_calls_of_confined_processes_and_their_threads_count() -> None:
    assert calls(TRACE.splitlines()) == {
        ("fcntl(F_GETFD)", ""): 1,
        ("ioctl(TCGETS)", ""): 1,
        ("clone(thread)", ""): 1,
        ("rseq", ""): 1,
        ("madvise(MADV_DONTNEED)", ""): 1,
        ("clone(process)", "EPERM"): 1,
        ("clone3", "ENOSYS"): 1,
    }


def test_what_is_refused_to_honest_code_is_counted() -> None:
    found = calls(TRACE.splitlines())
    drawn, made, refused = table({"ordinary": found, "hostile": found})
    assert (drawn.row_count, made, refused) == (7, 7, 2)
    assert table({"hostile": found})[2] == 0


def test_an_unknown_corpus_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nice"]) == 2
    assert "nice" in capsys.readouterr().out

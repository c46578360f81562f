"""Shut the current process in: what the kernel no longer lets student code do.

Called in a freshly forked child, step by step: new namespaces, an empty file system where
something could be written or read, resource limits, no capabilities, and a system call filter.
Everything is plain Linux through libc; nothing here needs root, and root is given up first.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import select
import signal
import struct
import sys

from autograder.inside import seccomp
from autograder.inside.memory import address_space
from autograder.inside.rules import Rules

NOBODY = 65534

# <sched.h>
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x0002_0000, 0x0800_0000, 0x1000_0000
CLONE_NEWPID, CLONE_NEWNET = 0x2000_0000, 0x4000_0000
# <sys/mount.h>
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_RDONLY = 2, 4, 8, 1
# <sys/prctl.h>, <linux/seccomp.h>
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CAP_VERSION_3 = 0x2008_0522

LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: object) -> None:
    """Call a libc function and raise OSError when it returns -1."""
    if getattr(_libc, name)(*args) == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _prctl(option: int, *args: int) -> None:
    """prctl reads five long arguments; ctypes would pass ints as 32 bits."""
    padded = (*args, 0, 0, 0, 0)[:4]
    _call("prctl", option, *(ctypes.c_ulong(value) for value in padded))


def die_with_parent(leash: int | None = None) -> None:
    """Get SIGKILL when the parent ends, however it ends.

    A parent that ended before this call goes unnoticed, unless it holds the other end of the pipe
    ``leash`` (who is PID 1 cannot see it in any other way): then this process ends here.
    """
    if LINUX:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if leash is not None and select.select([leash], [], [], 0)[0]:
        os._exit(1)


def give_up_root() -> None:
    """Become nobody when root. File modes and thread limits do not bind root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        _prctl(PR_SET_DUMPABLE, 1)  # or the kernel would not let us write our own uid_map


def new_namespaces() -> None:
    """Leave every namespace of the fork server; the next fork is PID 1 of a new one."""
    uid, gid = os.geteuid(), os.getegid()
    own = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
    _call("unshare", own)
    maps = {"setgroups": "deny", "uid_map": f"{uid} {uid} 1", "gid_map": f"{gid} {gid} 1"}
    for name, text in maps.items():
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def private_files(tmp_mb: int) -> None:
    """Private, small, writable /tmp and /dev/shm; nothing at all in /proc."""
    _tmpfs("/tmp", f"size={tmp_mb}m,nr_inodes=4096,mode=1777")
    _tmpfs("/dev/shm", f"size={tmp_mb}m,nr_inodes=4096,mode=1777")
    _tmpfs("/proc", "size=4k,nr_inodes=2,mode=555", MS_RDONLY)
    os.chdir("/tmp")


def _tmpfs(path: str, options: str, flags: int = 0) -> None:
    flags |= MS_NOSUID | MS_NODEV | MS_NOEXEC
    _call("mount", b"tmpfs", path.encode(), b"tmpfs", ctypes.c_ulong(flags), options.encode())


def only_this_descriptor(wire: int) -> int:
    """Close every descriptor but `wire`, which becomes 3; 0, 1 and 2 lead nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    if wire != 3:
        os.dup2(wire, 3, inheritable=False)
    os.closerange(4, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    return 3


def limit_resources(rules: Rules, *, count_threads: bool) -> None:
    """Memory, processor time, file size, open files, threads; no core dumps.

    The kernel counts threads per user namespace, so their limit makes sense only in a new one.
    """
    used = address_space()
    mib = 2**20
    wanted = {
        resource.RLIMIT_AS: used + rules.memory_mb * mib,
        resource.RLIMIT_CPU: rules.cpu_s,
        resource.RLIMIT_FSIZE: rules.tmp_mb * mib,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_STACK: 8 * mib,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 64,
    }
    if count_threads:
        wanted[resource.RLIMIT_NPROC] = rules.threads
    for limit, value in wanted.items():
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def drop_capabilities() -> None:
    """No capability in any set, and no way to gain one by executing a file."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(64):
        try:
            _prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # past the last capability of this kernel, or none held to drop with
            break
    header = struct.pack("=Ii", CAP_VERSION_3, 0)
    _call("capset", header, bytes(24))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def filter_system_calls() -> None:
    """Install the filter; it can never be taken off again. Needs no_new_privs."""
    code = seccomp.filter_program(platform.machine(), os.getpid())
    program = _Program(len(code) // 8, code)
    address = ctypes.addressof(program)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, address)

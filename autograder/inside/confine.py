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
import signal
import struct
import sys

from autograder.inside.rules import Rules

NOBODY = 65534

# <sched.h>
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x0002_0000, 0x0400_0000, 0x0800_0000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x1000_0000, 0x2000_0000, 0x4000_0000
CLONE_THREAD = 0x0001_0000
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


def die_with_parent() -> None:
    """Get SIGKILL when the parent ends, however it ends."""
    if LINUX:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


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
    user = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID
    _call("unshare", user | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
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
    used = _address_space()
    mib = 2**20
    wanted = {
        resource.RLIMIT_AS: used + rules.memory_mb * mib,
        resource.RLIMIT_CPU: rules.cpu_s,
        resource.RLIMIT_FSIZE: rules.tmp_mb * mib,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_STACK: 8 * mib,
    }
    if count_threads:
        wanted[resource.RLIMIT_NPROC] = rules.threads
    for limit, value in wanted.items():
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))


def _address_space() -> int:
    """Bytes of address space in use."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # no /proc on this system
        return 0


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


# --- the system call filter -------------------------------------------------------------------

# Names and numbers: asm/unistd_64.h (x86_64) and asm-generic/unistd.h (aarch64).
# fmt: off
DENIED: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "open_tree": (428, 428),
    "move_mount": (429, 429), "mount_setattr": (442, 442), "swapon": (167, 224),
    "swapoff": (168, 225), "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "iopl": (172, None), "ioperm": (173, None), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162), "personality": (135, 92),
    "seccomp": (317, 277), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "vhangup": (153, 58),
    # Memory that the address-space limit does not count:
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "mq_open": (240, 180), "tkill": (200, 130),
}
# Signals go to this process only; the first argument says to which.
OWN_ONLY: dict[str, tuple[int, int]] = {
    "kill": (62, 129), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
}
# fmt: on
MACHINES = {  # column above, AUDIT_ARCH, clone, clone3
    "x86_64": (0, 0xC000_003E, 56, 435),
    "aarch64": (1, 0xC000_00B7, 220, 435),
}
X32 = 0x4000_0000  # x86_64 calls by another numbering, which would slip past the list

# <linux/filter.h>: load a word, jump if equal / greater-or-equal / any bit set, return
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_EPERM, _ENOSYS = 1, 38
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data (arg 0: low half)


def filter_program(machine: str, pid: int) -> bytes:
    """The BPF program that refuses the calls above and lets the rest through."""
    column, arch, clone, clone3 = MACHINES[machine]
    program: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
    ]
    if machine == "x86_64":
        program += [(_AT_LEAST, 0, 1, X32), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    for candidates in DENIED.values():
        number = candidates[column]
        if number is not None:
            program += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    for numbers in OWN_ONLY.values():
        program += [
            (_EQUAL, 0, 4, numbers[column]),
            (_LOAD, 0, 0, _ARG0),
            (_EQUAL, 1, 0, pid),
            (_RETURN, 0, 0, _ERRNO | _EPERM),
            (_RETURN, 0, 0, _ALLOW),
        ]
    program += [
        # glibc goes back to clone, whose flags can be looked at, when clone3 does not exist
        (_EQUAL, 0, 1, clone3),
        (_RETURN, 0, 0, _ERRNO | _ENOSYS),
        (_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _ARG0),
        (_ANY_BIT, 1, 0, CLONE_THREAD),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def filter_system_calls() -> None:
    """Install the filter; it can never be taken off again. Needs no_new_privs."""
    code = filter_program(platform.machine(), os.getpid())
    program = _Program(len(code) // 8, code)
    address = ctypes.addressof(program)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, address)

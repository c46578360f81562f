"""What student code may ask of the kernel: the list behind the system call filter.

Measured, not guessed: `make syscalls` runs all of `samples/` under strace and shows which calls
ordinary cells, right and wrong submissions make. To those the list adds what other versions of
the C library and of Python call for the same purpose, and what reads only this process's own
affairs. Everything else is refused: what is not needed cannot be used against anybody.

Left out on purpose, besides processes, sockets and mounts:

- memory that belongs to no address space or file of ours, so that no limit counts it: System V and
  POSIX queues, shared memory, memfd, pipes, epoll, timers, watches, keys;
- marks on files that every student's process sees, which would carry messages between them:
  locks, leases, watches, hints, and what the page cache holds;
- what slows the machine down for others: sync, priorities, huge pages, merging of equal pages.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Only:
    """Allowed when the (32-bit) argument is one of these values."""

    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True)
class Without:
    """Allowed when none of these bits are set in the argument."""

    argument: int
    bits: int


OWN_PROCESS = -1  # stands for the number of the process that is being confined

Numbers = tuple[int | None, int | None]  # x86_64 (asm/unistd_64.h), aarch64 (asm-generic)
# fmt: off
ALLOWED: dict[str, Numbers] = {
    # reading and writing what is open
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66),
    "pread64": (17, 67), "pwrite64": (18, 68), "lseek": (8, 62), "sendfile": (40, 71),
    "close": (3, 57), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    # files and folders, of which only those in /tmp and /dev/shm can be changed
    "open": (2, None), "openat": (257, 56), "getdents64": (217, 61),
    "stat": (4, None), "lstat": (6, None), "fstat": (5, 80), "newfstatat": (262, 79),
    "statx": (332, 291), "statfs": (137, 43), "fstatfs": (138, 44),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439),
    "readlink": (89, None), "readlinkat": (267, 78),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "umask": (95, 166),
    "mkdir": (83, None), "mkdirat": (258, 34), "rmdir": (84, None),
    "unlink": (87, None), "unlinkat": (263, 35),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "truncate": (76, 45), "ftruncate": (77, 46), "utimensat": (280, 88),
    "listxattr": (194, 11), "llistxattr": (195, 12), "getxattr": (191, 8), "lgetxattr": (192, 9),
    # memory, counted by the limit on address space
    "brk": (12, 214), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216),
    "msync": (26, 227),
    # threads
    "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293), "gettid": (186, 178),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getcpu": (309, 168),
    "exit": (60, 93), "exit_group": (231, 94),
    # signals to oneself
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132), "pause": (34, None), "restart_syscall": (219, 128),
    "alarm": (37, None), "setitimer": (38, 103), "getitimer": (36, 102),
    # clocks, and who and where we are
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101), "gettimeofday": (96, 169), "time": (201, None), "times": (100, 153),
    "getrusage": (98, 165), "sysinfo": (99, 179), "uname": (63, 160), "getrandom": (318, 278),
    "getpid": (39, 172), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177),
}
# fmt: on

PTHREAD = 0x003D_0F00  # the flags of pthread_create, the same everywhere since 2003
MAP_HUGETLB = 0x0004_0000
IOCTLS = {
    "TCGETS": 0x5401,  # isatty
    "TCGETS2": 0x802C_542A,
    "TIOCGWINSZ": 0x5413,
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,
    "FIONCLEX": 0x5450,
    "FIOCLEX": 0x5451,
}
FCNTLS = {
    "F_DUPFD": 0,
    "F_GETFD": 1,
    "F_SETFD": 2,
    "F_GETFL": 3,
    "F_SETFL": 4,
    "F_DUPFD_CLOEXEC": 1030,
}
PRCTLS = {
    "PR_SET_NAME": 15,
    "PR_GET_NAME": 16,
    "PR_GET_NO_NEW_PRIVS": 39,
    "PR_SVE_GET_VL": 51,
    "PR_SME_GET_VL": 64,
}
ARCH_PRCTLS = {  # the wide registers that oneDNN multiplies matrices in
    "ARCH_GET_XCOMP_SUPP": 0x1021,
    "ARCH_GET_XCOMP_PERM": 0x1022,
    "ARCH_REQ_XCOMP_PERM": 0x1023,
}
MADVISES = {  # not: merging equal pages, paging out, poisoning
    "MADV_NORMAL": 0,
    "MADV_RANDOM": 1,
    "MADV_SEQUENTIAL": 2,
    "MADV_WILLNEED": 3,
    "MADV_DONTNEED": 4,
    "MADV_FREE": 8,
    "MADV_HUGEPAGE": 14,
    "MADV_NOHUGEPAGE": 15,
    "MADV_DONTDUMP": 16,
    "MADV_DODUMP": 17,
    "MADV_GUARD_INSTALL": 102,
    "MADV_GUARD_REMOVE": 103,
}
FADVISES = {"POSIX_FADV_NORMAL": 0, "POSIX_FADV_RANDOM": 1, "POSIX_FADV_SEQUENTIAL": 2}

NARROWED: dict[str, tuple[Numbers, Only | Without]] = {
    "clone": ((56, 220), Only(0, (PTHREAD,))),
    "mmap": ((9, 222), Without(3, MAP_HUGETLB)),
    "kill": ((62, 129), Only(0, (OWN_PROCESS,))),
    "tgkill": ((234, 131), Only(0, (OWN_PROCESS,))),
    "prlimit64": ((302, 261), Only(0, (0, OWN_PROCESS))),
    "ioctl": ((16, 29), Only(1, tuple(IOCTLS.values()))),
    "fcntl": ((72, 25), Only(1, tuple(FCNTLS.values()))),
    "prctl": ((157, 167), Only(0, tuple(PRCTLS.values()))),
    "arch_prctl": ((158, None), Only(0, tuple(ARCH_PRCTLS.values()))),
    "madvise": ((28, 233), Only(2, tuple(MADVISES.values()))),
    "fadvise64": ((221, 223), Only(3, tuple(FADVISES.values()))),
}

# The C library and Python have another way when these do not exist; clone, the other way of
# clone3, has its flags where the filter can look at them.
FALLS_BACK: dict[str, Numbers] = {
    "clone3": (435, 435),
    "close_range": (436, 436),
    "openat2": (437, 437),
    "copy_file_range": (326, 285),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
}
NEWEST = 469  # the last number when this list was made; what came later does not exist here

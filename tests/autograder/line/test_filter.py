"""Each thing that only the system call filter stops: refused with it, possible without it."""

from __future__ import annotations

import platform
from collections.abc import Iterator

import pytest

from autograder.inside import syscalls
from autograder.line.sandbox import Sandbox
from tests.autograder.line.test_inner_walls import FILTER, LIBC
from tests.autograder.line.weakened import Attack, achieves, weakened_sandbox

pytestmark = pytest.mark.sandbox

# Statements that raise, or set `got` to what a C function returned: -1 when refused.
C = f"{LIBC}import fcntl, struct, torch\nshared = os.open(torch.__file__, os.O_RDONLY)\n"
# The C library has no function for these two.
IOPRIO_SET, MEMBARRIER = {"x86_64": (251, 324), "aarch64": (30, 283)}[platform.machine()]
ATTEMPTS = {
    # processes
    "fork": "os.fork() or os._exit(0)",
    "run a program": "import subprocess; subprocess.run(['/bin/true'], check=True)",
    "a process by multiprocessing": """
        import multiprocessing
        process = multiprocessing.get_context("fork").Process()
        process.start(); process.join()
    """,
    "be traced": "got = libc.ptrace(0, 0, 0, 0)",
    "read memory of a process": """
        byte, place = ctypes.create_string_buffer(b"x"), ctypes.create_string_buffer(1)
        pair = lambda at: struct.pack("NN", ctypes.addressof(at), 1)
        got = libc.process_vm_readv(os.getpid(), pair(place), 1, pair(byte), 1, 0)
    """,
    "outlive the parent": "got = libc.prctl(1, 0)",
    "adopt orphans": "got = libc.prctl(36, 1)",
    "hide from the debugger": "got = libc.prctl(4, 0)",
    "be slow to wake": "got = libc.prctl(29, 1000000)",
    "a namespace": "got = libc.unshare(0x10000000)",
    "a handle on a process": "os.pidfd_open(os.getpid())",
    # lines to others
    "a socket": "import socket; socket.socket(socket.AF_UNIX)",
    "a pair of sockets": "import socket; socket.socketpair()",
    "the size of the line's buffer": """
        import socket
        size = ctypes.c_int(1)
        got = libc.setsockopt(3, socket.SOL_SOCKET, socket.SO_RCVBUF, ctypes.byref(size), 4)
    """,
    "a message through the line": "got = libc.sendmsg(3, bytes(56), 0)",
    "an event loop": "import asyncio; asyncio.run(asyncio.sleep(0))",
    # memory of the kernel's that no limit counts
    "System V semaphores": "got = libc.semget(0, 32000, 0o1600)",
    "a System V queue": "got = libc.msgget(0, 0o1600)",
    "System V memory": "got = libc.shmget(0, 2**20, 0o1600)",
    "a file without a place": "os.memfd_create('x')",
    "a pipe": "os.pipe()",
    "a named pipe": "os.mkfifo('/tmp/pipe')",
    "a larger pipe": "fcntl.fcntl(os.pipe()[0], 1031, 2**20)",
    "a counter": "os.eventfd(0)",
    "a poll set": "import select; select.epoll()",
    "a timer": "got = libc.timerfd_create(1, 0)",
    "a timer of a thread": "got = libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p()))",
    "a descriptor for signals": "got = libc.signalfd(-1, bytes(128), 0)",
    "a watch": "got = libc.inotify_add_watch(libc.inotify_init1(0), b'/usr', 2)",
    # notes on what every student's process sees
    "flock": "fcntl.flock(shared, fcntl.LOCK_EX)",
    "a lock on a file": "fcntl.lockf(shared, fcntl.LOCK_SH)",
    "a lock of the open file": "fcntl.fcntl(shared, 37, struct.pack('hhqqi', 0, 0, 0, 0, 0))",
    "a look at a lock": "fcntl.fcntl(shared, fcntl.F_GETLK, struct.pack('hhqqi', 1, 0, 0, 0, 0))",
    "a notice of changes": "fcntl.fcntl(os.open('/usr', os.O_RDONLY), fcntl.F_NOTIFY, 1)",
    "what the page cache holds": "os.posix_fadvise(shared, 0, 0, os.POSIX_FADV_DONTNEED)",
    "read ahead": "got = libc.readahead(shared, ctypes.c_long(0), 2**20)",
    "flags of a file": "fcntl.ioctl(os.open('/usr', os.O_RDONLY), 0x80086601, bytes(8))",
    "a handle on a file": """
        handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
        got = libc.name_to_handle_at(-100, b"/tmp", handle, ctypes.byref(ctypes.c_int()), 0)
    """,
    # what slows others down
    "sync": "os.sync(); got = libc.syncfs(shared)",
    "priority": "os.nice(1)",
    "a scheduler": "os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))",
    "a processor of one's own": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "priority on the disk": f"got = libc.syscall({IOPRIO_SET}, 1, 0, 2 << 13 | 7)",
    "barriers in all processes": f"got = libc.syscall({MEMBARRIER}, 1, 0)",
    # other
    "a personality": "got = libc.personality(0x0040000)",
    "a page that stays in memory": "got = libc.mlock(ctypes.create_string_buffer(1), 1)",
    "who leads the session": "got = libc.getpgid(0)",
}
# Named in the issue, or known to have served attacks: on no list, whatever this kernel has.
MUST_NOT_BE_ALLOWED = """
    accept accept4 acct add_key adjtimex bind bpf cachestat chroot clock_adjtime clock_settime
    clone3 connect delete_module epoll_create1 eventfd2 execve execveat fanotify_init
    fanotify_mark finit_module flock fork fsconfig fsmount fsopen fspick fsync get_mempolicy
    init_module inotify_add_watch inotify_init1 io_setup io_uring_enter io_uring_register
    io_uring_setup ioperm iopl ioprio_set kcmp kexec_file_load kexec_load keyctl
    landlock_add_rule landlock_create_ruleset listen listmount listns lookup_dcookie
    lsm_get_self_attr map_shadow_stack mbind memfd_create memfd_secret migrate_pages mincore
    mknod mknodat mlock mlock2 mlockall modify_ldt mount mount_setattr move_mount move_pages
    mq_open mseal msgctl msgget msgrcv msgsnd name_to_handle_at open_by_handle_at open_tree
    openat2 perf_event_open personality pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2
    pivot_root pkey_alloc process_madvise process_mrelease process_vm_readv process_vm_writev
    ptrace quotactl quotactl_fd readahead reboot recvfrom recvmmsg recvmsg remap_file_pages
    request_key rt_sigqueueinfo rt_tgsigqueueinfo sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler seccomp semctl semget semop semtimedop sendmmsg sendmsg sendto
    set_mempolicy setdomainname setfsuid setgid setgroups sethostname setns setpriority
    setresuid setsid setsockopt settimeofday setuid setxattr shmat shmctl shmget shutdown
    signalfd4 socket socketpair splice statmount swapoff swapon sync sync_file_range syncfs
    syslog tee timer_create timerfd_create tkill umount2 unshare userfaultfd ustat vfork vhangup
    vmsplice
"""


@pytest.fixture(scope="module")
def weakened() -> Iterator[Sandbox]:
    with weakened_sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("what", sorted(ATTEMPTS))
def test_the_filter_stops_it_and_nothing_else_does(what: str, weakened: Sandbox) -> None:
    lines = "\n".join(line.strip() for line in ATTEMPTS[what].splitlines())
    cell = f"{C}got = 0\n{lines}\nprint('' if got < 0 else 'achieved')"
    others = ["RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NPROC"]
    attack = Attack(FILTER, cell, covered=others, limits={"memory_mb": 8192})
    assert not achieves(attack, weakened, others)
    assert achieves(attack, weakened, [*others, FILTER])


def test_what_served_attacks_before_is_not_on_the_list() -> None:
    listed = {*syscalls.ALLOWED, *syscalls.NARROWED} & set(MUST_NOT_BE_ALLOWED.split())
    assert listed == set()


def test_mounts_cannot_be_listed(weakened: Sandbox) -> None:
    calls = {"statmount": 457, "listmount": 458}  # the same everywhere; Linux 6.8 and later
    for number in calls.values():
        cell = f"{C}print('achieved' if libc.syscall({number}, 0, 0, 0, 0) == -1 "
        cell += "and ctypes.get_errno() == 1 else '')"
        assert achieves(Attack(FILTER, cell), weakened, [])

"""Tries to leave the sandbox: mounts, namespaces, chroot, devices, files outside.

Deserves: nothing
"""

# %% prelude
import ctypes
import glob
import os

libc = ctypes.CDLL(None, use_errno=True)
print("unshare", libc.unshare(0x10000000 | 0x00020000), ctypes.get_errno())
print("mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), ctypes.get_errno())
print("remount", libc.mount(None, b"/", None, 4096 | 32, None), ctypes.get_errno())
for space in glob.glob("/proc/*/ns/mnt"):
    try:
        print("setns", libc.setns(os.open(space, os.O_RDONLY), 0), ctypes.get_errno())
    except OSError as error:
        print(space, error)
for folder in (
    "/",
    "/work/main",
    "/root",
    "/home",
    "/etc",
    "/usr/bin",
    "/proc/1/root/tmp",
    "/var/tmp",
):
    try:
        with open(f"{folder}/hostile-was-here", "w") as stream:
            stream.write("hostile")
        print("wrote", folder)
    except OSError as error:
        print(folder, error)
for device in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda"):
    try:
        print(device, len(open(device, "rb").read(16)))
    except OSError as error:
        print(device, error)

"""Fills the disk: in the working directory, in /tmp and in shared memory (here: 3 GB each).

Deserves: nothing
"""

# %% prelude
block = b"x" * (64 << 20)
for folder in (".", "/tmp", "/dev/shm", "/var/tmp", "/work/main"):
    try:
        with open(f"{folder}/flood", "wb") as stream:
            for _ in range(48):
                stream.write(block)
    except OSError as error:
        print(folder, error)

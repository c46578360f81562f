"""Leaves answers where the next submission could find them, and looks for what others left.

Deserves: nothing
"""

# %% prelude
import glob

for folder in ("/tmp", "/dev/shm", "/var/tmp", ".", "..", "/run"):
    for path in glob.glob(f"{folder}/hostile-message*"):
        print("found a message from a neighbour:", open(path).read())
    try:
        with open(f"{folder}/hostile-message", "a") as stream:
            stream.write("here is my answer\n")
    except OSError as error:
        print(folder, error)

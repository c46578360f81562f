"""Takes all the memory there is (here: tries for 64 GB).

Deserves: nothing
"""

# %% prelude
hoard = []
for _ in range(256):
    hoard.append(bytearray(b"x") * (256 << 20))

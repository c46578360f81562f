"""Deletes the other submissions, the marks and everything else it may write to.

Deserves: nothing
"""

# %% prelude
import os
import shutil

for up in ("../..", "../../..", "../../../.."):
    for name in ("submitted", "autograded", "feedback", "release", "source", "gradebook.db"):
        path = os.path.join(up, name)
        shutil.rmtree(path, ignore_errors=True)
        if os.path.isfile(path):
            os.remove(path)
print(os.listdir("."), os.listdir("/tmp"))

"""Traces every line that runs, to see and change the tests' variables as they appear.

Deserves: nothing
"""

# %% prelude
import sys
import threading


def trace(frame, event, argument):
    if "expected" in frame.f_locals or "hidden" in frame.f_code.co_filename:
        print(frame.f_code.co_filename, frame.f_lineno, frame.f_locals)
    if event == "exception":
        return None
    return trace


sys.settrace(trace)
sys.setprofile(lambda frame, event, argument: None)
threading.settrace(trace)

"""Whether a sandbox can be made on this machine, tried out before anybody's work is judged."""

from __future__ import annotations

import shutil
import subprocess

from autograder.errors import AutograderError
from autograder.line import container
from autograder.line.bubblewrap import (
    ALLOW,
    CODE,
    bubblewrap,
    bwrap_program,
    python_command,
    staged_code,
)
from autograder.line.limits import Isolation


def available(level: Isolation = "bwrap") -> tuple[bool, str]:
    """Whether a level with isolation works on this machine, and otherwise what to do."""
    staging = staged_code()
    try:
        if level == "podman" or level == "docker":
            return container.probe(level, staging)
        command = [
            *bubblewrap(bwrap_program(), staging, []),
            *python_command("bwrap", staging),
            "probe",
            CODE,
        ]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except AutograderError as error:
        return False, str(error)
    except (OSError, subprocess.TimeoutExpired) as error:
        program = "bubblewrap" if level == "bwrap" else level
        return False, f"{program} does not run: {error}"
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    if ended.stdout.strip() == "confined":
        return True, ""
    said = ended.stderr.strip().splitlines()[-1:] or ["no message"]
    return False, f"no sandbox can be made here ({said[0]}). {ALLOW}"

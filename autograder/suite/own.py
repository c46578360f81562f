"""Hidden checks that come as text: those of an assignment in the instructor's own course folder.

A job carries the text of the modules in the assignment's folder, so that it can be judged on any
machine. They are loaded here, with imports of each other by plain name (``from solution import
...``) that nothing else sees: several assignments may have a ``solution.py``. This is trusted code,
run by the judge; nothing of it goes where student code runs.
"""

from __future__ import annotations

import builtins
import hashlib
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from autograder.errors import AutograderError
from autograder.suite.suite import Suite

_loaded: dict[tuple[str, str], Suite] = {}


def load_text(path: str, files: Mapping[str, str]) -> Suite:
    """Return the ``suite`` of the module at ``path``; ``files`` are the modules of its folder.

    Raises AutograderError, with the author's own file and line, for what cannot be loaded.
    """
    text = "\0".join(f"{name}\0{files[name]}" for name in sorted(files))
    key = path, hashlib.sha256(text.encode()).hexdigest()[:16]
    if key not in _loaded:
        _loaded[key] = _load(PurePosixPath(path), _Folder(key[1], path, files))
    return _loaded[key]


def load_near(path: str, start: Path) -> Suite:
    """Return the suite at a path of the course that the folder ``start`` lies in."""
    for folder in (start, *start.parents):
        file = folder / path
        if file.is_file():
            beside = sorted(file.parent.glob("*.py"))
            return load_text(path, {each.name: each.read_text("utf-8") for each in beside})
    raise AutograderError(
        "the hidden tests cannot be found", path, "Run this inside of the course's folder."
    )


def _load(path: PurePosixPath, folder: _Folder) -> Suite:
    try:
        module = folder.module(path.stem)
    except SyntaxError as error:
        place = f"{error.filename}:{error.lineno}"
        raise AutograderError(
            f"the hidden tests do not parse: {error.msg}", place, "Correct that line."
        ) from error
    except AutograderError as error:  # of the suite: a check without a name of its own, for example
        raise AutograderError(error.what, folder.place(error) or str(path), error.todo) from error
    except Exception as error:
        raise AutograderError(
            f"the hidden tests cannot be loaded: {type(error).__name__}: {error}",
            folder.place(error) or str(path),
            "Correct that line.",
        ) from error
    suite = getattr(module, "suite", None)
    if not isinstance(suite, Suite):
        raise AutograderError("the file defines no `suite`", str(path), "Add suite = Suite(NAME).")
    suite.where = str(path)
    return suite


class _Folder:
    """The modules of one assignment, each loaded when it is first imported."""

    def __init__(self, digest: str, path: str, files: Mapping[str, str]) -> None:
        self.package = f"autograder_own_{digest}"  # no other module is called like that
        self.where = PurePosixPath(path).parent
        self.texts = {name.removesuffix(".py"): text for name, text in files.items()}

    def module(self, name: str) -> ModuleType:
        full = f"{self.package}.{name}"
        if full in sys.modules:
            return sys.modules[full]
        module = ModuleType(full)
        module.__file__ = str(self.where / f"{name}.py")
        vars(module)["__builtins__"] = vars(builtins) | {"__import__": self._importing()}
        sys.modules[full] = module
        try:
            exec(
                compile(self.texts[name], module.__file__, "exec", dont_inherit=True), vars(module)
            )
        except BaseException:
            del sys.modules[full]
            raise
        return module

    def place(self, error: BaseException) -> str:
        """Return the last file and line of this folder that an error came through, or nothing."""
        return place_in(str(self.where), error)

    def _importing(self) -> Callable[..., Any]:
        def importing(name: str, *args: Any, **kwargs: Any) -> Any:
            return self.module(name) if name in self.texts else __import__(name, *args, **kwargs)

        return importing


def place_in(folder: str, error: BaseException) -> str:
    """Return the last file and line of a folder that an error came through, or nothing."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if str(PurePosixPath(frame.filename).parent) == folder]
    return f"{ours[-1].filename}:{ours[-1].lineno}" if ours else ""

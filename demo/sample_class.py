"""The sample class: what a teacher really gets, from model answers to attacks.

``samples()`` says of every submission which checks it must fail and a word of the reason that
its author must find; ``tests/demo/test_sample_class.py`` holds the grader to it.
"""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.notebooks.marks import grade_id_of, is_graded, is_solution
from samples.corpus import Version, build_submission, versions
from samples.hostile_notebooks import Attack, attacks

ASSIGNMENT = "01-rnn-limits"
SUITE = "rnn_limits"
PARTS = ("rnn-cell", "rnn-layer", "bptt", "jacobian-norms", "clip-gradients")
ALL = "all"  # every check of a part

Fails = Mapping[str, Sequence[str] | str]


@dataclass(frozen=True)
class Handout:
    """The assignment as the instructor has it (the answers are right) and as it was released."""

    source: NotebookNode
    released: NotebookNode

    def answered(self, **answers: str) -> NotebookNode:
        """Return a submission with these answers (bptt=...) and right ones elsewhere."""
        named = {name.replace("_", "-"): text for name, text in answers.items()}
        return build_submission(self.source, named)


Write = Callable[[Handout, Path], None]


@dataclass(frozen=True)
class Sample:
    """One submission: who hands it in, what it is, and what must come of it.

    ``fails`` names the checks that fail, by part (ALL: every one); all others pass.
    ``says`` is a word of the reason that the student must find.
    """

    student: str
    about: str
    write: Write
    fails: Fails = field(default_factory=dict)
    says: str = ""


def _tests(*parts: str) -> Fails:
    """Say that every check of these parts fails."""
    return {f"{part}-tests": ALL for part in parts}


def _notebook(make: Callable[[Handout], NotebookNode]) -> Write:
    return lambda handout, path: nbformat.write(make(handout), path)


def _data(make: Callable[[Handout], bytes]) -> Write:
    return lambda handout, path: _write_bytes(path, make(handout))


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _answers(**answers: str) -> Write:
    return _notebook(lambda handout: handout.answered(**answers))


# --- the notebooks that need more than another answer -------------------------------------------


def _half_done(handout: Handout) -> NotebookNode:
    done = {grade_id_of(cell): cell.source for cell in handout.source.cells if is_solution(cell)}
    return build_submission(handout.released, {part: done[part] for part in PARTS[:2]})


def _graded(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if is_graded(cell)]


def _without_tests(handout: Handout) -> NotebookNode:
    notebook = handout.answered()
    tests = _graded(notebook)
    notebook.cells = [cell for cell in notebook.cells if cell not in tests]
    return notebook


def _tests_edited(handout: Handout) -> NotebookNode:
    notebook = handout.answered()
    for cell in _graded(notebook):
        cell.source = "print('looks good to me')"
    return notebook


def _cell_twice(handout: Handout) -> NotebookNode:
    notebook = handout.answered()
    place, cell = next(
        (place, cell) for place, cell in enumerate(notebook.cells) if grade_id_of(cell) == "bptt"
    )
    twin = copy.deepcopy(cell)
    twin.id, twin.source = "bptt-again", "def bptt(*arguments):\n    return None"
    notebook.cells.insert(place + 1, twin)
    return notebook


def _helper_in_own_cell(handout: Handout) -> NotebookNode:
    notebook = handout.answered(
        jacobian_norms="def jacobian_norms(h, weight_hh):\n    return all_norms(h, weight_hh)"
    )
    helper = nbformat.v4.new_code_cell(
        "def all_norms(h, weight_hh):\n    return h.sum(1)", id="helper"
    )
    notebook.cells.insert(0, helper)
    return notebook


def _without_metadata(handout: Handout) -> NotebookNode:
    notebook = handout.answered()
    for cell in notebook.cells:
        cell.metadata = {}
    notebook.metadata = {}
    return notebook


def _format_3(handout: Handout) -> bytes:
    text: str = nbformat.writes(nbformat.convert(handout.answered(), 3), version=3)
    return text.encode()


def _full_of_output(handout: Handout) -> bytes:
    notebook = handout.answered()
    output = nbformat.v4.new_output("stream", name="stdout", text="epoch 1\n" * 3_000_000)
    _graded(notebook)[0].outputs = [output]
    # nbformat would write a line of JSON for each line of text, in seconds.
    return json.dumps(notebook).encode()


def _chatty(handout: Handout) -> NotebookNode:
    notebook = handout.answered()
    for cell in notebook.cells:
        if is_solution(cell):
            cell.source += "\nfor epoch in range(30_000):\n    print('epoch', epoch)"
    return notebook


# --- the class ---------------------------------------------------------------------------------

SYNTAX_ERROR = "def bptt(x, h0, h, weight_ih, weight_hh, grad_h)\n    return BPTTGradients(x, h0"
EXCEPTION = "def jacobian_norms(h, weight_hh):\n    return h.sum(1) / (1 // 0)"
ENDLESS = "def clip_gradients(gradients, max_norm):\n    pass\n\nwhile True:\n    pass"
ENDLESS_CALL = "def clip_gradients(gradients, max_norm):\n    while True:\n        pass"
HOG = "everything = bytearray(64 * 2**30)"


def _own_work() -> list[Sample]:
    """Submissions by people who tried."""
    plain = _notebook(lambda handout: handout.answered())
    return [
        Sample("Ada Lovelace", "the model answer", plain),
        Sample("李小龙", "a name in another script", plain),
        Sample("Łukasz Żółć", "letters with marks", plain),
        Sample("Conan 'the' \"O'Brien\"", "quotes in the name", plain),
        Sample("new\nline", "a line break in the name", plain),
        Sample("-rf ..", "a name like an option and a path", plain),
        Sample(
            "blank",
            "handed in as released",
            _notebook(lambda h: h.released),
            _tests(*PARTS),
            "not filled in yet",
        ),
        Sample(
            "half",
            "two parts of five",
            _notebook(_half_done),
            _tests(*PARTS[2:]),
            "not filled in yet",
        ),
        Sample(
            "syntax",
            "a cell that does not parse",
            _answers(bptt=SYNTAX_ERROR),
            _tests("bptt"),
            "SyntaxError",
        ),
        Sample(
            "exception",
            "a function that raises",
            _answers(jacobian_norms=EXCEPTION),
            _tests("jacobian-norms"),
            "ZeroDivisionError",
        ),
        Sample(
            "endless",
            "a cell that never ends",
            _answers(clip_gradients=ENDLESS),
            _tests("clip-gradients"),
            "stopped after",
        ),
        Sample("memory", "64 GB in a cell", _answers(bptt=HOG), _tests("bptt"), "MemoryError"),
        Sample("untested", "test cells deleted", _notebook(_without_tests), says="is missing"),
        Sample("edited", "test cells changed", _notebook(_tests_edited), says="was changed"),
        Sample(
            "twice",
            "two different cells with one id",
            _notebook(_cell_twice),
            _tests("bptt"),
            "carry the id",
        ),
        Sample(
            "helper",
            "a helper in a cell of its own",
            _notebook(_helper_in_own_cell),
            _tests("jacobian-norms"),
            "move it into",
        ),
        Sample(
            "not-json",
            "a word processor's file",
            _data(lambda h: b"PK\x03\x04 my homework"),
            _tests(*PARTS),
            "not a notebook",
        ),
        Sample("empty", "an empty file", _data(lambda h: b""), _tests(*PARTS), "empty"),
        Sample(
            "bare",
            "saved without any metadata",
            _notebook(_without_metadata),
            _tests(*PARTS),
            "metadata",
        ),
        Sample("old", "notebook format 3", _data(_format_3)),
        Sample(
            "full",
            "24 MB of saved output",
            _data(_full_of_output),
            _tests(*PARTS),
            "larger than",
        ),
        Sample("chatty", "prints 150 000 lines", _notebook(_chatty)),
    ]


RIGHT = ("einsum", "functional", "hoisted", "lists")
WRONG = (
    *("cell_transposed_u", "layer_forgets", "bptt_zero_start", "bptt_in_place"),
    *("norms_spectral_radius", "clip_each_tensor"),
)
HOSTILE = {
    "replace_allclose": "",
    "drop_asserts": "get_ipython",
    "always_equal_tensor": "",
    "partial_credit": "get_ipython",
    "edit_gradebook": "",
    "read_proc": "",
    "import_reference": "solutions",
    "survivor": "",
    "exit_after_mark": "ended",
    "fork_bomb": "",
    "ready_made_by_name": "ready made",
}


def _from_corpus() -> list[Sample]:
    """Right answers in other styles, and answers with one mistake each."""

    def sample(version: Version) -> Sample:
        make = _notebook(lambda handout: build_submission(handout.source, version.sections))
        return Sample(version.name, version.about, make, version.breaks)

    known = [*versions(SUITE, "right"), *versions(SUITE, "wrong")]
    return [sample(version) for version in known if version.name in {*RIGHT, *WRONG}]


def _from_attacks() -> list[Sample]:
    """Those hostile ones that try what stock nbgrader would let them do."""

    def sample(attack: Attack) -> Sample:
        def write(handout: Handout, path: Path) -> None:
            attack.write(handout.released, path, path)

        return Sample(attack.name, attack.tries, write, _tests(*PARTS), HOSTILE[attack.name])

    return [sample(attack) for attack in attacks() if attack.name in HOSTILE]


def samples() -> list[Sample]:
    """Return the whole class."""
    return [*_own_work(), *_from_corpus(), *_from_attacks()]


def write_sample_class(course: Path) -> list[Path]:
    """Put the class into COURSE/inbox/ASSIGNMENT/STUDENT/; return the files.

    The assignment must have been released there. A file that is already as it should be is
    left alone, and with it its time of submission.
    """
    source, released = (
        nbformat.read(course / step / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
        for step in ("source", "release")
    )
    handout = Handout(source, released)
    paths = []
    with tempfile.TemporaryDirectory() as scratch:
        for sample in samples():
            fresh = Path(scratch) / "fresh.ipynb"
            sample.write(handout, fresh)
            path = course / "inbox" / ASSIGNMENT / sample.student / f"{ASSIGNMENT}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            data = fresh.read_bytes()
            if not path.is_file() or path.read_bytes() != data:
                path.write_bytes(data)
            paths.append(path)
    return paths

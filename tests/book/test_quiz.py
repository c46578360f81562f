"""A quiz: what its file may hold, what is said when something is missing, what the page gets."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from quiz import measured, short
from quiz_questions import QuizError, compute, load
from sphinx.errors import ExtensionError

QUIZZES = Path(__file__).resolve().parents[2] / "book" / "quizzes"
CHOICE: dict[str, Any] = {
    "question": "Which?",
    "choices": [
        {"text": "This.", "right": True, "because": "It is."},
        {"text": "That.", "because": "It is not."},
    ],
}
NUMBER: dict[str, Any] = {
    "question": "How many?",
    "number": "2 ** 3",
    "tolerance": 0.01,
    "because": "Two, three times.",
    "otherwise": "Multiply.",
    "mistakes": [{"number": 6, "because": "That is a sum."}],
}


def quiz(folder: Path, *questions: dict[str, Any]) -> Path:
    path = folder / "some.yaml"
    path.write_text(yaml.safe_dump(list(questions)), encoding="utf-8")
    return path


def without(question: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in question.items() if k != key}


@pytest.mark.parametrize("path", sorted(QUIZZES.glob("*.yaml")), ids=lambda p: p.stem)
def test_the_book_s_quizzes_are_sound(path: Path) -> None:
    chapter = (QUIZZES.parent / path.with_suffix(".md").name).read_text(encoding="utf-8")
    questions = load(path)
    for question in questions:
        for key in (question.measured, *(m.measured for m in question.mistakes)):
            assert key is None or f'glue("{key}"' in chapter
        # The right answer must not be told by its place alone.
    places = {[c.right for c in q.choices].index(True) for q in questions if q.choices}
    assert len(places) > 1


def test_a_good_quiz_is_read(tmp_path: Path) -> None:
    questions = load(quiz(tmp_path, *[CHOICE, NUMBER] * 3))
    assert len(questions) == 6
    assert questions[0].choices[0].right
    assert compute(questions[1].number) == 8


BAD = [
    (CHOICE | {"choices": CHOICE["choices"][:1]}, "1 of 1 choices are right"),
    (CHOICE | {"choices": [CHOICE["choices"][0]] * 2}, "2 of 2 choices are right"),
    (CHOICE | {"choices": [CHOICE["choices"][1]] * 2}, "0 of 2 choices are right"),
    (
        CHOICE | {"choices": [CHOICE["choices"][0], {"text": "That.", "because": " "}]},
        "every choice needs a `because`",
    ),
    (CHOICE | {"number": 3}, "choices and a number; keep one"),
    (without(NUMBER, "number"), "it needs `choices`, or a `number`"),
    (NUMBER | {"measured": "x"}, "it needs `choices`, or a `number`"),
    (without(NUMBER, "tolerance"), "needs a `tolerance` above 0"),
    (NUMBER | {"tolerance": 5}, "needs a `tolerance` above 0 and below 1"),
    (without(NUMBER, "otherwise"), "needs `because` .* and `otherwise`"),
    (NUMBER | {"mistakes": [{"because": "No."}]}, "every mistake needs a `number`"),
    (NUMBER | {"number": "__import__('os')"}, "is not arithmetic"),
    (NUMBER | {"number": "1 / 0"}, "division by zero"),
    (NUMBER | {"number": "two"}, "is not arithmetic"),
]


@pytest.mark.parametrize(("question", "message"), BAD, ids=[m for _, m in BAD])
def test_a_bad_question_is_named_with_what_to_mend(
    tmp_path: Path, question: dict[str, Any], message: str
) -> None:
    with pytest.raises(QuizError, match=rf"some\.yaml, question 3: .*{message}"):
        load(quiz(tmp_path, CHOICE, NUMBER, question, CHOICE, CHOICE))


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (without(CHOICE, "question"), "missing required field `question` - at `\\$\\[2\\]`"),
        (CHOICE | {"hint": "x"}, "unknown field `hint`"),
        (
            CHOICE | {"choices": [CHOICE["choices"][0], {"text": "That."}]},
            "missing required field `because` - at `\\$\\[2\\].choices\\[1\\]`",
        ),
    ],
)
def test_a_missing_or_unknown_field_is_named_with_its_place(
    tmp_path: Path, question: dict[str, Any], message: str
) -> None:
    with pytest.raises(QuizError, match=message):
        load(quiz(tmp_path, CHOICE, NUMBER, question, CHOICE, CHOICE))


def test_a_measured_number_is_what_the_page_has_glued_or_a_clear_error(tmp_path: Path) -> None:
    glued = {"a": "1.5", "b": "'words'"}
    outputs = {key: {"data": {"text/plain": text}} for key, text in glued.items()}
    (tmp_path / "page.glue.json").write_text(json.dumps(outputs), encoding="utf-8")
    env = SimpleNamespace(
        nb_metadata={"page": {"glue": ["a", "b"]}},
        mystnb_config=SimpleNamespace(output_folder=str(tmp_path)),
    )
    assert measured(env, "page", "a") == 1.5
    with pytest.raises(ExtensionError, match="'b' of its quiz is no number: \"'words'\""):
        measured(env, "page", "b")
    with pytest.raises(ExtensionError, match="asks for 'c', which the page does not glue"):
        measured(env, "page", "c")


def test_numbers_for_people_are_short() -> None:
    shown = [short(value) for value in (0.1, 78, 4096, 1.3**60, 1.8e-7)]
    assert shown == ["0.1", "78", "4096", "6.864e6", "1.8e-7"]


def test_the_number_of_questions_has_bounds(tmp_path: Path) -> None:
    with pytest.raises(QuizError, match="has 5 to 8 questions, not 4"):
        load(quiz(tmp_path, *[CHOICE] * 4))


def test_a_missing_file_is_named_with_those_there_are(tmp_path: Path) -> None:
    quiz(tmp_path, *[CHOICE] * 5)
    with pytest.raises(QuizError, match=r"there is no other\.yaml .* there are: some"):
        load(tmp_path / "other.yaml")

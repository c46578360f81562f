"""A gradebook in PostgreSQL: its address without a password, its owner, and whose turn it is."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from autograder.course import database
from autograder.course.database import (
    Turns,
    address,
    claim,
    folder_lock,
    gradebook_name,
    is_server,
    require_ours,
    with_password,
)
from autograder.errors import AutograderError
from tests.postgresql import PASSWORD, Server

DRIVER = "postgresql+psycopg"


@pytest.mark.parametrize(
    ("typed", "kept", "password"),
    [
        ("postgresql://me@host:5/marks", f"{DRIVER}://me@host:5/marks?connect_timeout=10", ""),
        ("postgres://host/marks", f"{DRIVER}://host/marks?connect_timeout=10", ""),
        ("postgresql:///marks", f"{DRIVER}:///marks?connect_timeout=10", ""),
        (
            "postgresql:///?service=marks",
            f"{DRIVER}:///?connect_timeout=10&service=marks",
            "",
        ),
        (
            "postgresql://me:se%40%3Acret@host/marks",
            f"{DRIVER}://me@host/marks?connect_timeout=10",
            "se@:cret",
        ),
        (
            "postgresql://host/marks?connect_timeout=3&password=secret",
            f"{DRIVER}://host/marks?connect_timeout=3",
            "secret",
        ),
        ("postgresql+psycopg2://host/m", "postgresql+psycopg2://host/m?connect_timeout=10", ""),
    ],
)
def test_an_address_is_kept_without_its_password(typed: str, kept: str, password: str) -> None:
    assert address(typed) == (kept, password)
    assert is_server(typed)
    assert gradebook_name(typed) == gradebook_name(kept)
    assert not password or password not in gradebook_name(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("sqlite:///secret.db", "me:secret@host", "postgresql://me:secret@host", "secret"),
        *("postgresql://me:secret@host:port/marks", "mysql://me:secret@host/marks"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(AutograderError, match="no address of a PostgreSQL database") as caught:
        address(typed)
    assert "secret" not in str(caught.value)
    assert "postgresql://USER@HOST/DATABASE" in caught.value.todo


def test_a_file_needs_no_turns() -> None:
    with Turns("").mine(), Turns("").mine():
        pass


@pytest.fixture
def url(database_server: Server) -> str:
    """The address of a new database, with its password."""
    return with_password(*address(database_server.url(database_server.new_database(), PASSWORD)))


@pytest.mark.postgresql
def test_a_folder_has_one_lock_and_a_copy_another(url: str, tmp_path: Path) -> None:
    file, copy = tmp_path / "lock", tmp_path / "copy"
    file.write_text("")
    shutil.copy(file, copy)
    with folder_lock(url, "seed", file, 0) as first:
        assert first
        with folder_lock(url, "seed", file, 0.3) as second:
            assert not second
        with folder_lock(url, "seed", copy, 0) as of_the_copy:
            assert of_the_copy
        with folder_lock(url, "another course", file, 0) as of_another:
            assert of_another
    with folder_lock(url, "seed", file, 0) as again:
        assert again


@pytest.mark.postgresql
def test_records_are_written_one_at_a_time(url: str) -> None:
    one, other = Turns(url), Turns(url)
    done: list[str] = []

    def write() -> None:
        with other.mine():
            done.append("other")

    thread = threading.Thread(target=write)
    with one.mine():
        thread.start()
        thread.join(0.3)
        done.append("one")
    thread.join()
    assert done == ["one", "other"]
    with pytest.raises(ZeroDivisionError), one.mine():
        print(1 // 0)
    write()  # an error has let go of its turn
    one.close()
    other.close()


@pytest.mark.postgresql
def test_a_database_is_one_courses(
    url: str, database_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbgrader.api import Gradebook

    name = url.rpartition("/")[2].partition("?")[0]
    with pytest.raises(AutograderError, match="the database holds no gradebook"):
        require_ours(url, "seed")
    require_ours(url, "seed", may_be_new=True)
    monkeypatch.setattr("nbgrader.api.get_alembic_version", lambda: "old")
    with Gradebook(url, "spring") as gradebook:
        with pytest.raises(AutograderError, match="another version of nbgrader"):
            require_ours(url, "seed", may_be_new=True)
        (version,) = database.wanted_versions()
        database_server.ask(f"UPDATE alembic_version SET version_num = '{version}'", name)
        with pytest.raises(AutograderError, match="another course"):
            require_ours(url, "seed")
        require_ours(url, "seed", may_be_new=True)  # an init that was killed goes on
        gradebook.update_or_create_assignment("hw1")
        with pytest.raises(AutograderError, match=r"another course \(spring\)"):
            require_ours(url, "seed", may_be_new=True)
        claim(url, "seed")
        claim(url, "seed")
        require_ours(url, "seed")
        with pytest.raises(AutograderError, match=r"another course \(spring\)"):
            require_ours(url, "another seed", may_be_new=True)
    assert "seed" not in str(database_server.ask("SELECT mark FROM autograder_course", name))


@pytest.mark.postgresql
def test_somebody_elses_tables_are_left_alone(url: str, database_server: Server) -> None:
    database_server.ask("CREATE TABLE thesis (page INT)", url.rpartition("/")[2].partition("?")[0])
    with pytest.raises(AutograderError, match="the database is in use"):
        require_ours(url, "seed", may_be_new=True)

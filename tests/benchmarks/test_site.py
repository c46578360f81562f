"""The judge of the built site: what it serves, which pages it looks at, what it installs."""

from __future__ import annotations

import gzip
import json
import urllib.request
from pathlib import Path

import pytest

from benchmarks.site import __main__ as bench
from benchmarks.site.serving import served

HERE = Path(bench.__file__).parent


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, words in {
        "book/index": 10,
        "book/01-a": 10,
        "book/02-b": 2000,
        "book/ledger": 10,
        "exercises/01-a": 10,
        "exercises/02-b": 10,
    }.items():
        page = tmp_path / f"{name}.html"
        page.parent.mkdir(exist_ok=True)
        page.write_text(" ".join(map(str, range(words))), encoding="utf-8")
    return tmp_path


def test_the_heaviest_chapter_stands_for_all(site: Path) -> None:
    assert bench.chosen(site) == [
        *("book/index.html", "book/02-b.html", "exercises/01-a.html", "book/ledger.html")
    ]


def test_pages_are_sent_compressed_to_those_who_can_read_it(site: Path) -> None:
    text = (site / "book/02-b.html").read_bytes()
    with served(site) as address:
        plain = urllib.request.urlopen(f"{address}/book/02-b.html").read()
        asked = urllib.request.Request(
            f"{address}/book/02-b.html?v=1", headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(asked) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            packed = answer.read()
    assert plain == text
    assert len(packed) < len(text) / 2
    assert gzip.decompress(packed) == text


def test_tools_are_locked_by_checksum_and_name_no_registry() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert {"node_modules/lighthouse", "node_modules/axe-core"} <= set(packages)
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name

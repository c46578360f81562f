"""A page runs again exactly when something it uses has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fresh_notebooks import cells, claims_named, digest, files_used
from ledger import CLAIMS_FILE, load_claims

PAGE = """---
kernelspec: {name: python3}
---

```{code-cell} ipython3
:tags: [hide-input]

import math
from pack.inner import thing
```

Words, and `code`.

````{code-cell} ipython3
---
tags: [hide-input]
mystnb:
  figure: {name: fig-x}
---
table = "data/table.json"
````

```python
import not_run
```
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "pack/__init__.py": "",
        "pack/inner.py": "from pack import deep\nthing = 1\n",
        "pack/deep.py": "x = 1\n",
        "pack/unused.py": "x = 1\n",
        "data/table.json": "[]",
        "pages/beside.py": "HERE = 'note.txt'\n",
        "pages/note.txt": "n",
        "pages/parts/__init__.py": "from parts.inner import thing\n",
        "pages/parts/inner.py": "thing = 1\n",
        "not_run.py": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def used(code: str, project: Path) -> set[str]:
    files = files_used(code, project, project / "pages")
    return {path.relative_to(project).as_posix() for path in files}


def test_cells_are_code_without_options_or_other_fences() -> None:
    first, second = cells(PAGE)
    assert first.split() == ["import", "math", "from", "pack.inner", "import", "thing"]
    assert second == 'table = "data/table.json"\n'


def test_imports_are_followed_and_named_files_count(project: Path) -> None:
    assert used("\n".join(cells(PAGE)), project) == {
        "pack/__init__.py",
        "pack/inner.py",
        "pack/deep.py",
        "data/table.json",
    }


def test_modules_beside_the_page_count_with_what_they_name(project: Path) -> None:
    assert used("%matplotlib inline\nimport beside", project) == {
        "pages/beside.py",
        "pages/note.txt",
    }


def test_a_package_beside_the_page_counts_with_its_modules(project: Path) -> None:
    assert used("import parts", project) == {"pages/parts/__init__.py", "pages/parts/inner.py"}


@pytest.mark.parametrize("text", ["/etc/passwd", "../../etc/passwd", "a\x00b", "x" * 5000, "."])
def test_strings_that_are_no_files_of_the_project_do_no_harm(project: Path, text: str) -> None:
    assert used(f"name = {text!r}", project) == set()


def test_the_digest_changes_with_a_file_and_with_nothing_else(project: Path) -> None:
    files = files_used("import pack.inner", project, project)
    before = digest(files, [], project)
    (project / "pack/unused.py").write_text("x = 2\n", encoding="utf-8")
    assert digest(files_used("import pack.inner", project, project), [], project) == before
    (project / "pack/deep.py").write_text("x = 2\n", encoding="utf-8")
    assert digest(files_used("import pack.inner", project, project), [], project) != before


def test_a_corrected_claim_concerns_only_the_pages_that_measure_it() -> None:
    claims = load_claims()
    root = CLAIMS_FILE.parent.parent
    named = claims_named('measured("spectral-radius-rule", "imprecise")')
    assert named == [claims["spectral-radius-rule"]]
    assert digest({CLAIMS_FILE}, [], root) == digest(set(), [], root)
    assert digest(set(), named, root) != digest(set(), [], root)


def test_the_chapter_depends_on_what_it_imports() -> None:
    root = CLAIMS_FILE.parent.parent
    code = "\n".join(cells((root / "book/01-rnn-limits.md").read_text(encoding="utf-8")))
    names = {p.relative_to(root).as_posix() for p in files_used(code, root, root / "book")}
    assert {
        "book/ledger.py",
        "book/style.py",
        "book/_static/palette.json",
        "book/_static/measured.mplstyle",
        "experiments/tasks/dense.py",
        "experiments/tasks/paper1997.py",
        "solutions/rnn.py",
        "solutions/layer.py",
    } <= names
    assert "book/_static/measured.css" not in names

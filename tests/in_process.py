"""Run every job of a study in this process: its pages cell by cell, without a kernel for each.

What a cell shows is rendered, small, because many an error comes only then.
"""

import ast
import functools
import io
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter

import jupytext
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from nilearn import datasets

from datnet_core.images import radiomics
from datnet_study import figures
from datnet_study.graph import Graph
from datnet_study.run import JOBS, parser
from datnet_study.study import read_study

FEW = {"n_jobs": 1, "n_bootstrap": 20, "n_per_diagnosis": 1, "n_steps": 2, "n_measured": 12}
BRAINS = (
    "plot_mean_volumes", "plot_saliency_maps", "view_saliency_maps", "plot_layer_maps",
    "plot_effect_maps", "plot_montage",
)  # fmt: skip
DPI = 10  # of the figures: only errors in them are looked for


def run_study(path, skipped=()):
    """Run all jobs of a study but the book, in an order that the graph of jobs allows.

    Pages in `skipped` do not run; they must not be read by others.
    """
    study = read_study(path)
    graph = Graph(study, n_lanes=1)
    before = {
        job.name: {graph.writer[n].name for n in graph.inputs(job) if n in graph.writer}
        for job in graph.jobs.values()
    }
    for name in TopologicalSorter(before).static_order():
        job = graph.jobs[name]
        if job.command[0] == "page" and name not in skipped:
            run_page_here(graph.declarations[name].source, FEW | {"study": str(path)})
        elif job.command[0] in ("dataset", "grid", "fit"):
            kind, *rest = job.command
            JOBS[kind](study, parser().parse_args([kind, str(path), *rest]))
    return study


def run_page_here(source, parameters):
    """Run the cells of a page one after the other, until one ends the page."""
    notebook = jupytext.read(source)
    names = {"__name__": "__main__"}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        try:
            shown = _run_cell(cell.source, names)
        except Exception as error:
            error.add_note(f"in cell {number} of {source.name}:\n{cell.source}")
            raise
        if "parameters" in cell.metadata.get("tags", []):
            names |= {key: value for key, value in parameters.items() if key in names}
        if getattr(names.get("page"), "ended", False):
            break
        if "figure" in cell.metadata:
            assert shown, f"{source.name}, {cell.metadata['figure']}: no figure was drawn"
    plt.close("all")
    return names


def _run_cell(text, names):
    tree = ast.parse(text)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    if last is not None:
        shown = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
        return render(shown)
    return None


def render(shown):
    if isinstance(shown, Figure):
        shown.savefig(io.BytesIO(), format="png", dpi=DPI)
    elif hasattr(shown, "_repr_html_"):
        shown._repr_html_()
    return shown


def on_no_brain(monkeypatch):
    """Leave out what is dear and the same for any cohort: brains in figures, other processes."""
    for name in BRAINS:
        monkeypatch.setattr(figures, name, drawn_without_brain)
    monkeypatch.setattr(radiomics, "ProcessPoolExecutor", lambda n, _: ThreadPoolExecutor(n))
    template = functools.cache(datasets.load_mni152_template)
    monkeypatch.setattr(datasets, "load_mni152_template", template)


def drawn_without_brain(images, *_, **__):
    """In place of a figure of maps over a brain: an image for each title, and all of it finite."""
    assert images
    for title, img in images.items():
        assert title
        data = img.get_fdata() if hasattr(img, "get_fdata") else img
        assert np.isfinite(data).all()
    return Figure()

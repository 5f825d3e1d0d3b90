"""Run every job of a study in this process: its pages cell by cell, without a kernel for each."""

import ast
import functools
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter

import IPython.display
import jupytext
import numpy as np
from matplotlib.figure import Figure
from nilearn import datasets

from datnet_images import radiomics
from datnet_images.quality import scan_quality
from datnet_study import figures, placed_scans
from datnet_study.graph import Graph
from datnet_study.run import JOBS, parser
from datnet_study.study import read_study

FEW = {"n_jobs": 1, "n_shifted": 2, "n_bootstrap": 20, "n_per_diagnosis": 1, "n_steps": 2}
FEW |= {"n_permutations": 20, "n_fingerprint": 4}
BRAINS = (
    "plot_saliency_maps", "view_saliency_maps", "plot_layer_maps",
    "plot_effect_maps", "plot_montage", "plot_contours",
)  # fmt: skip
MEASURED = {}  # quality of the scans that several cohorts have alike
read_cells = functools.cache(lambda source: jupytext.read(source).cells)


def run_study(path, skipped=()):
    """Run all jobs of a study but its book, each after those whose files it reads.

    Pages in `skipped` do not run. Pages get the parameters in `FEW`, where they have them.
    """
    study = read_study(path)
    graph = Graph(study)
    before = {
        job.name: {graph.writer[name].name for name in graph.inputs(job) if name in graph.writer}
        for job in graph.jobs.values()
    }
    for name in TopologicalSorter(before).static_order():
        kind, *rest = graph.jobs[name].command
        if kind == "page" and name not in skipped:
            run_cells(graph.declarations[name].source, FEW | {"study": str(path)})
        elif kind in ("dataset", "normalise", "grid", "fit", "ceiling"):
            JOBS[kind](study, parser().parse_args([kind, str(path), *rest]))
    return study


def run_cells(source, parameters):
    """Run the code of a page, cell by cell, until the last one or until a cell ends the page."""
    names = {}
    for number, cell in enumerate(read_cells(source)):
        if cell.cell_type != "code":
            continue
        try:
            shown = _value(cell.source, names)
            drawn(shown)
        except Exception as error:
            error.add_note(f"in cell {number} of {source.name}:\n{cell.source}")
            raise
        if "parameters" in cell.metadata.get("tags", []):
            names |= {key: value for key, value in parameters.items() if key in names}
        if "page" in names and names["page"].ended:
            return
        if "figure" in cell.metadata:
            assert isinstance(shown, Figure), f"{source.name}: cell {number} draws no figure"


def _value(text, names):
    """Run a cell; the value of its last line, if it has one."""
    *lines, last = ast.parse(text).body
    if not isinstance(last, ast.Expr):
        lines, last = [*lines, last], ast.parse("None").body[0]
    exec(compile(ast.Module(lines, []), "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)


def drawn(shown):
    """Make what a cell shows, as a notebook would: many an error comes only then."""
    if isinstance(shown, Figure):
        shown.draw_without_rendering()
    elif hasattr(shown, "_repr_html_"):
        shown._repr_html_()


def leave_out_what_is_dear(monkeypatch):
    """Nothing that any cohort has alike: no brain behind a map, no process for the radiomics."""
    for name in BRAINS:
        monkeypatch.setattr(figures, name, _without_brain)
    monkeypatch.setattr(radiomics, "ProcessPoolExecutor", lambda n, *_: ThreadPoolExecutor(n))
    template = functools.cache(datasets.load_mni152_template)
    monkeypatch.setattr(datasets, "load_mni152_template", template)
    monkeypatch.setattr(IPython.display, "display", drawn)
    monkeypatch.setattr(placed_scans, "scan_quality", _measured_once)


def _measured_once(img, gauge, *more):
    """Quality of a scan, which is measured in the first of the cohorts that have it."""
    content = img.get_fdata(dtype=np.float32).tobytes()
    scan = hash((content, img.affine.tobytes(), gauge.target.fwhm_mm, str(more)))
    if scan not in MEASURED:
        MEASURED[scan] = scan_quality(img, gauge, *more)
    return MEASURED[scan]


def _without_brain(images, *_, **__):
    """In place of a figure of maps over a brain: there are some, and all of them are finite."""
    assert images
    for title, img in images.items():
        assert title
        assert np.isfinite(img.get_fdata() if hasattr(img, "get_fdata") else img).all()
    return Figure()

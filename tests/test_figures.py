"""Figures: each is drawn without a warning, for the paper's diagnoses and for others."""

import inspect

import matplotlib.pyplot as plt
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from nilearn.datasets import load_mni152_template

from datnet_core import figures, metrics
from datnet_core.volumes import study_grid

AFFINE, SHAPE = study_grid(8.0)
TEXT = {"colours", "p_text"}


@pytest.fixture(params=[("IPD", "MSA", "PSP", "NC"), ("PD", "HC")], ids=len)
def classes(request):
    return request.param


@pytest.fixture
def predictions(classes, rng):
    diagnosis = np.repeat(classes, 8)
    proba = rng.dirichlet(np.ones(len(classes)), len(diagnosis))
    columns = {f"p_{name}": proba[:, k] for k, name in enumerate(classes)}
    people = [f"sub-{k}" for k in range(len(diagnosis))]
    return pd.DataFrame({"participant_id": people, "diagnosis": diagnosis, **columns})


@pytest.fixture
def drawings(classes, predictions, rng):
    volumes = {name: rng.random(SHAPE) for name in classes}
    template = load_mni152_template(resolution=8)
    pairs = [(classes[0], classes[1])]
    boxes = predictions.assign(putamen=rng.random(len(predictions)))
    tests = {"putamen": metrics.mann_whitney(boxes["putamen"], boxes["diagnosis"], pairs)}
    history = pd.DataFrame({"epoch": [0, 1], "train_loss": [1, 0.5], "validation_loss": [1, 0.9]})
    scans = predictions.assign(
        cohort=np.resize(["pretraining", "training", "blind_test"], len(boxes))
    )
    counts = pd.DataFrame(
        {"region": ["putamen", "DL"], "pair": ["a vs b"] * 2, "n_significant": [3, 4]}
    )
    features = pd.DataFrame(
        [(f"{kind}_{k}", r, "a vs b", rng.random()) for kind in ("glcm", "shape") for k in (1, 2) for r in "AB"],
        columns=["feature", "region", "pair", "p"],
    )  # fmt: skip
    return {
        "flow": lambda: figures.flow(scans, classes),
        "mean_volumes": lambda: figures.mean_volumes(volumes, AFFINE, template),
        "learning_curves": lambda: figures.learning_curves(
            {"pretrain": history, "fold-0": history}
        ),
        "roc_curves": lambda: figures.roc_curves({"network": predictions}, classes),
        "rate_bars": lambda: figures.rate_bars(
            {"all": metrics.diagnostic_table(predictions, classes)}, classes
        ),
        "confusion": lambda: figures.confusion(metrics.confusion(predictions, classes)),
        "saliency_maps": lambda: figures.saliency_maps(
            {k: nib.Nifti1Image(v.astype(np.float32), AFFINE) for k, v in volumes.items()}, template
        ),
        "region_sizes": lambda: figures.region_sizes(
            {"rescaled": 0.1}, [0.1, 0.7], [0.9, 0.1], 0.7
        ),
        "group_boxes": lambda: figures.group_boxes(boxes, {"putamen": "putamen"}, tests, classes),
        "feature_counts": lambda: figures.feature_counts(counts, 107),
        "p_value_maps": lambda: figures.p_value_maps(features),
        "importance_bars": lambda: figures.importance_bars(pd.Series({"p_IPD": 0.7, "sex": 0.0})),
    }


def test_every_figure_function_is_drawn_here(drawings):
    public = {
        name
        for name, function in inspect.getmembers(figures, inspect.isfunction)
        if function.__module__ == figures.__name__ and not name.startswith("_")
    }
    assert public - TEXT == set(drawings)


def test_every_figure_is_drawn_and_closed(drawings):
    for name, draw in drawings.items():
        fig = draw()
        assert isinstance(fig, Figure), name
        fig.canvas.draw()
    assert plt.get_fignums() == []


def test_a_diagnosis_has_one_colour_whatever_the_others(classes):
    colours = figures.colours(classes)
    assert set(classes) <= set(colours)
    assert len({tuple(colours[name]) for name in classes}) == len(classes)


def test_p_values_as_text():
    assert figures.p_text(0.2345) == "P = 0.23"
    assert figures.p_text(3e-7) == "P < 0.0001"

"""The image ceiling of a phantom study: a network that learned from as many scans as it takes.

A yardstick, not a result: it learns from simulated people of the study's own generator, with the
true diagnosis, and none of the study. What it reaches estimates the best that images allow. It
lies in a folder of its own, and no page but `truth` reads what it says.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from datnet_core.files import whole
from datnet_core.metrics.auc import delong_interval
from datnet_core.training.batches import Scans
from datnet_core.training.loop import fit
from datnet_core.training.prediction import load_model, predict
from datnet_core.training.streams import Draws, stream_seed
from datnet_images.atlas import read_atlas
from datnet_images.grid import field_of_view
from datnet_phantom.numbers import read_calibration
from datnet_phantom.unwritten import unwritten_scans, yardstick_people
from datnet_study.one_thread import one_thread
from datnet_study.result_table import read_result_table

FILES = ("ceiling.tsv", "predictions/ceiling.tsv")


def image_ceiling(study):
    """Train on growing numbers of simulated scans until more add nothing, and judge the study.

    Writes `ceiling.tsv`, a row for each number: `scans`, `auc` (mean one-vs-rest AUC of
    `ceiling.judged` further simulated scans), `gain`, `epochs`, `seconds` of training; and
    `predictions/ceiling.tsv`, the probabilities of the study's training cohort and blind test by
    the last network. A stopped run continues.

    Parameters
    ----------
    study : Study
        A phantom with `ceiling`, whose scans are cached.

    Raises
    ------
    ValueError
        If the study asks for no ceiling; else as `loop.fit` and `yardstick_people`.
    """
    if study.ceiling is None:
        raise ValueError(f"{study.source} asks for no `ceiling`; add it, or leave this job out")
    with one_thread():  # as for the networks of the study
        steps, model = _grown(study)
    scans = read_result_table(study.results / "scans.tsv")
    judged = scans[scans["cohort"] != "pretraining"]
    field = field_of_view(study.images.grid_mm, study.network.field_mm)
    volumes = np.load(study.volumes(study.images.grid_mm), mmap_mode="r")[(slice(None), *field)]
    proba = predict(model, volumes, judged.index.to_numpy())
    table = judged[["participant_id", "session_id", "cohort", "diagnosis"]].assign(
        **{f"p_{name}": p for name, p in zip(study.diagnoses, proba.T, strict=True)}
    )
    for name, rows in zip(FILES, (pd.DataFrame(steps), table), strict=True):
        with whole(study.results / name) as part:
            rows.to_csv(part, sep="\t", index=False, float_format="%.8g")


def _grown(study):
    """Facts of each number of scans, and the model that learned from the last one."""
    ask, phantom, seed = study.ceiling, study.phantom, study.training.seed
    calibration = read_calibration(study.calibration_path, phantom.scanner)
    people = yardstick_people(
        ask.judged + ask.scans[-1],
        phantom.participants["definite"],
        calibration,
        study.control,
        seed=phantom.seed,
        identical_patients=phantom.identical_patients,
    )
    labels = people["diagnosis"].map(study.diagnoses.index).to_numpy()
    network = replace(study.network, n_members=1)
    steps, model = [], None
    for n in ask.scans:
        volumes = unwritten_scans(
            people,
            ask.judged + n,
            study.results / "ceiling" / "scans.npy",
            read_atlas(study.atlas_path),
            calibration,
            study.images.reference_region,
            spacing_mm=study.images.grid_mm,
            field=field_of_view(study.images.grid_mm, network.field_mm),
            seed=phantom.seed,
        )
        learn = np.arange(ask.judged, ask.judged + n)  # the first are never learned from
        training = replace(
            study.training,
            seed=stream_seed(Draws.CEILING, seed, n),
            early_stopping_on="none",
            max_epochs=max(round(ask.shown / n), 1),
            max_steps=None,
        )
        folder = study.results / "ceiling" / f"of-{n}"
        scans = Scans(volumes, labels, learn, learn[:0])
        facts = fit(folder / "member-0", scans, study.diagnoses, network=network, training=training)
        model = load_model(folder, network, training.accelerator)
        auc = _mean_auc(labels[: ask.judged], predict(model, volumes, np.arange(ask.judged)))
        gain = auc - steps[-1]["auc"] if steps else np.nan
        steps.append({"scans": n, "auc": auc, "gain": gain})
        steps[-1] |= {"epochs": facts["n_epochs"], "seconds": facts["seconds"]}
        if gain < ask.gain:
            break
    return steps, model


def _mean_auc(labels, proba):
    """Mean AUC of each class against the rest."""
    return np.mean([delong_interval(labels == k, proba[:, k])[0] for k in np.unique(labels)])

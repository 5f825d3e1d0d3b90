"""Train networks of a study in this process, and load those of its folds."""

from dataclasses import replace

import numpy as np

from datnet_core.training.batches import Scans
from datnet_core.training.loop import fit
from datnet_core.training.plan import VARIANTS, teachers
from datnet_core.training.prediction import load_model
from datnet_core.training.streams import Draws, stream_seed
from datnet_images.grid import field_of_view
from datnet_study.fits import planned_fits, start_folder
from datnet_study.one_thread import one_thread
from datnet_study.records import forget
from datnet_study.study import read_study


def train(study, fits, scans):
    """Train networks one after the other in this process; finished ones are kept.

    A network has one thread, so the number of cores makes no difference to its weights.

    Parameters
    ----------
    study : Study
    fits : sequence of Fit
        Some of `planned_fits`, each after the one it starts from.
    scans : DataFrame
        Scan table with cohorts and folds.

    Raises
    ------
    FileNotFoundError
        If the array of scans or the network to start from is missing.
    ValueError, RuntimeError
        As `loop.fit`.
    """
    labels = scans["diagnosis"].map(study.diagnoses.index).to_numpy()
    with one_thread():
        for job in fits:
            grid_mm, network, training = study.recipe(job.recipe)
            volumes = np.load(study.volumes(grid_mm), mmap_mode="r")
            training = replace(training, **VARIANTS.get(job.variant, {}))
            seed = stream_seed(Draws.NETWORK, training.seed, job.member)
            rows = teachers_of(job, scans, training)
            before = _finished_at(study, job)
            seen = volumes[(slice(None), *field_of_view(grid_mm, network.field_mm))]
            fit(
                study.results / job.folder,
                Scans(seen, labels, rows.learn, rows.stop),
                study.diagnoses,
                network=network,
                training=replace(training, seed=seed),
                start=start_folder(study, job),
            )
            if _finished_at(study, job) != before:
                forget(study, f"fit {job.folder}")


def _finished_at(study, job):
    """When a network was finished; None where it is not."""
    config = study.results / job.folder / "config.json"
    return config.stat().st_mtime_ns if config.is_file() else None


def teachers_of(fit, scans, training):
    """Scans that teach a network and scans that stop it.

    Parameters
    ----------
    fit : Fit
    scans : DataFrame
        Scan table with cohorts and folds.
    training : TrainingSettings

    Returns
    -------
    TeachingRows
    """
    return teachers(
        fit.model,
        fit.member,
        participant=scans["participant_id"],
        diagnosis=scans["diagnosis"],
        pretraining=scans["cohort"] == "pretraining",
        fold=scans["fold"],
        training=training,
    )


def train_missing(study, scans):
    """Train the networks of a study that are missing; finished ones are kept.

    In the workflow, jobs of their own have done it before the page `training` runs.

    Parameters
    ----------
    study : str or Path
        Study file.
    scans : DataFrame
        Scan table with cohorts and folds.

    Returns
    -------
    list of Fit
        All networks of the study itself.
    """
    study = read_study(study)
    fits = [job for job in planned_fits(study) if job.kind == "study"]
    train(study, fits, scans)
    return fits


def fold_models(page):
    """The models of the folds of a study, in evaluation mode, fold 0 first.

    Parameters
    ----------
    page : Page
        Declares the models, and the settings `network`, `training.n_folds` and
        `training.accelerator`.

    Returns
    -------
    list of torch.nn.Module
    """
    folder, settings = page.models(), page.settings
    names = [f"fold-{k}" for k in range(settings.training.n_folds)]
    return [load_model(folder / n, settings.network, settings.training.accelerator) for n in names]

"""A judge made of the results of a study."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from datnet_core import __version__
from datnet_core.training.prediction import load_model
from datnet_images.atlas import Atlas, read_atlas
from datnet_study.reporting.doubt import doubt_of
from datnet_study.reporting.judge import FEWEST, Facts, Judge, counted
from datnet_study.reporting.measures import measured, norms_of, places_of
from datnet_study.result_table import read_result_table

NINE_IN_TEN = (5, 95)  # percentiles
UNKNOWN = "not said"  # of a tracer


class Material(NamedTuple):
    """What a judge of a study is made of."""

    scans: pd.DataFrame  # the scan table with cohorts and folds
    volumes: np.ndarray  # (n_scans, X, Y, Z) uptake ratios
    out_of_fold: pd.DataFrame  # predictions of the cross-validation
    models: dict  # name to network; a new scan gets their mean
    atlas: Atlas


def unseen(out_of_fold, training):
    """Rows of a table of out-of-fold predictions by networks that the scan had no part in.

    None with `early_stopping_on: test_fold`: then the scans that are judged chose the epoch.

    Parameters
    ----------
    out_of_fold : DataFrame
    training : TrainingSettings

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> from datnet_core.settings import TrainingSettings
    >>> table = pd.DataFrame({"p_A": [0.2, 0.8]})
    >>> [len(unseen(table, TrainingSettings(early_stopping_on=on))) for on in ("none", "test_fold")]
    [2, 0]
    """
    return out_of_fold.iloc[:0] if training.early_stopping_on == "test_fold" else out_of_fold


def study_judge(study, without=None, models=None):
    """The judge of a finished study.

    Parameters
    ----------
    study : Study
    without : str, optional
        Participant whose scans have no part in norms, places and rates, because one of them is
        judged.
    models : sequence of str, optional
        Names of the models that judge, in place of those that judge new scans.

    Returns
    -------
    Judge

    Raises
    ------
    FileNotFoundError
        If the study is not finished; names what is missing and the command that makes it.
    """
    results = study.results
    scans, predictions = results / "scans.tsv", results / "predictions/cross_validation.tsv"
    for path in (scans, study.volumes(study.images.grid_mm), predictions):
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing: a report needs a finished study; run make study "
                f"STUDY={study.source}, or judge by a package: PACKAGE=folder"
            )
    names = models_for_new(study) if models is None else models
    material = Material(
        read_result_table(scans),
        np.load(study.volumes(study.images.grid_mm), mmap_mode="r"),
        unseen(read_result_table(predictions), study.training),
        {name: load_model(results / "models" / name, study.network, "cpu") for name in names},
        read_atlas(study.atlas_path),
    )
    about = {"name": study.name, "title": study.title, "phantom": bool(study.phantom)}
    return made_judge(
        material,
        about | {"tracer": tracer_of(study)},
        diagnoses=study.diagnoses,
        control=study.control,
        images=study.images,
        network=study.network,
        without=without,
    )


def made_judge(material, about, *, diagnoses, control, images, network, without=None):
    """The judge that some material makes.

    Parameters
    ----------
    material : Material
    about : dict
        `name`, `title`, `phantom` and `tracer` of the study.
    diagnoses : sequence of str
    control : str
        May be none of the diagnoses.
    images, network : Images, NetworkSettings
        Settings of the study.
    without : str, optional
        As in `study_judge`.

    Returns
    -------
    Judge
    """
    scans = material.scans
    others = scans["participant_id"] != without
    first = scans[(scans["cohort"] == "training") & others].drop_duplicates("participant_id")
    measures = measured(material.volumes[first.index.to_numpy()], material.atlas, images)
    measures.index = first.index
    controls = first["diagnosis"] == control
    known = material.out_of_fold
    known = known[known["participant_id"] != without].drop_duplicates("participant_id")
    ages = first["age"].dropna()
    many = len(ages) >= 2 * FEWEST
    facts = Facts(
        **about,
        diagnoses=diagnoses,
        control=control if controls.any() else None,
        images=images.model_copy(update={"transforms": None, "verdicts": None}),
        network=network,
        people=_counted(scans, diagnoses),
        ages=tuple(np.percentile(ages, NINE_IN_TEN).round().astype(int)) if many else None,
        norms=norms_of(measures[controls], first.loc[controls, "age"]),
        places=places_of(measures, first["diagnosis"], diagnoses),
        # The networks of the folds have such scores; one that learned from all people has none.
        doubt=doubt_of(known, diagnoses) if "refit" not in material.models else None,
        project=__version__,
        atlas=material.atlas.content,
    )
    return Judge(facts, material.atlas, material.models, f"the study {facts.name}")


def models_for_new(study):
    """Names of the models that judge a new scan: of all folds, or the one that learned from all."""
    if study.decisions.blind_test_model == "refit":
        return ["refit"]
    return [f"fold-{k}" for k in range(study.training.n_folds)]


def tracer_of(study):
    """The tracer of a study: of a phantom the one of its numbers; nobody says it of own scans."""
    if not study.phantom:
        return UNKNOWN
    from datnet_phantom.numbers import read_calibration

    return read_calibration(study.calibration_path, study.phantom.scanner).tracer.name


def _counted(scans, diagnoses):
    """Participants by cohort and diagnosis, small numbers only as such."""
    people = scans.drop_duplicates(["participant_id", "cohort"])
    return {
        cohort: {name: counted(int((part["diagnosis"] == name).sum())) for name in diagnoses}
        for cohort, part in people.groupby("cohort")
    }

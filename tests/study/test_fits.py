"""Which networks a study has, in which order, and that nobody judged by one teaches it."""

from dataclasses import is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
from helpers import scan_table

from datnet_core.training.plan import VARIANTS, judged_rows, teachers
from datnet_core.training.streams import Draws, stream_seed
from datnet_study.fits import SIMULATED, Fit, model_folder, planned_fits, start_folder, variants
from datnet_study.ingredients import Recipe
from datnet_study.networks import train
from datnet_study.scan_counts import LearningCurve
from datnet_study.scans import assign_folds, read_scans
from datnet_study.study import read_study


@pytest.fixture
def smoke():
    """The study of the tests: two folds, two networks for each model, one recipe."""
    return read_study("data_manifest/smoke.yaml")


def changed(study, section, **values):
    """A study with other values in one section."""
    before = getattr(study, section)
    of_the_core = is_dataclass(before)
    after = replace(before, **values) if of_the_core else before.model_copy(update=values)
    return study.model_copy(update={section: after}, deep=True)


def without_possible(study):
    groups = study.phantom.participants | {"possible": {}}
    return changed(study, "phantom", participants=groups)


def folders(study):
    return [fit.folder for fit in planned_fits(study)]


def test_the_networks_of_the_smoke_study_one_by_one(smoke):
    pairs = [(name, j) for name in ("fold-0", "fold-1") for j in range(2)]
    assert folders(smoke) == [
        *(f"models/pretrain/member-{j}" for j in range(2)),
        *(f"models/{name}/member-{j}" for name, j in pairs),
        *(f"models/inner/{name}/member-{j}" for name, j in pairs),
        *(f"models/test_fold/{name}/member-{j}" for name, j in pairs),
        *(f"models/no_pretraining/{name}/member-{j}" for name, j in pairs),
        *(
            f"models/curve/{start}/first-{size}/member-0"
            for size in (10, "all")
            for start in ("scratch", "pretrained")
        ),
        # a recipe has one network for each model
        "models/recipes/coarse/pretrain/member-0",
        "models/recipes/coarse/fold-0/member-0",
        "models/recipes/coarse/fold-1/member-0",
    ]
    kinds = [fit.kind for fit in planned_fits(smoke)]
    assert kinds == ["study"] * 6 + ["variants"] * (12 + 4) + ["recipes"] * 3


def test_each_network_starts_from_the_same_member_of_its_own_pre_training(smoke):
    start = {fit.folder: fit.start for fit in planned_fits(smoke)}
    assert start["models/pretrain/member-1"] is None
    assert start["models/fold-1/member-1"] == "models/pretrain/member-1"
    assert start["models/test_fold/fold-0/member-1"] == "models/pretrain/member-1"
    assert start["models/no_pretraining/fold-0/member-1"] is None
    coarse = "models/recipes/coarse"
    assert start[f"{coarse}/fold-0/member-0"] == f"{coarse}/pretrain/member-0"


@pytest.mark.parametrize("name", ["smoke", "demo", "paper", "paper-published", "null", "recipes"])
def test_each_network_comes_after_the_one_it_starts_from_and_none_twice(name):
    done = set()
    for fit in planned_fits(read_study(f"data_manifest/{name}.yaml")):
        assert fit.start is None or fit.start in done
        assert fit.folder not in done
        done.add(fit.folder)


def test_without_possible_participants_there_is_no_pre_training(smoke):
    study = without_possible(smoke)
    assert variants(study) == ["inner", "test_fold"]
    assert not [folder for folder in folders(study) if "pretrain" in folder]
    assert {fit.start for fit in planned_fits(study)} == {None}


def test_without_pre_training_no_variant_leaves_it_out(smoke):
    study = changed(smoke, "training", pretrain_on="none")
    assert variants(study) == ["inner", "test_fold"]
    assert {fit.start for fit in planned_fits(study)} == {None}


@pytest.mark.parametrize("possible", [True, False])
def test_with_simulated_people_alone_all_networks_start_from_the_weights_that_come_along(
    smoke, possible
):
    study = changed(smoke, "training", pretrain_on="simulated")
    study = study if possible else without_possible(study)
    assert "no_pretraining" in variants(study)
    assert not [folder for folder in folders(study) if "/pretrain/" in folder]
    start = {fit.folder: fit.start for fit in planned_fits(study)}
    assert start["models/fold-1/member-1"] == SIMULATED
    assert start["models/test_fold/fold-1/member-1"] == SIMULATED
    assert start["models/no_pretraining/fold-1/member-1"] is None
    ours = next(fit for fit in planned_fits(study) if fit.start)
    assert start_folder(study, ours) == study.data_manifest / "simulated"


def test_with_both_the_pre_training_cohort_comes_after_the_simulated_people(smoke):
    study = changed(smoke, "training", pretrain_on="both")
    start = {fit.folder: fit.start for fit in planned_fits(study)}
    assert start["models/pretrain/member-1"] == SIMULATED
    assert start["models/fold-1/member-1"] == "models/pretrain/member-1"
    without = {fit.folder: fit.start for fit in planned_fits(without_possible(study))}
    assert without["models/fold-1/member-1"] == SIMULATED


def test_a_recipe_may_start_from_simulated_people_where_the_study_does_not(smoke):
    recipe = Recipe(training={"pretrain_on": "simulated"})
    study = smoke.model_copy(update={"recipes": {"simulated": recipe}})
    start = {fit.folder: fit.start for fit in planned_fits(study)}
    assert start["models/recipes/simulated/fold-1/member-0"] == SIMULATED
    assert {name for name, begin in start.items() if begin == SIMULATED} == {
        f"models/recipes/simulated/fold-{k}/member-0" for k in range(2)
    }


def test_a_study_that_takes_the_published_shortcut_is_not_its_own_variant(smoke):
    study = changed(smoke, "training", early_stopping_on="test_fold")
    assert variants(study) == ["inner", "no_pretraining"]
    assert not [folder for folder in folders(study) if "test_fold" in folder]


def test_a_refit_is_trained_only_where_it_judges_the_blind_test(smoke):
    refit = changed(smoke, "decisions", blind_test_model="refit")
    more = set(folders(refit)) - set(folders(smoke))
    assert more == {"models/refit/member-0", "models/refit/member-1"}
    assert {fit.start for fit in planned_fits(refit) if fit.model == "refit"} == {
        "models/pretrain/member-0",
        "models/pretrain/member-1",
    }


def test_recipes_count_one_by_one(smoke):
    none = smoke.model_copy(update={"recipes": {}})
    assert {fit.kind for fit in planned_fits(none)} == {"study", "variants"}
    two = smoke.model_copy(update={"recipes": smoke.recipes | {"wide": Recipe()}})
    recipes = [fit.recipe for fit in planned_fits(two) if fit.kind == "recipes"]
    assert recipes == ["coarse"] * 3 + ["wide"] * 3


def test_a_finished_network_is_three_files_in_its_folder():
    fit = Fit("fold-2", 1, variant="test_fold")
    assert fit.files == tuple(
        f"models/test_fold/fold-2/member-1/{name}"
        for name in ("weights.safetensors", "config.json", "history.tsv")
    )
    assert model_folder() == "models"
    assert model_folder(recipe="mm2") == "models/recipes/mm2"


# --- nobody on both sides ---------------------------------------------------------------------


@pytest.fixture
def tiny(smoke, dataset):
    """The smoke study with a refit, and the table of a phantom, each of its people three times."""
    study = changed(smoke, "decisions", blind_test_model="refit")
    curve = LearningCurve(sizes=(5, 9), repeats=2)
    study = study.model_copy(
        update={"diagnoses": ("IPD", "MSA", "NC"), "learning_curve": curve}, deep=True
    )
    table = read_scans(scan_table(dataset), study.diagnoses)
    people = [table.assign(participant_id=table["participant_id"] + x) for x in "abc"]
    scans = pd.concat(people, ignore_index=True)
    scans["fold"] = assign_folds(scans, study.training.n_folds, study.training.seed)
    return study, scans


@pytest.fixture
def trained(tiny, tmp_path, monkeypatch):
    """What `train` hands to the training of each network, by folder; nothing is trained."""
    study, scans = tiny
    study._place = replace(study._place, root=tmp_path)
    study.results.mkdir(parents=True)
    given = {}

    def fit(folder, scans, classes, *, network, training, start):
        given[folder.relative_to(study.results).as_posix()] = {
            "learn": scans.learn, "stop": scans.stop, "shape": scans.volumes.shape,
            "network": network, "training": training, "start": start, "classes": classes,
            "labels": scans.labels,
        }  # fmt: skip

    monkeypatch.setattr("datnet_study.networks.fit", fit)
    for name in ("study", "coarse"):
        grid_mm = study.recipe(name).grid_mm
        n = int(240 / grid_mm)
        np.save(study.volumes(grid_mm), np.zeros((len(scans), n, n, n), np.float32))
    train(study, planned_fits(study), scans)
    return study, scans, given


def test_no_network_of_any_variant_or_recipe_is_taught_by_whom_it_judges(trained):
    study, scans, given = trained
    fits = planned_fits(study)
    assert set(given) == {fit.folder for fit in fits}
    person, fold = scans["participant_id"].to_numpy(), scans["fold"].to_numpy(float)
    blind = set(person[scans["cohort"] == "blind_test"])
    assert blind
    for fit in fits:
        learn, stop = (set(person[given[fit.folder][side]]) for side in ("learn", "stop"))
        judged = set(person[judged_rows(fit.model, fold)])
        assert bool(judged) == fit.model.startswith("fold-")
        assert learn and not learn & (judged | blind)
        if fit.variant == "test_fold":
            assert stop == judged  # the published shortcut, for comparison
        else:
            assert bool(stop) == (fit.variant == "inner") and not stop & (judged | blind)
        if fit.start:  # what the network it starts from has seen
            start = given[fit.start]
            assert not set(person[[*start["learn"], *start["stop"]]]) & (judged | blind)


def test_a_network_is_taught_as_the_training_page_shows(trained):
    study, scans, given = trained
    for fit in planned_fits(study):
        training = replace(study.training, **VARIANTS.get(fit.variant, {}))
        learn, stop = teachers(
            fit.model,
            fit.member,
            participant=scans["participant_id"],
            diagnosis=scans["diagnosis"],
            pretraining=scans["cohort"] == "pretraining",
            fold=scans["fold"],
            training=training,
        )
        np.testing.assert_array_equal(given[fit.folder]["learn"], learn)
        np.testing.assert_array_equal(given[fit.folder]["stop"], stop)


def test_a_network_gets_the_grid_the_labels_and_the_seed_that_are_its_own(trained):
    study, scans, given = trained
    fine = given["models/fold-1/member-1"]
    coarse = given["models/recipes/coarse/fold-1/member-0"]
    # 88 x 76 x 64 mm: 11 x 10 x 8 voxels of 8 mm; half as many, rounded, of 16 mm.
    assert fine["shape"] == (len(scans), 11, 10, 8)
    assert max(coarse["shape"][1:]) <= 6
    assert (fine["network"].n_filters, coarse["network"].n_filters) == (4, 2)
    seeds = [stream_seed(Draws.NETWORK, study.training.seed, member) for member in (1, 0)]
    assert [fine["training"].seed, coarse["training"].seed] == seeds
    assert fine["start"] == study.results / "models/pretrain/member-1"
    names = np.array(study.diagnoses)[fine["labels"]]
    assert names.tolist() == scans["diagnosis"].tolist()


def test_training_uses_one_thread_and_gives_the_others_back(tiny, tmp_path, monkeypatch):
    import torch

    study, scans = tiny
    study._place = replace(study._place, root=tmp_path)
    study.results.mkdir(parents=True)
    np.save(study.volumes(8.0), np.zeros((len(scans), 30, 30, 30), np.float32))
    seen = []

    def fit(*_, **__):
        seen.append(torch.get_num_threads())
        raise ValueError("stopped here")

    monkeypatch.setattr("datnet_study.networks.fit", fit)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="stopped here"):
            train(study, planned_fits(study)[:1], scans)
        assert (seen, torch.get_num_threads()) == ([1], 2)
    finally:
        torch.set_num_threads(before)


def test_training_without_the_scans_says_what_is_missing(tiny, tmp_path):
    study, scans = tiny
    study._place = replace(study._place, root=tmp_path)
    with pytest.raises(FileNotFoundError, match="volumes.npy"):
        train(study, planned_fits(study)[:1], scans)

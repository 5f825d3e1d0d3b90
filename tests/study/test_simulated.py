"""A study can start from simulated people only with the network and the grid of the weights."""

import json
from dataclasses import asdict, replace

import pytest

from datnet_study.ingredients import Recipe
from datnet_study.simulated import check_start, weight_files


@pytest.fixture
def asking(study, tmp_path):
    """Function: the study with other settings, beside weights made for the study as it is."""
    made = {
        "network": asdict(study.network),
        "grid_mm": study.images.grid_mm,
        "reference_region": study.images.reference_region,
        "classes": ["IPD", "MSA", "PSP", "NC"],
    }
    place = replace(study._place, root=tmp_path)

    def changed(images=None, recipes=None, pretrain_on="simulated", there=True, **network):
        update = {
            "images": study.images.model_copy(update=images or {}),
            "network": replace(study.network, **network),
            "training": replace(study.training, pretrain_on=pretrain_on),
            "recipes": recipes or {},
        }
        other = study.model_copy(update=update)
        other._place = place
        for path in weight_files(other) if there else []:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(made))
        return other

    return changed


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"pretrain_on": "both"},
        {"dropout": 0.1, "n_members": 3, "class_prior": "uniform"},
        {"pretrain_on": "cohort", "n_filters": 5, "there": False},
        {"pretrain_on": "none", "images": {"grid_mm": 2.0}, "there": False},
    ],
)
def test_a_study_that_fits_or_does_not_ask_may_start(asking, change):
    check_start(asking(**change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_filters": 5}, r"  network\.n_filters is 5, expected \d+$"),
        ({"n_levels": 3}, r"  network\.n_levels is 3, expected 4$"),
        ({"field_mm": None}, r"  network\.field_mm is None, expected \[\[-44"),
        ({"normalisation": "instance"}, r"  network\.normalisation is instance, expected batch"),
        ({"images": {"grid_mm": 2.0}}, r"  images\.grid_mm is 2\.0, expected 4\.0$"),
        ({"images": {"reference_region": "cerebellum"}}, r"  images\.reference_region is cereb"),
        ({"pretrain_on": "both", "n_filters": 5}, "or set pretrain_on: cohort"),
    ],
)
def test_another_network_grid_or_reference_is_refused_with_what_to_change(asking, change, message):
    with pytest.raises(ValueError, match=rf"(?m){message}"):
        check_start(asking(**change))


def test_a_recipe_is_named(asking):
    recipe = Recipe(grid_mm=8, training={"pretrain_on": "simulated"}, network={"n_filters": 3})
    study = asking(pretrain_on="cohort", recipes={"coarse": recipe})
    with pytest.raises(ValueError, match=r"recipes\.coarse\.grid_mm is 8\.0") as error:
        check_start(study)
    assert "recipes.coarse.network.n_filters is 3" in str(error.value)
    assert "images.grid_mm" not in str(error.value)


def test_missing_weights_are_named_with_the_command_that_makes_them(asking):
    with pytest.raises(FileNotFoundError, match=r"weights\.safetensors is missing.*pretrain_simul"):
        check_start(asking(there=False))


def test_every_page_says_that_networks_started_from_simulated_people(asking):
    for pretrain_on, says in {"simulated": 1, "both": 1, "cohort": 0, "none": 0}.items():
        notice = asking(pretrain_on=pretrain_on, there=False).notice
        assert notice.count("trained on simulated people") == says

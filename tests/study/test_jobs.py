"""The jobs that train networks: who trains which, side by side and one after the other."""

import pytest

from datnet_study.declaration import declarations_of
from datnet_study.fits import planned_fits
from datnet_study.jobs import jobs_of
from datnet_study.study import read_study

SMOKE = "data_manifest/smoke.yaml"


def fits(study, lanes):
    """Networks that each job trains, by the name of the job."""
    jobs = jobs_of(study, declarations_of(study).values(), lanes)
    return {job.name: job.command[1:] for job in jobs if job.command[0] == "fit"}


@pytest.mark.parametrize("lanes", [None, 1, 2, 3, 50])
def test_every_network_is_trained_once_whatever_the_lanes(lanes):
    study = read_study(SMOKE)
    trained = [folder for folders in fits(study, lanes).values() for folder in folders]
    assert sorted(trained) == sorted(fit.folder for fit in planned_fits(study))


@pytest.mark.parametrize("lanes", [None, 50])
def test_without_lanes_each_network_has_a_process(lanes):
    assert {len(folders) for folders in fits(read_study(SMOKE), lanes).values()} == {1}


def test_a_second_process_follows_only_where_networks_start_from_those_of_the_first():
    found = fits(read_study(SMOKE), 2)
    assert list(found) == [
        *(f"fit_study_{level}_{k}" for level in ("first", "folds") for k in range(2)),
        *(f"fit_variants_first_{k}" for k in range(2)),  # those of the study come before
        "fit_recipes_first_0",  # one network to start from
        *(f"fit_recipes_folds_{k}" for k in range(2)),
    ]

"""Which networks a process trains, one after the other; what is done does not depend on it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from datnet_study.fits import planned_fits
from datnet_study.graph import Graph
from datnet_study.lanes import gpus_of, processes_of
from datnet_study.study import read_study

ROOT = Path(__file__).parents[2]
SMOKE = Graph(read_study(ROOT / "data_manifest/smoke.yaml"))


def trained(graph, n_lanes):
    """Networks that each process trains, by its name."""
    return {
        name: [job.command[1] for job in jobs]
        for name, jobs in processes_of(graph, n_lanes).items()
        if jobs[0].command[0] == "fit"
    }


@pytest.mark.parametrize("n_lanes", [None, 1, 2, 3, 50])
def test_every_job_is_run_once_whatever_the_lanes(n_lanes):
    jobs = [job.name for jobs in processes_of(SMOKE, n_lanes).values() for job in jobs]
    assert sorted(jobs) == sorted(SMOKE.jobs)


@pytest.mark.parametrize("n_lanes", [None, 50])
def test_without_lanes_each_process_is_a_job_and_has_its_name(n_lanes):
    assert {name: [name] for name in SMOKE.jobs} == {
        name: [job.name for job in jobs] for name, jobs in processes_of(SMOKE, n_lanes).items()
    }


@pytest.mark.parametrize("n_lanes", [1, 2])
def test_no_network_waits_for_another_of_its_lane_or_of_one_beside_it(n_lanes):
    start = {fit.folder: fit.start for fit in planned_fits(SMOKE.study)}
    found = trained(SMOKE, n_lanes)
    for folders in found.values():
        assert not {start[folder] for folder in folders} & set(folders)


def test_lanes_by_hand():
    # Two members of a pre-training, then two folds of two; at most two lanes a level.
    found = list(trained(SMOKE, 2).items())
    assert found[:4] == [
        ("fit_pretrain_member_0", ["models/pretrain/member-0"]),
        ("fit_pretrain_member_1", ["models/pretrain/member-1"]),
        ("fit_fold_0_member_0_and_1_more", ["models/fold-0/member-0", "models/fold-1/member-0"]),
        ("fit_fold_0_member_1_and_1_more", ["models/fold-0/member-1", "models/fold-1/member-1"]),
    ]


@pytest.mark.parametrize("change", [{"accelerator": "gpu"}, {"devices": 2}])
def test_on_an_accelerator_there_is_one_lane_and_on_a_cluster_each_network_is_alone(change):
    training = replace(SMOKE.study.training, **change)
    study = SMOKE.study.model_copy(update={"training": training})
    graph = SimpleNamespace(study=study, jobs=SMOKE.jobs)
    assert trained(graph, 2) == trained(SMOKE, 1)
    assert trained(graph, None) == trained(SMOKE, None)


# --- GPUs -------------------------------------------------------------------------------------


def on_gpu(**change):
    """GPUs of each job of the study `smoke` with other settings of the training."""
    training = replace(SMOKE.study.training, **change)
    study = SMOKE.study.model_copy(update={"training": training})
    graph = SimpleNamespace(study=study, jobs=SMOKE.jobs, declarations=SMOKE.declarations)
    return {name: gpus_of(graph, job) for name, job in SMOKE.jobs.items()}


def test_networks_ask_for_as_many_gpus_as_share_a_batch_and_pages_that_load_them_for_one():
    found = on_gpu(accelerator="gpu", devices=2)
    assert {n for name, n in found.items() if name.startswith("fit_")} == {2}
    for page in ("cross_validation", "blind_test", "external", "saliency", "learning_curve"):
        assert found[page] == 1, page
    for job in ("dataset", "cohorts", "reporting", "claims", "book"):  # no network is loaded
        assert found[job] == 0, job
    assert found["scan_report"] == found["devices"] == 0  # on the CPU, whatever the setting


def test_every_page_that_reads_on_what_networks_compute_asks_for_a_gpu():
    found = on_gpu(accelerator="gpu")
    for name, page in SMOKE.declarations.items():
        assert found[name] == 1 or "training.accelerator" not in page.settings, name


@pytest.mark.parametrize("accelerator", ["auto", "cpu"])
def test_nobody_asks_for_a_gpu_unless_the_study_file_does(accelerator):
    assert set(on_gpu(accelerator=accelerator, devices=2).values()) == {0}

"""The image ceiling: simulated scans alone teach it, and it stops where more add nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from datnet_core.training.checkpoint import read_config
from datnet_study import ceiling
from datnet_study.study import read_study

SHAPE = (40, 48, 35)
STUDY = {
    "name": "own",
    "title": "Own",
    "diagnoses": ["IPD", "MSA"],
    "phantom": {
        "participants": {"definite": {"IPD": 6, "MSA": 3}, "confirmed": {"IPD": 2, "MSA": 1}}
    },
    "network": {"n_filters": 2, "n_levels": 2, "n_members": 2, "field_mm": [[-8, 8]] * 3},
    "training": {"batch_size": 8},
    "ceiling": {"scans": [40, 80, 120], "shown": 160, "judged": 40, "gain": 0.01},
}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A phantom study with its scans on the grid; 3 mean images by cohort."""
    (tmp_path / "data_manifest").mkdir()
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(STUDY))
    project = read_study("data_manifest/smoke.yaml")._place.root
    monkeypatch.chdir(tmp_path)
    made = read_study("own.yaml")
    made._place = replace(made._place, root=tmp_path)
    for name in ("atlas", "phantom.yaml"):
        (tmp_path / "data_manifest" / name).unlink(missing_ok=True)
        (tmp_path / "data_manifest" / name).symlink_to(project / "data_manifest" / name)
    made.results.mkdir(parents=True)
    cohorts = ["pretraining"] * 2 + ["training"] * 9 + ["blind_test"] * 3
    scans = pd.DataFrame({"cohort": cohorts, "session_id": "ses-1"})
    scans["participant_id"] = [f"sub-{k:02d}" for k in range(len(scans))]
    scans["diagnosis"] = ["IPD", "MSA"] * (len(scans) // 2)
    scans.to_csv(made.results / "scans.tsv", sep="\t", index=False)
    rng = np.random.default_rng(0)
    np.save(made.volumes(4.0), rng.random((len(scans), *SHAPE)).astype(np.float32))
    return made


@pytest.fixture
def scans_made(study, monkeypatch):
    """Simulated scans that are noise with a brighter MSA; `scans_made` lists what was asked for."""
    asked = []

    def unwritten_scans(people, n, array_path, *_, field, **__):
        asked.append((n, array_path))
        shape = tuple(part.stop - part.start for part in field)
        volumes = np.random.default_rng(1).random((len(people), *shape)).astype(np.float32)
        volumes[people["diagnosis"].to_numpy() == "MSA"] += 0.5
        return volumes

    monkeypatch.setattr(ceiling, "unwritten_scans", unwritten_scans)
    return asked


def test_it_stops_where_more_scans_add_less_than_the_margin(study, scans_made, monkeypatch):
    aucs = iter([0.8, 0.85, 0.855])
    monkeypatch.setattr(ceiling, "_mean_auc", lambda *_: next(aucs))
    ceiling.image_ceiling(study)
    steps = pd.read_csv(study.results / "ceiling.tsv", sep="\t")
    assert steps["scans"].tolist() == [40, 80, 120]
    np.testing.assert_allclose(steps["gain"][1:], [0.05, 0.005])
    assert [n for n, _ in scans_made] == [80, 120, 160]  # the first 40 are judged, never learned
    assert steps["epochs"].tolist() == [4, 2, 1]  # as many scans are shown to each
    folders = [f"ceiling/of-{n}/member-0" for n in (40, 80, 120)]
    configs = [read_config(study.results / folder) for folder in folders]
    assert [config["n_fit"] for config in configs] == [40, 80, 120]
    assert len({config["training"]["seed"] for config in configs}) == 3
    assert not (study.results / "models").exists()


def test_a_step_without_a_gain_is_the_last(study, scans_made, monkeypatch):
    aucs = iter([0.8, 0.79])
    monkeypatch.setattr(ceiling, "_mean_auc", lambda *_: next(aucs))
    ceiling.image_ceiling(study)
    assert len(pd.read_csv(study.results / "ceiling.tsv", sep="\t")) == 2
    table = pd.read_csv(study.results / "predictions/ceiling.tsv", sep="\t")
    assert set(table["cohort"]) == {"training", "blind_test"}
    assert len(table) == 12
    np.testing.assert_allclose(table["p_IPD"] + table["p_MSA"], 1, rtol=1e-6)


def test_labels_of_the_study_have_no_influence(study, scans_made):
    study = study.model_copy(
        update={"ceiling": study.ceiling.model_copy(update={"scans": (40,)})}, deep=True
    )
    ceiling.image_ceiling(study)
    names = ("ceiling.tsv", "predictions/ceiling.tsv")
    steps, first = (pd.read_csv(study.results / name, sep="\t") for name in names)
    scans = pd.read_csv(study.results / "scans.tsv", sep="\t")
    scans["diagnosis"] = scans["diagnosis"].map({"IPD": "MSA", "MSA": "IPD"})
    scans.to_csv(study.results / "scans.tsv", sep="\t", index=False)
    ceiling.image_ceiling(study)  # the network is finished and stays
    second = pd.read_csv(study.results / "predictions/ceiling.tsv", sep="\t")
    np.testing.assert_array_equal(first["p_IPD"], second["p_IPD"])
    assert 0 <= steps["auc"][0] <= 1


def test_a_study_that_asks_for_none_says_so(study):
    with pytest.raises(ValueError, match="asks for no `ceiling`"):
        ceiling.image_ceiling(study.model_copy(update={"ceiling": None}))

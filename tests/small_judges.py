"""Small judges for tests of reports: random networks, made-up people, and a finished study."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import torch
import yaml

from datnet_core.network import Ensemble, build
from datnet_core.settings import NetworkSettings
from datnet_core.training.checkpoint import write_config, write_tensors
from datnet_images.grid import study_grid
from datnet_images.volumes import volume_of
from datnet_study.reporting.of_study import Material, made_judge
from datnet_study.settings import Images

ROOT = Path(__file__).parents[1]
NAMES, CONTROL = ("IPD", "MSA", "NC"), "NC"
NETWORK = NetworkSettings(n_filters=2, n_levels=2, both_sides=True)
IMAGES = Images(grid_mm=8.0)
PER_GROUP = 12
ABOUT = {"name": "made-up", "title": "People who are <b>not</b> there", "phantom": True}
SETTINGS = {
    "name": "mine", "title": "My scans", "dataset": "own", "diagnoses": list(NAMES),
    "control": CONTROL, "images": {"grid_mm": 8.0}, "training": {"n_folds": 2},
    "network": {"n_filters": 2, "n_levels": 2},
}  # fmt: skip


def random_model(seed, n_members=1):
    """A network with random weights, the same for the same seed."""
    torch.manual_seed(seed)
    members = [build(len(NAMES), NETWORK) for _ in range(n_members)]
    return Ensemble(members, both_sides=True).eval()


def people(rng, age=True):
    """A scan table of as many people of each diagnosis, in two folds, and one of each apart."""
    n = PER_GROUP * len(NAMES)
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{k:04d}" for k in range(n)],
            "session_id": "ses-1",
            "path": [f"sub-{k:04d}.nii.gz" for k in range(n)],
            "diagnosis": np.repeat(NAMES, PER_GROUP),
            "age": rng.uniform(45, 80, n).round(1) if age else np.nan,
            "cohort": "training",
            "fold": np.arange(n) % 2,
        }
    )
    table.loc[[0, PER_GROUP], "cohort"] = "pretraining"
    table.loc[[1, PER_GROUP + 1], "cohort"] = "blind_test"
    table.loc[table["cohort"] != "training", "fold"] = np.nan
    return table


def volumes_of(n, rng, first=None):
    """Uptake ratios of made-up people; the first may be given."""
    _, shape = study_grid(IMAGES.grid_mm)
    volumes = rng.uniform(0.9, 1.1, (n, *shape)).astype(np.float32)
    volumes[:, 7:14, 12:18, 5:10] += rng.uniform(0.5, 1.5, (n, 1, 1, 1))
    if first is not None:
        volumes[2] = first
    return volumes


def predictions(table, rng):
    """Out-of-fold probabilities, right more often than not."""
    known = table[table["cohort"] == "training"]
    proba = rng.dirichlet(np.ones(len(NAMES)), len(known))
    is_class = known["diagnosis"].to_numpy()[:, None] == np.array(NAMES)
    proba = (proba + is_class) / 2
    columns = dict(zip([f"p_{name}" for name in NAMES], proba.T, strict=True))
    return known[["participant_id", "session_id", "diagnosis", "fold"]].assign(**columns)


def small_judge(atlas, *, control=CONTROL, age=True, tracer="CFT", images=IMAGES, without=None):
    """A judge of two random networks and 36 made-up people."""
    rng = np.random.default_rng(8)
    table = people(rng, age)
    models = {f"fold-{k}": random_model(k) for k in range(2)}
    material = Material(table, volumes_of(len(table), rng), predictions(table, rng), models, atlas)
    return made_judge(
        material, ABOUT | {"tracer": tracer}, diagnoses=NAMES, control=control, images=images,
        network=NETWORK, without=without,
    )  # fmt: skip


def finished_study(folder, atlas, img, **settings):
    """A project with a finished study `mine.yaml` of made-up people.

    The image is the scan of sub-0002, who is in fold 0, and stands in `own/`.
    """
    rng = np.random.default_rng(8)
    (folder / "data_manifest").symlink_to(ROOT / "data_manifest")
    (folder / "mine.yaml").write_text(yaml.safe_dump(SETTINGS | settings))
    (folder / "own").mkdir()
    nib.save(img, folder / "own/sub-0002.nii.gz")
    own = nib.load(folder / "own/sub-0002.nii.gz")
    table, results = people(rng), folder / "results/mine"
    volumes = volumes_of(
        len(table), rng, volume_of(own, atlas, IMAGES.grid_mm, IMAGES.reference_region)
    )
    (results / "predictions").mkdir(parents=True)
    np.save(results / "volumes.npy", volumes)
    table.to_csv(results / "scans.tsv", sep="\t", index=False)
    quality = table[["participant_id", "session_id", "path"]].assign(
        verdict="pass", by_hand=None, reason=None, used=True
    )
    quality.to_csv(results / "quality.tsv", sep="\t", index=False)
    predictions(table, rng).to_csv(
        results / "predictions/cross_validation.tsv", sep="\t", index=False
    )
    for fold in range(2):
        model = random_model(fold).networks[0]
        at = results / f"models/fold-{fold}/member-0"
        at.mkdir(parents=True)
        write_tensors(at / "weights.safetensors", model.state_dict(), {})
        training = {"balanced_classes": False}
        config = {"classes": list(NAMES), "training": training, "class_counts": [9, 9, 9]}
        write_config(at, config)
    return folder


def remember(folder, path):
    """Note the content of a scan in the record that a study keeps of its files."""
    from datnet_core.fingerprint import content_hashes

    record = folder / "results/mine/files.json"
    content_hashes([path], record, write=True)
    assert json.loads(record.read_text())

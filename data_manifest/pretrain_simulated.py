"""Pre-train the network on simulated people; run again when the default network changes.

    python data_manifest/pretrain_simulated.py [FOLDER]

Writes `simulated/weights.safetensors`, `config.json` and `card.md`, which `training.pretrain_on:
simulated` starts from; FOLDER keeps the scans in between. They are made by
`datnet_phantom.randomised`, in heads of 4 mm for time; the network is the default one. Nothing here
sees a scan of a person, nor of a study.
"""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import torch

from datnet_core.files import whole
from datnet_core.fingerprint import code_hash
from datnet_core.progress import progress
from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_core.training import Scans, fit
from datnet_core.training.checkpoint import read_tensors
from datnet_images import coarser_atlas, field_of_view, read_atlas
from datnet_images.volumes import volume_of
from datnet_phantom import numbers_hash, randomised, read_calibration, simulated_scans

HERE = Path(__file__).parent
ATLAS = HERE / "atlas/tpl-MNI152NLin6Asym_res-02_atlas-datnet_dseg.nii.gz"
CLASSES, CONTROL = ("IPD", "MSA", "PSP", "NC"), "NC"
GRID_MM, REFERENCE, HEAD_MM = 4.0, "occipital", 4.0
N_HOSPITALS, PER_DIAGNOSIS, SEED = 100, 3, 5
GENERATOR = code_hash(Path(randomised.__file__))
NETWORK = NetworkSettings()
TRAINING = replace(
    TrainingSettings(), early_stopping_on="none", max_steps=None, max_epochs=30, batch_size=32,
    learning_rate=5e-4, shift_voxels=1, contrast_sd=0.1, noise_sd=0.2, accelerator="cpu",
)  # fmt: skip


def simulated_volumes(scratch):
    """Uptake ratios (N, X, Y, Z) of the whole grid and labels (N,); kept in a folder."""
    made_by = f"{GENERATOR[:8]}-{HEAD_MM:g}mm-{N_HOSPITALS}x{PER_DIAGNOSIS}-{SEED}"
    array_path, labels_path = (scratch / f"{kind}-{made_by}.npy" for kind in ("volumes", "labels"))
    if not array_path.is_file():
        atlas = coarser_atlas(read_atlas(ATLAS), HEAD_MM)
        calibration = read_calibration(HERE / "phantom.yaml")
        scans = simulated_scans(atlas, calibration, CONTROL, N_HOSPITALS, PER_DIAGNOSIS, SEED)
        volumes, labels = [], []
        n_scans = N_HOSPITALS * PER_DIAGNOSIS * len(CLASSES)
        for diagnosis, counts in progress(scans, "simulating scans", n_scans):
            img = nib.Nifti1Image(counts, atlas.affine)
            volumes.append(volume_of(img, atlas, GRID_MM, REFERENCE))
            labels.append(CLASSES.index(diagnosis))
        np.save(labels_path, labels)
        with whole(array_path) as part:
            np.save(part, np.stack(volumes))
    return np.load(array_path, mmap_mode="r"), np.load(labels_path)


def write_card(folder, config):
    """What the weights are, in words, for whoever starts from them."""
    _, facts = read_tensors(folder / "weights.safetensors")
    machine = config["environment"]
    ranges = randomised.RANGES | randomised.HEAD
    lines = "\n".join(
        f"- `{name}` from {low:g} to {high:g}" for name, (low, high) in ranges.items()
    )
    text = f"""# Weights pre-trained on simulated people

## What it is

A network that learned from {config["n_fit"]:,} scans of a digital phantom: {N_HOSPITALS} made-up
hospitals, each with {PER_DIAGNOSIS} people of each of {", ".join(CLASSES)}. **No scan of a person
is in these weights.**

## What it is for

To start a study from, with `training.pretrain_on: simulated`, or `both`; no study does so unless
its file says so. Not to judge scans as it is, and not to learn about a disease: do not take a map
or a region of such a network for a finding, for part of it was put in.

## Made from

**What is assumed.** How the diseases differ is put in, not found: losses by region, midbrain and
differences between the sides come from `phantom.yaml` (its `source` column says which are
assumptions), and each hospital draws its own around them. A network that starts here expects such
patterns.

**What varies between hospitals.** The template (SD {randomised.TEMPLATE_MM:g} mm along each axis);
log binding of the tracer (SD {randomised.LEVEL_SD:g}) and of each region
({randomised.REGION_SD:g}, midbrain {randomised.MIDBRAIN_SD:g}); what a disease keeps (the same SDs,
of the logarithm of its exponent); the difference between sides ({randomised.ASYMMETRY_SD:g});
uptake of the tissues ({randomised.TISSUE_SD:g}); and, each value as likely as any other,

{lines}

| | |
|---|---|
| command | `python data_manifest/pretrain_simulated.py` |
| network | {config["network"]["n_filters"]} filters, {config["network"]["n_levels"]} levels, \
{config["network"]["normalisation"]} normalisation, {config["n_parameters"]:,} parameters |
| voxels | {config["grid_mm"]:g} mm, box {config["network"]["field_mm"]} mm |
| training | {config["n_epochs"]} epochs to the last, seed {config["training"]["seed"]}; \
`config.json` has every setting |
| time | {config["seconds"]:.0f} s of training after about a minute for the scans, one thread of \
{machine["processor"]}, shared with others |
| phantom numbers | {config["numbers"]} |
| code of the generator | {config["generator"]} |

## How sure it is

The page `simulated` of the book has what studies gained and lost that started here, on phantoms of
three other generators. Where the patients of a hospital differ in another way than assumed, a
network that starts here may learn worse; one of the three is such a hospital.

## What it was never tried on

- any scan of a person
- other regions that bind, another reference region than {REFERENCE}, other diagnoses than the four
- wrong labels (there are none), scans that are not in MNI space

## Files

`weights.safetensors` (SHA-256 of the content {facts["sha256"]}), `config.json`.
"""
    (folder / "card.md").write_text(text)


def main(scratch, goal):
    """Make the scans, train, and write the three files into a folder."""
    torch.set_num_threads(1)
    volumes, labels = simulated_volumes(scratch)
    seen = volumes[(slice(None), *field_of_view(GRID_MM, NETWORK.field_mm))]
    everyone = np.arange(len(labels))
    scans = Scans(seen, labels, everyone, everyone[:0])
    config = fit(scratch / "model/simulated", scans, CLASSES, network=NETWORK, training=TRAINING)
    config |= {
        "grid_mm": GRID_MM,
        "reference_region": REFERENCE,
        "numbers": numbers_hash(HERE / "phantom.yaml"),
        "generator": GENERATOR,
    }
    goal.mkdir(exist_ok=True)
    weights = (scratch / "model/simulated/weights.safetensors").read_bytes()
    (goal / "weights.safetensors").write_bytes(weights)
    (goal / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    write_card(goal, config)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder)
        scratch.mkdir(parents=True, exist_ok=True)
        main(scratch, HERE / "simulated")

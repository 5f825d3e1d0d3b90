"""Is a much larger network better? MONAI's resnet18 at 2 mm against the default recipe.

    make study STUDY=paper && python benchmarks/monai_auc.py

Both learn from the same phantom scans of the study `paper` with the same loop, settings and number
of epochs (pre-training, then the training cohort, an inner split to stop), one network each, and
are judged on the first scans of the blind test. MONAI's network gets the same box around the
striatum, at 2 mm, which makes it nine times faster than on whole images and the task easier. Not
part of `make bench`: it needs the results of a study and about 30 minutes on two cores.
"""

import sys
import time
from dataclasses import replace

import monai
import numpy as np
import pandas as pd
import torch
from torch.optim.swa_utils import AveragedModel

from datnet_core.metrics.auc import delong_difference, delong_interval
from datnet_core.network import build
from datnet_core.training.batches import Scans
from datnet_core.training.devices import fabric_of
from datnet_core.training.epochs import adam, running_mean, train_epoch, validation_loss
from datnet_core.training.plan import split_inner
from datnet_core.training.prediction import predict
from datnet_images.grid import field_of_view
from datnet_study.study import read_study

EPOCHS = {"pretraining": 12, "training": 12}


def learned(model, volumes, labels, scans, settings):
    """A network after pre-training and fine-tuning, its best epoch of each; and its seconds."""
    fabric, seconds = fabric_of(settings), 0.0
    for cohort, n_epochs in EPOCHS.items():
        rows = np.flatnonzero(scans["cohort"] == cohort)
        people, names = (scans[key].to_numpy()[rows] for key in ("participant_id", "diagnosis"))
        learn, stop = split_inner(people, names, settings.inner_fraction, settings.seed)
        teachers = Scans(volumes, labels, rows[learn], rows[stop])
        optimizer = adam(model, settings)
        decay = running_mean(settings.averaging)
        averaged = AveragedModel(model, multi_avg_fn=decay, use_buffers=True)
        best = np.inf
        for epoch in range(n_epochs):
            start = time.perf_counter()
            train_epoch(
                fabric,
                model,
                teachers,
                averaged=averaged,
                optimizer=optimizer,
                training=settings,
                rng=np.random.default_rng([settings.seed, epoch]),
            )
            seconds += time.perf_counter() - start
            loss = validation_loss(averaged.module, teachers, 8)
            sys.stderr.write(f"{type(model).__name__} {cohort} epoch {epoch}: {loss:.3f}\n")
            if loss < best:
                best, weights = (
                    loss,
                    {k: v.clone() for k, v in averaged.module.state_dict().items()},
                )
        model.load_state_dict(weights)
    return model.eval(), seconds


def main():
    """Train both and print the AUC of each on the blind test, and their difference."""
    study = read_study("data_manifest/paper.yaml")
    scans = pd.read_csv(study.results / "scans.tsv", sep="\t")
    labels = scans["diagnosis"].map(study.diagnoses.index).to_numpy()
    blind = (
        scans[scans["cohort"] == "blind_test"].drop_duplicates("participant_id").index.to_numpy()
    )
    batch = {"batch_size": 8}  # what MONAI's network has memory for
    torch.manual_seed(0)
    resnet = monai.networks.nets.resnet18(
        spatial_dims=3, n_input_channels=1, num_classes=len(study.diagnoses)
    )
    cases = {
        "default recipe": (build(len(study.diagnoses), study.network), 4.0, {}),
        "MONAI resnet18, 2 mm": (resnet, 2.0, batch),
    }
    print("Digital phantom, no patients.")
    proba = {}
    for name, (model, grid_mm, change) in cases.items():
        volumes = np.load(study.volumes(grid_mm), mmap_mode="r")
        seen = volumes[(slice(None), *field_of_view(grid_mm, study.network.field_mm))]
        settings = replace(study.training, **change)
        model, seconds = learned(model, seen, labels, scans, settings)
        proba[name] = predict(model, seen, blind)
        print(f"{name}: {seconds:.0f} s of training steps")
    for k in sorted(set(labels[blind])):
        positive = labels[blind] == k
        ours, theirs = (p[:, k] for p in proba.values())
        aucs = [delong_interval(positive, score)[0] for score in (ours, theirs)]
        difference = delong_difference(positive, ours, theirs)
        print(
            f"{study.diagnoses[k]}: AUC {aucs[0]:.3f} (default) and {aucs[1]:.3f} (MONAI), "
            "difference {:+.3f} ({:+.3f} to {:+.3f})".format(*difference)
        )


if __name__ == "__main__":
    main()

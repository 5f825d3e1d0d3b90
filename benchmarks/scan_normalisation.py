"""Cost of bringing a native scan to MNI space, and of judging where it lies; a minute on one core.

    python benchmarks/scan_normalisation.py

How good it is, is measured by `normalisation.py`.
"""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from datnet_images.atlas import read_atlas
from datnet_images.normalise import normalisation
from datnet_images.quality import read_gauge, scan_quality
from datnet_images.target import read_target
from datnet_images.transforms import to_mni
from datnet_phantom.cohort import Cohort
from datnet_phantom.native import Export, random_pose, read_head, render_native
from datnet_phantom.numbers import read_calibration
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_study.study import read_study

N_SCANS = 6


def normalisation_rows():
    """Seconds a scan on one core; see `performance`."""
    study = read_study("data_manifest/paper.yaml")
    images, atlas = study.images, read_atlas(study.atlas_path)
    numbers = read_calibration(study.calibration_path)
    head = read_head(atlas, numbers)
    matched, finished = (
        read_target(atlas, float(np.hypot(images.scan_fwhm_mm, fwhm)))
        for fwhm in (images.scan_fwhm_mm, images.filter_fwhm_mm)
    )
    gauge = read_gauge(finished, atlas, images.reference_region)
    people, truth = draw_participants(Cohort({"definite": {"IPD": N_SCANS}}), numbers, "NC")
    everyone = people.join(truth[list(BINDING_COLUMNS)]).to_dict("records")
    seconds = {"made": 0.0, "normalised": 0.0, "judged": 0.0}
    with threadpool_limits(1):
        for k, person in enumerate(everyone):
            pose, rng = random_pose(np.random.default_rng(k)), np.random.default_rng(k)
            given = (person, person["age"], head, numbers, pose, Export())
            clock = time.perf_counter()
            img = render_native(*given, rng=rng).img
            for what in seconds:
                if what == "normalised":
                    found = normalisation(img, matched, images.scan_fwhm_mm)
                    grid = (atlas.affine, atlas.labels.shape)
                    mni = to_mni(img, found.transform, *grid, images.filter_fwhm_mm)
                elif what == "judged":
                    scan_quality(mni, gauge, found)
                seconds[what] += time.perf_counter() - clock
                clock = time.perf_counter()
    made = seconds.pop("made")
    for what, total in seconds.items():
        yield f"scan.{what}.s", f"a scan {what}", total / N_SCANS, "s on one core"
        yield f"scan.{what}.times", f"a scan {what}", total / made, "times making a native scan"


if __name__ == "__main__":
    for found in normalisation_rows():
        print("{}: {:.3g} {}".format(*found[1:]))

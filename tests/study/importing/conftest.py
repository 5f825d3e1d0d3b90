"""One phantom scan as an array, with its place and its ratios."""

from typing import NamedTuple

import nibabel as nib
import numpy as np
import pytest
from helpers import TINY

from datnet_images.binding import regional_binding
from datnet_images.grid import study_grid
from datnet_images.volumes import load_volume
from datnet_phantom.people import draw_participants
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import render


class Brain(NamedTuple):
    """Counts up to 32,000, whole numbers; voxel to mm; ratios of an image file; its own ratios."""

    volume: np.ndarray
    affine: np.ndarray
    ratios_of: object
    ratios: np.ndarray


@pytest.fixture(scope="session")
def brain(tmp_path_factory, scene, calibration, atlas):
    """A scan of the first participant."""
    scans, truth = draw_participants(TINY, calibration, "NC")
    scan = scans.join(truth[["severity", *BINDING_COLUMNS]]).to_dict("records")[0]
    counts = render(scan, scan["age"], scene, calibration, np.random.default_rng(5))
    volume = np.round(counts * (32000 / counts.max()))

    def ratios_of(path):
        loaded = load_volume(path, atlas, 4.0, "occipital")[None]
        grid = study_grid(4.0)[0]
        return regional_binding(loaded, atlas, grid, "occipital", ("putamen", "caudate")).to_numpy()

    path = tmp_path_factory.mktemp("brain") / "direct.nii.gz"
    nib.save(nib.Nifti1Image(volume.astype(np.float32), atlas.affine), path)
    return Brain(volume, atlas.affine, ratios_of, ratios_of(path))

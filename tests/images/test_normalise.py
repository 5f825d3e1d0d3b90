"""A head is found wherever it lies, the same to the byte, whatever its diagnosis.

Where striatum and midbrain do not move a map, their counts have a small part in its start: in the
percentile at which bright counts are cut, and in the mean of the brain that the noise is counted
in. What of that is left after the fit was 0.1 mm; a twentieth of what the map misses by anyway is
allowed.
"""

import nibabel as nib
import numpy as np
import pytest
from nibabel.eulerangles import euler2mat
from scipy import ndimage

from datnet_images.atlas import region_mask
from datnet_images.normalise import normalisation, zooms_of
from datnet_images.target import read_target
from datnet_images.transforms import itk_affine, scan_positions, to_mni, write_transform
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import expected_image

POSE = nib.affines.from_matvec(1 / 1.08 * euler2mat(0.2, 0.1, -0.25), [12, -20, 9])
POINTS = np.array(
    [[-25.0, 0, 2], [25, 0, 2], [-12, 10, 10], [12, 10, 10], [0, -85, 0], [0, 50, 20]]
)
HARDLY_MM = 0.15


@pytest.fixture(scope="module")
def targets(atlas):
    """Targets by whether the striatum moves maps."""
    return {fit: read_target(atlas, 13.0, 8.0, fit) for fit in (True, False)}


@pytest.fixture(scope="module")
def target(targets):
    return targets[True]


@pytest.fixture(scope="module")
def posed(scene, calibration, atlas):
    """Scans of even binding on 5 mm voxels; MNI position m lies in them at POSE(m).

    In the last, the bright anatomy of other people lies 2 mm in front and 6 mm below the atlas'.
    """

    other = region_mask(atlas, "striatum") | region_mask(atlas, "midbrain")
    other = np.roll(ndimage.gaussian_filter(other.astype(float), 1.4), (1, -3), (1, 2))

    def scan(binding, beside):
        image = expected_image(dict.fromkeys(BINDING_COLUMNS, binding), scene, calibration)
        image = image + beside * other
        coarse = nib.Nifti1Image(image[::2, ::2, ::2], atlas.affine @ np.diag([2.0, 2, 2, 1]))
        grid = np.diag([5.0, 5, 5, 1])
        grid[:3, 3] = -120, -120, -80
        return to_mni(coarse, itk_affine(np.linalg.inv(POSE)), grid, (49, 49, 33), 0)

    return {"healthy": scan(2.5, 0), "ill": scan(0.4, 0), "other anatomy": scan(0.4, 3.0)}


@pytest.fixture(scope="module")
def found(posed, targets):
    """Maps of each scan, by whether the striatum moves them."""
    return {
        fit: {name: normalisation(img, target, 0) for name, img in posed.items()}
        for fit, target in targets.items()
    }


def error_mm(found, header=None):
    true = nib.affines.apply_affine(POSE if header is None else header @ POSE, POINTS)
    return np.linalg.norm(scan_positions(found.transform, POINTS) - true, axis=1)


@pytest.mark.parametrize("fit_striatum", [True, False])
@pytest.mark.parametrize("name", ["healthy", "ill"])
def test_a_turned_head_is_found(found, name, fit_striatum):
    found = found[fit_striatum][name]
    assert error_mm(found).max() < 4
    assert found.agreement > 0.95
    assert found.starts_mm < 2
    np.testing.assert_allclose(zooms_of(found.matrix), 1 / 1.08, rtol=0.08)


@pytest.mark.parametrize(
    ("fit_striatum", "bright", "low_mm", "high_mm"),
    [
        (True, "healthy", HARDLY_MM, 1.5),
        (True, "other anatomy", 5, 9),
        (False, "healthy", 0, HARDLY_MM),
        (False, "other anatomy", 0, HARDLY_MM),
    ],
)
def test_how_far_the_brightness_of_the_striatum_moves_the_map(
    found, fit_striatum, bright, low_mm, high_mm
):
    one, other = (found[fit_striatum][name] for name in ("ill", bright))
    here, there = (scan_positions(map.transform, POINTS) for map in (one, other))
    assert low_mm <= np.linalg.norm(here - there, axis=1).max() < high_mm
    levels = [map.levels["putamen_posterior_left"] for map in (one, other)]
    assert levels[1] > 2 * levels[0]


def test_the_same_scan_gives_the_same_bytes_whatever_its_scale_and_order(
    posed, found, target, tmp_path
):
    write_transform(found[True]["ill"].transform, tmp_path / "first.tfm")
    again = normalisation(posed["ill"], target, 0)
    write_transform(again.transform, tmp_path / "again.tfm")
    assert (tmp_path / "first.tfm").read_bytes() == (tmp_path / "again.tfm").read_bytes()
    img = posed["ill"]
    other = nib.Nifti1Image(7 * img.get_fdata(), img.affine).as_reoriented(
        [[0, -1], [1, -1], [2, 1]]
    )
    place = scan_positions(normalisation(other, target, 0).transform, POINTS)
    np.testing.assert_allclose(place, scan_positions(again.transform, POINTS), atol=0.1)


def test_reversed_slices_are_overcome(posed, target):
    header = np.diag([1.0, 1, -1, 1])
    img = posed["healthy"]
    wrong = nib.Nifti1Image(img.get_fdata(), header @ img.affine)
    found = normalisation(wrong, target, 0)
    assert found.start.endswith("slices reversed")
    assert error_mm(found, header).max() < 4


def test_a_start_by_hand_is_used(posed, target):
    start = nib.affines.from_matvec(np.eye(3), [12, -20, 9])
    found = normalisation(posed["healthy"], target, 0, start)
    assert found.start == "by hand" and found.starts_mm == 0
    assert error_mm(found).max() < 4


def test_a_scan_without_a_head_is_refused(target):
    empty = nib.Nifti1Image(np.zeros((20, 21, 22), np.float32), np.diag([5.0, 5, 5, 1]))
    with pytest.raises(ValueError, match="none of 10 starts finds a head in the scan: give one by"):
        normalisation(empty, target, 0)

"""Region means as a linear function of binding, without noise and with; means of images."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from datnet_images.atlas import region_mask
from datnet_phantom import measure
from datnet_phantom.measure import image_means, measurement, response
from datnet_phantom.regions import BINDING_COLUMNS


@pytest.fixture(scope="module")
def at_scanner(atlas, calibration):
    return response(atlas, calibration, 5.5, "occipital")


def test_a_response_is_linear_and_better_at_a_finer_resolution(atlas, calibration, at_scanner):
    coarse = response(atlas, calibration, 12.0, "occipital")
    assert (np.diag(at_scanner.recovery) > np.diag(coarse.recovery)).all()
    assert (np.diag(at_scanner.recovery) < 1).all()
    whole = response(atlas, calibration, 5.5, "occipital", core=False)
    assert (np.diag(whole.recovery) < np.diag(at_scanner.recovery)).all()
    assert (whole.n_voxels >= 1.9 * at_scanner.n_voxels - 2).all()


def test_another_reference_region_changes_every_ratio(atlas, calibration, at_scanner):
    other = response(atlas, calibration, 5.5, "cerebellum")
    # Of cerebellum there is 0.95 for 1 of occipital cortex: ratios to it are higher.
    higher = np.diag(other.recovery) / np.diag(at_scanner.recovery)
    np.testing.assert_allclose(higher, higher[0], rtol=1e-3)
    assert 1.02 < higher[0] < 1.1
    assert (other.offset > at_scanner.offset).all()


def test_a_measurement_repeats_itself_on_any_number_of_threads(
    coarse_atlas, calibration, monkeypatch
):
    monkeypatch.setattr(measure, "N_REPEATS", 1)
    once, again = (
        measurement(coarse_atlas, calibration, "NC", "occipital", n_scans=11, n_jobs=n)
        for n in (1, 2)
    )
    for first, second in zip(once, again, strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.timeout(240)  # 156 scans at 2 mm
def test_a_region_is_seen_through_its_own_binding_most(atlas, calibration):
    measured = measurement(atlas, calibration, "NC", "occipital", n_scans=24)
    assert (np.diag(measured.recovery) > 0.1).all()
    assert (np.diag(measured.recovery) < 0.7).all()
    # A region sees itself more than its mirror image on the other side.
    for k in range(0, 10, 2):
        assert measured.recovery[k, k] > 3 * abs(measured.recovery[k, k + 1])
    np.testing.assert_allclose(np.diag(measured.recovery)[::2], np.diag(measured.recovery)[1::2],
                               rtol=0.15)  # fmt: skip


def test_means_of_images_are_binding_ratios_of_their_regions(dataset, atlas):
    scans = pd.read_csv(dataset / "scans.tsv", sep="\t")["path"][:3]
    found = image_means([dataset / path for path in scans], atlas, "occipital")
    assert found.shape == (3, 10)
    counts = nib.load(dataset / scans[1]).get_fdata()
    reference = counts[region_mask(atlas, "occipital")].mean()
    expected = counts[region_mask(atlas, "caudate_right")].mean() / reference - 1
    assert found[1, BINDING_COLUMNS.index("caudate_right")] == pytest.approx(expected, rel=1e-5)

import numpy as np
import pytest

from datnet_images import region_mask
from datnet_phantom.alike import box_around, rendered_alike
from datnet_phantom.regions import BINDING_COLUMNS
from datnet_phantom.scanner import chance, render

TYPICAL = dict.fromkeys(BINDING_COLUMNS, 1.5)
RAISED = [TYPICAL | {"putamen_posterior_left": 2.5}, TYPICAL | {"midbrain_right": 0.0}]


def alike(scene, calibration, wanted, bindings, seed=4):
    drawn = chance(75, scene, calibration, np.random.default_rng(seed))
    return list(rendered_alike(bindings, drawn, scene, calibration, wanted))


@pytest.mark.parametrize("seed", [4, 5])
def test_scans_alike_are_those_of_the_whole_chain_to_the_last_bit(scene, atlas, calibration, seed):
    wanted = box_around(region_mask(atlas, "striatum") | region_mask(atlas, "midbrain"))
    images = alike(scene, calibration, wanted, [TYPICAL, *RAISED, TYPICAL], seed)
    for binding, image in zip([TYPICAL, *RAISED, TYPICAL], images, strict=True):
        whole = render(binding, 75, scene, calibration, np.random.default_rng(seed))
        np.testing.assert_array_equal(image[wanted], whole[wanted])


def test_a_box_at_the_border_of_the_grid_is_right_too(scene, calibration):
    wanted = slice(0, 20), slice(50, 109), slice(0, 91)
    image = alike(scene, calibration, wanted, [TYPICAL])[0]
    whole = render(TYPICAL, 75, scene, calibration, np.random.default_rng(4))
    np.testing.assert_array_equal(image[wanted], whole[wanted])


def test_what_no_region_needs_is_not_made(scene, atlas, calibration):
    wanted = box_around(region_mask(atlas, "midbrain"))
    image = alike(scene, calibration, wanted, [TYPICAL])[0]
    assert image[wanted].all()
    image[wanted] = 0
    assert not image.any()

"""The viewer of a report."""

import numpy as np

from datnet_study.reporting.viewer import viewer_of


def test_the_viewer_holds_its_scripts_and_images(coarse_atlas, rng):
    volume = rng.uniform(0, 2, coarse_atlas.labels.shape)
    volume[0] = np.nan
    text = viewer_of(volume, coarse_atlas, ["putamen", "caudate"], 2.0)
    assert "<script" in text and "base64" in text and 'src="http' not in text

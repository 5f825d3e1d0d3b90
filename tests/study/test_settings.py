"""Sections of a study file: what they refuse on their own."""

import pytest

from datnet_study.settings import Training


def test_settings_cannot_be_changed_by_accident(study):
    with pytest.raises(ValueError, match="frozen"):
        study.network.n_filters = 3


def test_every_device_needs_two_scans_of_a_batch():
    with pytest.raises(ValueError, match="batch_size is 6, expected at least 2 for each of 4"):
        Training(batch_size=6, devices=4)

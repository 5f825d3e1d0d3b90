"""Sections of a study file: what they refuse on their own."""

from dataclasses import FrozenInstanceError

import pytest


def test_settings_cannot_be_changed_by_accident(study):
    with pytest.raises(FrozenInstanceError, match="n_filters"):
        study.network.n_filters = 3

"""Work of networks beside the default one, by hand."""

import pytest

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_study.work import work_of


@pytest.mark.parametrize(
    ("work", "times"),
    [
        ((4.0, NetworkSettings(), TrainingSettings()), 1),
        ((2.0, NetworkSettings(), TrainingSettings()), 8),
        ((4.0, NetworkSettings(n_filters=24), TrainingSettings()), 9),
        ((4.0, NetworkSettings(), TrainingSettings(max_steps=2200, batch_size=8)), 1),
        ((4.0, NetworkSettings(), TrainingSettings(max_steps=None)), 1),
        ((4.0, NetworkSettings(field_mm=None), TrainingSettings()), 180 * 216 * 180 / 428_032),
        ((4.0, NetworkSettings(resized_to=(96, 96, 96)), TrainingSettings()), 96**3 / 6688),
    ],
)
def test_work_by_hand(work, times):
    assert work_of(*work) == pytest.approx(times)

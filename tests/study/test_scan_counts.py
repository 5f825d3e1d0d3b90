"""Numbers of scans in a study file: they grow, hold every diagnosis, and fit the study."""

import pytest
import yaml

from datnet_study.cohort_check import check_cohorts
from datnet_study.fits import curve_starts, planned_fits
from datnet_study.study import read_study

PHANTOM = {
    "possible": {"IPD": 2, "MSA": 2},
    "definite": {"IPD": 9, "MSA": 8, "PSP": 7, "NC": 6},
    "confirmed": {"IPD": 2, "MSA": 2},
}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Function that reads a phantom study with some settings."""
    (tmp_path / "data_manifest").mkdir()
    monkeypatch.chdir(tmp_path)

    def read(participants=PHANTOM, **settings):
        made = {"name": "own", "title": "Own", "phantom": {"participants": participants}}
        (tmp_path / "own.yaml").write_text(yaml.safe_dump(made | settings))
        return read_study("own.yaml")

    return read


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"learning_curve": {"sizes": [50, 25]}},
            r"sizes: found \[50, 25\], expected each larger",
        ),
        ({"learning_curve": {"sizes": [25, 25]}}, r"expected each larger"),
        ({"learning_curve": {"sizes": []}}, r"learning_curve\.sizes: "),
        ({"learning_curve": {"sizes": [3, 9]}}, r"begins with 3, expected at least one .* of 4"),
        ({"learning_curve": {"repeats": 0}}, r"learning_curve\.repeats: .*found 0"),
        ({"learning_curve": {"draws": 2}}, r"learning_curve\.draws: unknown key"),
        ({"ceiling": {"scans": [900, 450]}}, r"ceiling\.scans: found .* expected each larger"),
        ({"ceiling": {"gain": 0}}, r"ceiling\.gain: .*greater than 0, found 0"),
        ({"ceiling": {"judged": 3}}, r"ceiling\.judged: .*found 3"),
        ({"phantom": None, "dataset": "scans", "ceiling": {}}, "ceiling is for a phantom"),
    ],
)
def test_a_wrong_number_is_an_error_that_names_its_key(study, settings, message):
    with pytest.raises(ValueError, match=message):
        study(**settings)


def test_a_curve_of_more_people_than_there_are_is_refused_before_any_job(study):
    check_cohorts(study(learning_curve={"sizes": [8, 29]}, training={"n_folds": 2}))
    for sizes in ([8, 30], [8, 99]):  # 30 of certainty definite
        message = "expected less than the 30 participants of certainty 'definite'"
        with pytest.raises(ValueError, match=message):
            check_cohorts(study(learning_curve={"sizes": sizes}, training={"n_folds": 2}))


def test_without_the_keys_there_is_no_curve_and_no_ceiling(study):
    plain = study()
    assert (plain.learning_curve, plain.ceiling) == (None, None)
    assert not [fit for fit in planned_fits(plain) if "curve" in fit.folder]


def test_a_curve_has_a_network_for_each_size_draw_and_start(study):
    made = study(learning_curve={"sizes": [8, 16], "repeats": 2}, network={"n_members": 3})
    fits = [fit for fit in planned_fits(made) if "curve" in fit.folder]
    assert [(fit.folder, fit.start) for fit in fits] == [
        (
            f"models/curve/{start}/first-{size}/member-{draw}",
            f"models/pretrain/member-{draw}" if start == "pretrained" else None,
        )
        for size in (8, 16, "all")
        for draw in range(2)
        for start in ("scratch", "pretrained")
    ]
    assert {(fit.kind, fit.recipe) for fit in fits} == {("variants", "study")}


def test_draws_share_the_pre_trained_networks_where_there_are_fewer(study):
    made = study(learning_curve={"sizes": [8], "repeats": 3}, network={"n_members": 2})
    starts = [fit.start for fit in planned_fits(made) if fit.variant == "pretrained"]
    assert starts == [f"models/pretrain/member-{j}" for j in (0, 1, 0)] * 2


def test_without_pre_training_or_blind_test_a_curve_has_less(study):
    curve = {"learning_curve": {"sizes": [8]}}
    assert curve_starts(study(PHANTOM | {"possible": {}}, **curve)) == ("scratch",)
    assert curve_starts(study(PHANTOM | {"confirmed": {}}, **curve)) == ()
    assert curve_starts(study(**curve)) == ("scratch", "pretrained")

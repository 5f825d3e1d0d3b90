"""Rows of the transfer to another site: no label of the judged scans reaches one."""

from dataclasses import replace

import numpy as np
import pytest

from datnet_core.settings import NetworkSettings, TrainingSettings
from datnet_study.sites.transfer import (
    ADVERSARIAL,
    DEGRADED,
    LABELLED,
    ROWS,
    SOURCE,
    STILL,
    SiteRecipe,
    TwoSites,
    judged_by,
    judged_side_by_side,
)

CLASSES = ("IPD", "MSA", "PSP")
RECIPE = SiteRecipe(
    voxel_mm=8.0,
    field=(slice(1, 9), slice(0, 9), slice(2, 11)),
    network=NetworkSettings(n_filters=2, n_levels=2),
    training=TrainingSettings(batch_size=4, max_epochs=2, averaging=0.5, accelerator="cpu"),
    weight=0.5,
    steps=4,
)


@pytest.fixture
def scans(rng):
    """Eight people to learn from, two held out, six to look at and five to judge."""
    volumes = rng.normal(1, 0.3, (21, 10, 9, 11)).astype(np.float32)
    volumes[10:] *= 1.3
    rows = np.split(np.arange(21), [8, 10, 16])
    return TwoSites(volumes, np.arange(21) % 3, *rows)


def relabelled(scans, rows):
    """The same with the labels of some rows turned round."""
    labels = scans.labels.copy()
    labels[rows] = (labels[rows] + 1) % 3
    return scans._replace(labels=labels)


def same(first, second):
    return (first.proba == second.proba).all() and (first.site_right == second.site_right).all()


@pytest.mark.parametrize("row", ROWS)
def test_labels_of_judged_people_change_nothing_to_the_byte(scans, row, tmp_path):
    plain = judged_by(row, scans, CLASSES, RECIPE, tmp_path / "a")
    other = judged_by(row, relabelled(scans, scans.judged), CLASSES, RECIPE, tmp_path / "b")
    assert plain.proba.shape == (5, 3) and plain.site_right.shape == (7,)
    assert same(plain, other)


@pytest.mark.parametrize("row", ROWS)
def test_labels_of_people_looked_at_reach_the_row_that_has_labels_and_no_other(
    scans, row, tmp_path
):
    plain = judged_by(row, scans, CLASSES, RECIPE, tmp_path / "a")
    other = judged_by(row, relabelled(scans, scans.target), CLASSES, RECIPE, tmp_path / "b")
    assert same(plain, other) == (row != LABELLED)


def test_unlabelled_scans_reach_the_two_rows_that_look_at_them(scans, tmp_path):
    brighter = scans.volumes.copy()
    brighter[scans.target] += 0.5
    other = scans._replace(volumes=brighter)
    for row in (SOURCE, DEGRADED, STILL, ADVERSARIAL):
        proba = [
            judged_by(row, s, CLASSES, RECIPE, tmp_path / f"{row}-{k}").proba
            for k, s in enumerate((scans, other))
        ]
        assert np.array_equal(*proba) == (row in (SOURCE, DEGRADED)), row


def test_every_row_is_another_network(scans, tmp_path):
    found = [judged_by(r, scans, CLASSES, RECIPE, tmp_path / r).proba.tobytes() for r in ROWS]
    assert len(set(found)) == len(ROWS)


def test_weight_and_length_are_those_of_the_rows_against_the_site_alone(scans, tmp_path):
    other = RECIPE._replace(weight=2.0, steps=2)
    for row in ROWS:
        proba = [
            judged_by(row, scans, CLASSES, recipe, tmp_path / f"{row}-{recipe.steps}").proba
            for recipe in (RECIPE, other)
        ]
        assert np.array_equal(*proba) == (row not in (ADVERSARIAL, STILL)), row


@pytest.mark.parametrize("row", [SOURCE, STILL])
@pytest.mark.parametrize("other", [{"devices": 2}, {"precision": "bf16-mixed"}], ids=str)
def test_every_network_trains_as_the_adversarial_one_on_one_cpu_in_float32(
    scans, row, other, tmp_path
):
    elsewhere = RECIPE._replace(training=replace(RECIPE.training, **other))
    found = [
        judged_by(row, scans, CLASSES, recipe, tmp_path / f"{k}")
        for k, recipe in enumerate((RECIPE, elsewhere))
    ]
    assert same(*found)


def test_side_by_side_is_as_one_by_one(scans, tmp_path):
    asked = {("equal", row): (row, scans) for row in (SOURCE, STILL, DEGRADED)}
    found = judged_side_by_side(asked, CLASSES, RECIPE, tmp_path / "both", n_jobs=1)
    assert list(found) == list(asked)
    for (_, row), judgement in found.items():
        assert same(judgement, judged_by(row, scans, CLASSES, RECIPE, tmp_path / row))


def test_a_person_on_two_sides_is_refused(scans, tmp_path):
    with pytest.raises(ValueError, match="two sets of rows"):
        judged_by(SOURCE, scans._replace(judged=scans.target), CLASSES, RECIPE, tmp_path)


def test_an_unknown_row_is_refused(scans, tmp_path):
    with pytest.raises(ValueError, match="no row 'guess'; expected one of source only"):
        judged_by("guess", scans, CLASSES, RECIPE, tmp_path)

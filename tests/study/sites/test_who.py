"""Who teaches and who is judged."""

import numpy as np
import pandas as pd
import pytest

from datnet_study.sites.who import AGAIN, HOME, OWN, groups_judged, home_of, setting_of

CLASSES = ("IPD", "MSA")


@pytest.fixture
def scans():
    """A home site a, whose people of the blind test were seen at b too, and people of b alone."""
    rows = []

    def add(cohort, site, ids):
        for k, name in enumerate(ids):
            rows.append((name, cohort, site, CLASSES[k % 2]))

    add("pretraining", "a", ["p1", "p2"])
    add("training", "a", ["t1", "t2", "t3", "t4"])
    add("blind_test", "a", ["h1", "h2"])
    add("blind_test", "a", ["h1"])  # a follow-up
    add("blind_test", "b", ["h1", "h2", "o1", "o2"])
    add("training", "b", ["d1", "d2", "t1"])
    return pd.DataFrame(rows, columns=["participant_id", "cohort", "site", "diagnosis"])


def test_nobody_who_teaches_is_judged_anywhere(scans):
    setting = setting_of(scans, CLASSES, "a")
    person = setting.person
    assert set(person[setting.learn]) == {"t1", "t2", "t3", "t4"}
    assert set(person[setting.pretrain]) == {"p1", "p2"}
    assert not set(person[setting.judged]) & {"t1", "t2", "t3", "t4", "p1", "p2"}
    assert list(person[setting.lends]) == ["o1", "o2", "d1", "d2"]
    assert len(setting.judged) == 8  # no follow-up


def test_groups_are_the_home_site_the_same_people_and_the_sites_own(scans):
    setting = setting_of(scans, CLASSES, "a")
    groups = groups_judged(setting)
    people = {key: set(setting.person[setting.judged[rows]]) for key, rows in groups.items()}
    assert people == {
        ("a", HOME): {"h1", "h2"},
        ("b", AGAIN): {"h1", "h2"},
        ("b", OWN): {"o1", "o2", "d1", "d2"},
    }


def test_a_group_of_one_diagnosis_is_left_out(scans):
    alike = scans.assign(diagnosis=np.where(scans["site"] == "b", "IPD", scans["diagnosis"]))
    assert set(groups_judged(setting_of(alike, CLASSES, "a"))) == {("a", HOME)}


def test_home_is_where_most_learn_and_has_to_teach(scans):
    assert home_of(scans) == "a"
    with pytest.raises(ValueError, match=r"nobody of site 'c'.*of a, b"):
        setting_of(scans, CLASSES, "c")

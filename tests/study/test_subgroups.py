"""Performance in parts of a cohort, with intervals where there are enough people."""

import numpy as np
import pandas as pd
import pytest

from datnet_core.metrics.pairs import pairwise_auc
from datnet_core.metrics.rates import share_interval
from datnet_study.subgroups import ENOUGH, subgroup_table, subgroups_of

NAMES = ("IPD", "MSA", "PSP")


@pytest.fixture
def people(rng):
    n = 60
    table = pd.DataFrame({"diagnosis": np.array(NAMES)[np.arange(n) % 3]})
    table["sex"] = np.where(np.arange(n) < 45, "F", "M")
    table["age"] = np.arange(n) + 30.0
    table["symptom_duration_years"] = np.where(np.arange(n) % 2, 2.0, 2.1)
    proba = rng.dirichlet(np.ones(3), n)
    return table.assign(**dict(zip([f"p_{name}" for name in NAMES], proba.T, strict=True)))


def test_parts_by_sex_thirds_of_age_and_duration_hold_everybody_once(people):
    parts = subgroups_of(people)
    by = pd.Series({name: rows.sum() for name, rows in parts.items()})
    assert by.groupby(level=0).sum().eq(60).all()
    # ages 30 to 89: thirds end at 49.67 and 69.33, rounded 50 and 69
    assert by["age"].to_dict() == {"up to 50 y": 21, "over 50 to 69 y": 19, "over 69 y": 20}
    assert by["duration of symptoms"].to_dict() == {"up to 2 y": 30, "over 2 y": 30}
    assert by["sex"].to_dict() == {"F": 45, "M": 15}


def test_who_has_no_value_is_a_part_and_what_nobody_has_divides_nobody(people):
    people.loc[:9, "age"] = np.nan
    people = people.assign(sex=None, site=["north"] * 59 + [None])
    parts = subgroups_of(people.drop(columns="symptom_duration_years"))
    assert {what for what, _ in parts} == {"age", "site"}
    assert parts["age", "not known"].sum() == 10
    assert parts["site", "north"].sum() == 59
    assert subgroups_of(pd.DataFrame({"age": [60.0, 60, 61]})) == {}


def test_numbers_are_those_of_the_part_and_few_people_have_none(people):
    right = np.arange(60) % 4 > 0
    parts = subgroups_of(people)
    table = subgroup_table(people, right, parts, NAMES, ("IPD", "MSA")).set_index(["by", "part"])
    women = parts["sex", "F"]
    found = table.loc[("sex", "F")]
    share = ["accuracy", "accuracy_low", "accuracy_high"]
    assert found[share].tolist() == list(share_interval(right[women]))
    two = people[women & people["diagnosis"].isin(["IPD", "MSA"]).to_numpy()]
    proba = two[[f"p_{name}" for name in NAMES]].to_numpy()
    auc = pairwise_auc(two["diagnosis"].to_numpy(), proba, NAMES, "IPD", "MSA")
    assert found[["auc", "auc_low", "auc_high"]].tolist() == list(auc)
    assert found["pair_people"] == 30
    men = table.loc[("sex", "M")]
    assert men["people"] == 15 < ENOUGH and men[[*share, "auc"]].isna().all()
    thirds = table.loc["age"]
    assert thirds["auc"].isna().all() and thirds["accuracy"].notna().sum() == 2


def test_without_two_diagnoses_or_without_anybody_there_is_no_auc(people):
    parts = subgroups_of(people)
    one = people.assign(diagnosis="IPD")
    for table in (
        subgroup_table(one, np.ones(60), parts, NAMES, ("IPD", "MSA")),
        subgroup_table(people, np.ones(60), parts, NAMES),
    ):
        assert table["auc"].isna().all() and (table["accuracy"].dropna() == 1).all()
    assert list(subgroup_table(people[:0], [], {}, NAMES).columns)[:3] == ["by", "part", "people"]

"""Who teaches, is looked at and is judged: nobody twice, whatever the order of the table."""

import numpy as np
import pandas as pd
import pytest

from datnet_study.sites.site_roles import ROLES, site_roles
from datnet_study.sites.site_shares import EQUAL, UNEQUAL, drawn_with_shares, shares_of


@pytest.fixture
def table():
    """Two hospitals; three people of the first are imaged at both, one person twice at home."""
    rows = [(f"h{k}", "home", "training", "IPD" if k % 2 else "MSA") for k in range(8)]
    rows += [(f"b{k}", "home", "blind_test", "IPD") for k in range(3)]
    rows += [("h0", "home", "training", "MSA")]
    rows += [(f"b{k}", "far", "blind_test", "IPD") for k in range(3)]
    rows += [(f"f{k}", "far", "blind_test", ("IPD", "MSA", "PSP")[k % 3]) for k in range(15)]
    rows += [("alone", "far", "blind_test", "NC")]
    return pd.DataFrame(rows, columns=["participant_id", "site", "cohort", "diagnosis"])


def test_everybody_has_one_role_and_people_of_two_sites_are_not_judged(table):
    home, roles = site_roles(table, "far", seed=1)
    assert home == "home" and set(roles) == {*ROLES, ""}
    own = table.assign(role=roles)[roles != ""]
    assert own["participant_id"].is_unique
    assert set(own.loc[own["role"] == "source", "cohort"]) == {"training"}
    others = own[own["role"].isin(["target", "judged"])]
    assert others["participant_id"].str.startswith("f").all()  # nobody imaged at home, no lone one
    assert others.groupby("diagnosis")["role"].nunique().eq(2).all()


def test_people_of_uncertain_diagnosis_have_no_role(table):
    unsure = pd.DataFrame({"participant_id": [f"u{k}" for k in range(6)], "site": "far"})
    unsure = unsure.assign(cohort="pretraining", diagnosis=["IPD", "MSA"] * 3)
    more = pd.concat([table, unsure], ignore_index=True)
    _, roles = site_roles(more, "far", seed=1)
    assert roles[: len(table)].tolist() == site_roles(table, "far", seed=1)[1].tolist()
    assert not roles[len(table) :].astype(bool).any()
    only = more[(more["site"] == "home") | (more["cohort"] == "pretraining")]
    assert site_roles(only.reset_index(drop=True), "far", seed=1)[0] == ""


def test_halves_do_not_depend_on_the_order_of_the_table(table):
    def by_person(rows):
        shuffled = table.iloc[rows].reset_index(drop=True)
        _, roles = site_roles(shuffled, "far", seed=1)
        there = shuffled["site"] == "far"
        return dict(zip(shuffled.loc[there, "participant_id"], roles[there], strict=True))

    order = np.random.default_rng(0).permutation(len(table))
    assert by_person(np.arange(len(table))) == by_person(order)
    _, other = site_roles(table, "far", seed=2)
    assert (other != site_roles(table, "far", seed=1)[1]).any()


@pytest.mark.parametrize("change", ["no column", "no such site", "one diagnosis"])
def test_without_another_site_nobody_has_a_role(table, change):
    if change == "no column":
        table = table.drop(columns="site")
    if change == "one diagnosis":
        table.loc[table["site"] == "far", "diagnosis"] = "IPD"
    home, roles = site_roles(table, "moon" if change == "no such site" else "far", seed=0)
    assert home == "" and not roles.astype(bool).any()


def test_shares_are_what_was_asked_for_and_as_large_as_they_can_be():
    diagnosis = np.repeat(["IPD", "MSA", "PSP"], [70, 20, 30])
    rows = np.arange(120)
    equal = drawn_with_shares(diagnosis, rows, shares_of(EQUAL, ("IPD", "MSA", "PSP")), seed=0)
    assert np.unique(diagnosis[equal], return_counts=True)[1].tolist() == [20, 20, 20]
    unequal = drawn_with_shares(diagnosis, rows, shares_of(UNEQUAL, ("IPD", "MSA", "PSP")), seed=0)
    # 70 / 0.7 = 100 people: 70 of the first, 15 of each other
    assert np.unique(diagnosis[unequal], return_counts=True)[1].tolist() == [70, 15, 15]
    few = drawn_with_shares(diagnosis, rows, shares_of(EQUAL, ("IPD", "MSA", "PSP")), 0, most=9)
    assert len(few) == 9 and set(few) <= set(equal)  # the first of the same draw


def test_a_diagnosis_without_anybody_is_named():
    with pytest.raises(ValueError, match="nobody has the diagnosis PSP"):
        drawn_with_shares(np.array(["IPD"]), np.arange(1), {"IPD": 0.5, "PSP": 0.5}, seed=0)

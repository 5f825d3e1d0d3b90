"""Parts of people: nobody is in two."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from datnet_study.sites.parts import balanced_rows, part_of_people


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30), st.integers(2, 5))
def test_all_scans_of_a_person_are_in_one_part_and_parts_are_even(people, n_parts):
    part = part_of_people(people, n_parts)
    of = {person: set(part[np.array(people) == person].tolist()) for person in people}
    assert all(len(parts) == 1 for parts in of.values())
    sizes = np.bincount([parts.pop() for parts in of.values()], minlength=n_parts)
    assert np.ptp(sizes) <= 1


def test_another_order_of_the_table_changes_no_part():
    people = np.array(list("dbca"))
    part = part_of_people(people, 2)
    np.testing.assert_array_equal(part_of_people(people[::-1], 2), part[::-1])


def test_every_site_teaches_equally_often_and_everybody_teaches():
    rows, site = np.arange(9), np.array(["a"] * 6 + ["b"] * 3)
    balanced = balanced_rows(rows, site)
    assert set(balanced) == set(rows)
    assert np.bincount(balanced).tolist() == [1] * 6 + [2] * 3

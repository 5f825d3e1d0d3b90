"""Who is kept for the blind test: drawn once, within each diagnosis, and never moved."""

import pytest
from helpers import scan_table
from hypothesis import given, settings
from hypothesis import strategies as st

from datnet_study.columns import translated
from datnet_study.scans import keep_draw
from datnet_study.split import drawn, read_draw, write_draw


def people(**sizes):
    return {f"sub-{name}{k}": name for name, n in sizes.items() for k in range(n)}


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 30), m=st.integers(1, 30), share=st.floats(0, 0.9), seed=st.integers(0, 9))
def test_each_diagnosis_has_its_share_but_for_less_than_one(n, m, share, seed):
    group = people(PD=n, MSA=m)
    sides = drawn(group, share, seed)
    assert sides.keys() == group.keys()
    for name, size in (("PD", n), ("MSA", m)):
        assert abs(sum(sides[who] for who, of in group.items() if of == name) - share * size) < 1


@settings(max_examples=40, deadline=None)
@given(changes=st.lists(st.integers(-5, 9), max_size=8), seed=st.integers(0, 9))
def test_nobody_changes_side_whoever_comes_or_goes(changes, seed):
    here, known, next_id = {}, {}, 0
    for change in changes:
        for _ in range(change):
            here[f"sub-{next_id}"] = ("PD", "MSA")[next_id % 2]
            next_id += 1
        for name in list(here)[:-change] if change < 0 else []:
            del here[name]
        sides = drawn(here, 0.3, seed, known)
        assert {name: sides[name] for name in sides if name in known} == {
            name: known[name] for name in sides if name in known
        }
        known |= sides


def test_participants_added_one_by_one_come_near_the_share_without_a_pattern():
    sides, here = {}, {}
    for k in range(100):
        here[f"sub-{k}"] = "PD"
        sides = drawn(here, 0.3, 1, sides)
    order = [sides[name] for name in here]
    assert abs(sum(order) - 30) < 1
    blind = [k for k, x in enumerate(order) if x]
    assert len({b - a for a, b in zip(blind, blind[1:], strict=False)}) > 2


def test_a_seed_fixes_the_draw_and_another_changes_it():
    group = people(PD=40)
    assert drawn(group, 0.5, 1) == drawn(dict(reversed(group.items())), 0.5, 1)
    assert drawn(group, 0.5, 1) != drawn(group, 0.5, 2)


# --- the file beside the study file -----------------------------------------------------------


def test_a_draw_is_kept_with_those_who_are_gone(tmp_path):
    path = tmp_path / "mine.split.tsv"
    assert read_draw(path, 0.5) == {}
    write_draw(path, {"sub-1": True, "sub-2": False}, 0.5)
    write_draw(path, {"sub-3": True}, 0.5)
    assert path.read_text().splitlines()[:2] == [
        "participant_id\tside\tshare",
        "sub-1\tblind_test\t0.5",
    ]
    assert read_draw(path, 0.5) == {"sub-1": True, "sub-2": False, "sub-3": True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sub-1\tblind_test\t0.4", "split is 0.5, but .* was drawn with 0.4; write `split: 0.4`"),
        ("sub-1\tblind\t0.5", "line 2: found 'sub-1 blind 0.5', expected participant, blind_test"),
        ("sub-1\ttraining\t0.5\nsub-1\tblind_test\t0.5", "line 3: .* each participant once"),
        ("sub-1", "line 2: found 'sub-1', expected"),
        ("sub-1\ttraining\tx", "was drawn with x; write"),
    ],
)
def test_a_file_that_is_no_draw_of_this_share_is_refused(tmp_path, text, message):
    (tmp_path / "a.split.tsv").write_text(f"participant_id\tside\tshare\n{text}\n")
    with pytest.raises(ValueError, match=message):
        read_draw(tmp_path / "a.split.tsv", 0.5)


def test_a_draw_that_another_program_has_saved_is_the_same(tmp_path):
    path = tmp_path / "a.split.tsv"
    write_draw(path, {"sub-1": True, "sub-2": False}, 0.5)
    before = read_draw(path, 0.5)
    text = path.read_text().replace("\n", "\r\n") + "\r\n"
    path.write_text(text, encoding="utf-8-sig", newline="")
    assert read_draw(path, 0.5) == before


@pytest.fixture
def table(tmp_path):
    def write(*rows, header="participant_id\tsession_id\tdiagnosis\tcertainty", share=0.5):
        text = "\n".join([header, *("\t".join(row) for row in rows)])
        (tmp_path / "scans.tsv").write_text(text + "\n")
        return scan_table(tmp_path, split=share, split_path=tmp_path / "a.split.tsv")

    return write


def test_a_study_without_certainties_draws_its_blind_test_and_keeps_it(table):
    rows = [(f"sub-{k}", str(s), "PD") for k in range(8) for s in (1, 2)]
    header = "participant_id\tsession_id\tdiagnosis"
    first = translated(table(*rows, header=header))
    found = {(row["participant_id"], row["certainty"]) for row in first.rows}
    assert len(found) == 8  # both sessions of a person are on one side
    assert sum(certainty == "confirmed" for _, certainty in found) == 4
    keep_draw(table(*rows, header=header))
    more = translated(table(("sub-0x", "1", "PD"), *rows[2:], header=header))
    assert {name: more.sides[name] for name in more.sides if name in first.sides} == {
        name: side for name, side in first.sides.items() if name != "sub-0"
    }
    again = translated(table(*rows, header=header))
    assert again.rows == first.rows


def test_possible_diagnoses_are_not_drawn(table):
    rows = [(f"sub-{k}", "1", "PD", "possible" if k < 3 else "definite") for k in range(7)]
    found = translated(table(*rows))
    assert [row["certainty"] for row in found.rows].count("possible") == 3
    assert sum(found.sides.values()) == 2 and len(found.sides) == 4


def test_a_blind_test_that_is_stated_twice_is_refused(table):
    (problem,) = translated(table(("1", "1", "PD", "confirmed"))).problems
    assert problem.startswith("row 2 (sub-1/ses-1): certainty = 'confirmed', and split draws the")


def test_who_was_kept_for_the_blind_test_cannot_teach_later(table, tmp_path):
    write_draw(tmp_path / "a.split.tsv", {"sub-1": True, "sub-2": False}, 0.5)
    rows = [("1", "1", "PD", "possible"), ("2", "1", "PD", "possible")]
    (problem,) = translated(table(*rows)).problems
    assert problem.startswith("row 2 (sub-1/ses-1): certainty = 'possible', but kept for the blind")

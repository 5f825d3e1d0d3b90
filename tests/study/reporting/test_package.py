"""A package judges as the study does, says when it is not whole, and holds nothing of a person."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from small_judges import ABOUT, small_judge

from datnet_study.reporting.acceptance import AGE, of_image, said_of, tried, unlike_expected
from datnet_study.reporting.judging import judge_scan
from datnet_study.reporting.of_study import study_judge
from datnet_study.reporting.package import SCHEMA, acceptance, read_package, write_package
from datnet_study.study import read_study


@pytest.fixture(scope="module")
def packed(tmp_path_factory, judge, phantom, found):
    """A package; not to be changed."""
    folder = tmp_path_factory.mktemp("packed") / "package"
    write_package(judge, folder, phantom, said_of(found))
    return folder


@pytest.fixture
def package(packed, tmp_path):
    """A copy of it."""
    return shutil.copytree(packed, tmp_path / "package")


def test_a_package_judges_exactly_as_what_it_was_made_of(packed, judge, phantom, found):
    other = read_package(packed)
    assert other.facts == judge.facts and len(other.content) == 64
    said = judge_scan(of_image(phantom), other, age=AGE, space="mni")
    np.testing.assert_allclose(said.proba, found.proba, atol=1e-6)
    np.testing.assert_array_equal(said.left, found.left)
    np.testing.assert_allclose(said.map, found.map, rtol=1e-4)
    assert (said.referred, said.z, said.measures) == (found.referred, found.z, found.measures)


def test_the_made_up_scan_says_here_what_it_said_there(packed):
    path, expected = acceptance(packed)
    import nibabel as nib

    assert unlike_expected(tried(read_package(packed), nib.load(path)), expected) == []


def test_the_same_judge_makes_the_same_bytes(package, judge, phantom, found, tmp_path):
    again = write_package(judge, tmp_path / "again", phantom, said_of(found))
    assert again == read_package(package).content
    assert write_package(judge, package, phantom, said_of(found)) == again  # over the old one
    assert sorted(p.name for p in package.parent.iterdir()) == ["again", "package"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda at: (at / "networks/fold-1.safetensors").unlink(), "fold-1.safetensors is missing"),
        (lambda at: (at / "networks/more.txt").write_text(""), "more.txt does not belong to it"),
        (lambda at: (at / "card.md").write_text("better"), "card.md was changed"),
    ],
)
def test_a_package_that_is_not_whole_says_which_file(package, change, said):
    change(package)
    with pytest.raises(ValueError, match=f"not the package that was made: .*{said}"):
        read_package(package)


def edited(folder, **changes):
    """Change `package.json` and its line in the list, as another version would have written it."""
    from datnet_study.reporting.package import _sums

    path = folder / "package.json"
    record = json.loads(path.read_text())
    record["facts"] |= changes.pop("facts", {})
    path.write_text(json.dumps(record | changes))
    (folder / "SHA256SUMS").write_text(_sums(folder))


def test_a_package_of_another_version_says_so(package):
    edited(package, schema=SCHEMA + 1)
    with pytest.raises(ValueError, match=f"version {SCHEMA + 1}, expected {SCHEMA}; use the"):
        read_package(package)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"colour": "blue"}, "colour: not as this project writes it"),
        ({"atlas": "0" * 64}, "another atlas"),
        ({"diagnoses": ["PD", "ET"]}, "not the network"),
    ],
)
def test_facts_that_do_not_fit_are_named(package, facts, said):
    edited(package, facts=facts)
    with pytest.raises(ValueError, match=said):
        read_package(package)


def test_other_folders_are_no_package_and_are_not_written_over(tmp_path, judge, phantom, found):
    with pytest.raises(FileNotFoundError, match="no package; expected a folder with"):
        read_package(tmp_path)
    (tmp_path / "mine").mkdir()
    with pytest.raises(ValueError, match="is there and is no package"):
        write_package(judge, tmp_path / "mine", phantom, said_of(found))


def test_nothing_of_a_participant_is_in_a_package(project, phantom, coarse_atlas, tmp_path):
    study = read_study("mine.yaml")
    table = pd.read_csv("results/mine/scans.tsv", sep="\t")
    judge = study_judge(study)
    write_package(judge, tmp_path / "package", phantom, {"proba": []})
    volumes = np.load(study.volumes(8.0))
    out_of_fold = pd.read_csv("results/mine/predictions/cross_validation.tsv", sep="\t")
    for path in (p for p in (tmp_path / "package").rglob("*") if p.is_file()):
        content = path.read_bytes()
        for word in [*table["participant_id"], *table["path"], str(project), "sub-", "ses-"]:
            assert word.encode() not in content, f"{word} in {path.name}"
        for volume in volumes:  # sixteen voxels in a row stand nowhere, in neither precision
            part = volume[10, 12, :8]
            assert part.tobytes() not in content and part.astype(float).tobytes() not in content
    text = (tmp_path / "package/package.json").read_text()
    numbers = {n for n in re.findall(r"\d+\.\d{4,}", text) if not re.fullmatch(r"0\.0+\d{,3}", n)}
    assert numbers == set()  # nothing is known to more than three decimals, or three digits
    for row in out_of_fold[["p_IPD", "p_MSA", "p_NC"]].round(3).to_numpy():
        assert json.dumps(row.tolist()) not in text
    labels = json.dumps(table["diagnosis"].tolist())
    assert labels not in text and labels[1:60] not in text


def test_titles_are_text(coarse_atlas, judge):
    assert judge.facts.title == ABOUT["title"]
    assert small_judge(coarse_atlas, tracer="FP-CIT").facts.tracer == "FP-CIT"

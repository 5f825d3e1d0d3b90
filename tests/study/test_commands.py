"""`report` and `package` on the command line: what they refuse, say and leave, and how they end."""

import shutil

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from small_judges import finished_study

from datnet_study import run
from datnet_study.reporting.acceptance import made_up_scan


@pytest.fixture(scope="module")
def finished(tmp_path_factory, atlas, coarse_atlas, calibration):
    """A project with a finished study and its package; not to be changed."""
    phantom = made_up_scan(coarse_atlas, calibration, "occipital")
    folder = finished_study(tmp_path_factory.mktemp("finished"), atlas, phantom)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run.main(["package", "mine.yaml", "--tracer", "CFT"])
    return folder


@pytest.fixture
def project(finished, tmp_path, monkeypatch):
    folder = shutil.copytree(finished, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["report", "scan.nii"], "one of the arguments --study --package is required"),
        (["report", "--study", "a", "--package", "b", "c"], "not allowed with argument"),
        (["report", "--study", "a", "b", "--age", "old"], "invalid float value: 'old'"),
        (["report", "--study", "a", "b", "--space", "moon"], "invalid choice: 'moon'"),
        (["package"], "the following arguments are required: study"),
    ],
)
def test_wrong_usage_ends_with_2(capsys, arguments, problem):
    with pytest.raises(SystemExit) as ended:
        run.main(arguments)
    assert ended.value.code == 2 and problem in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--study", "mine.yaml"], "no scan; expected"),
        (["--study", "mine.yaml", "none.nii"], "no such file or folder"),
        (["--study", "mine.yaml", "own", "--age", "60"], "2 scans, and AGE is of one"),
        (["--study", "mine.yaml", "own", "--window", "later"], "later"),
        (["--package", "own", "own/sub-0002.nii.gz"], "own: no package"),
    ],
)
def test_an_error_is_one_message_and_ends_with_1(project, arguments, problem):
    shutil.copy("own/sub-0002.nii.gz", "own/copy.nii.gz")
    with pytest.raises(SystemExit, match=problem):
        run.main(["report", *arguments])


def test_a_package_is_tried_on_its_own_scan(project, capsys):
    run.main(["report", "--package", "results/mine/package"])
    said = capsys.readouterr().out
    assert "says of its made-up scan what it said where it was made" in said
    assert (project / "results/reports/mine/phantom.html").is_file()


def test_a_package_that_says_something_else_is_refused(project):
    from datnet_study.reporting.package import EXPECTED, SUMS, _sums

    package = project / "results/mine/package"
    text = (package / EXPECTED).read_text().replace('"score"', '"score": 9, "was"')
    (package / EXPECTED).write_text(text)
    (package / SUMS).write_text(_sums(package))
    with pytest.raises(SystemExit, match="does not say here what it said.*score: differs"):
        run.main(["report", "--package", str(package)])


def test_a_folder_gives_a_table_and_ends_with_3_where_a_scan_has_no_probabilities(project):
    air = np.zeros((20, 20, 20), np.float32)
    air[0, 0, :9] = np.arange(9)
    nib.save(nib.Nifti1Image(air, np.diag([4.0, 4, 4, 1])), "own/air.nii.gz")
    options = ["--out", "reports", "--space", "mni", "--tracer", "PE2I"]
    with pytest.raises(SystemExit) as ended:
        run.main(["report", "--package", "results/mine/package", "own", *options])
    assert ended.value.code == 3
    table = pd.read_csv("reports/reports.tsv", sep="\t").set_index("scan")
    assert table["judged"].to_dict() == {"air.nii.gz": "no", "sub-0002.nii.gz": "yes"}
    assert "learned from CFT" in (project / "reports/sub-0002.html").read_text()


def test_a_scan_of_the_study_is_judged_by_who_never_saw_it(project, capsys):
    run.main(["report", "--study", "mine.yaml", "own/sub-0002.nii.gz", "--space", "mni"])
    said = capsys.readouterr().out
    assert "(recognised as a scan of the study): " in said and "1 of 1 scan(s) judged" in said
    written = (project / "results/reports/mine/sub-0002.html").read_text()
    assert "which never saw the participant" in written
